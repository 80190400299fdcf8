# SPDX-License-Identifier: Apache-2.0
"""An alert is withdrawn by keyboard, each recipient confirms, and the sender sees whose confirmation is missing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from tests.browser.conftest import Tell
from tests.browser.keyboard import Hands, press_on
from tests.browser.looking import keeps_within_its_width, look_at, wait_for_looks
from tests.pages.desk_world import DeskWorld

SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


def go_to_the_newest_sent(hands: Hands) -> None:
    hands.use(hands.page.get_by_role("link", name="Sent", exact=True))
    expect(hands.page.get_by_role("heading", name="Sent", exact=True)).to_be_visible()
    hands.open_first_row()


def withdraw(hands: Hands) -> None:
    page = hands.page
    go_to_the_newest_sent(hands)
    hands.use(page.get_by_role("link", name="Withdraw…"))
    expect(page.get_by_text("1 has opened it; that cannot be undone.")).to_be_visible()
    hands.choose(page.get_by_role("radio", name="Contaminated sample or blank"))
    look_at(page, "job-withdraw-why")
    hands.press("Enter")
    expect(page.get_by_text("Withdrawn. Each agency must confirm.")).to_be_visible()


def confirm(hands: Hands, address: str) -> None:
    page = hands.page
    hands.open_from_mail(address)
    expect(page.get_by_text("It is readable only as a withdrawn alert.")).to_be_visible()
    hands.use(page.get_by_role("button", name="Confirm to the sender that you stopped using it"))
    expect(page.get_by_text("Confirmed. The sender sees it.")).to_be_visible()


def remind_of_the_missing(hands: Hands) -> None:
    page = hands.page
    done = page.get_by_role("row", name="Health Authority, Belmora")
    expect(done.get_by_text("Confirmed", exact=True)).to_be_visible()
    missing = page.get_by_role("row", name="Precursor Office, Dellin")
    expect(missing.get_by_text("Not confirmed", exact=True)).to_be_visible()
    hands.use(page.get_by_role("button", name="Remind 1 agency"))
    expect(page.get_by_text("1 agency is reminded.")).to_be_visible()
    expect(missing.get_by_text("reminded")).to_be_visible()


def open_and_print(page: Page, address: str, words: tuple[str, ...], digest: str) -> None:
    """Open an alert; on paper each page says what it is, and the folded details are unfolded."""
    page.goto(address)
    press_on(page, "button", "On duty")
    page.emulate_media(media="print")
    head = page.locator(".sheet-head")
    expect(head).to_be_visible()
    for word in ("TLP:GREEN", "UTC", "Verified.", *words):
        expect(head).to_contain_text(word)
    wait_for_looks(page)
    assert head.evaluate("e => getComputedStyle(e).display") == "table-header-group", "on each page"
    for unprinted in (".nav", ".side form", ".reading"):
        expect(page.locator(unprinted).first).to_be_hidden()
    expect(page.get_by_text(digest)).to_be_visible()
    page.emulate_media(media="screen")


def test_withdraw_confirm_and_remind_by_keyboard(
    page: Page, live_server: LiveServer, sign_in: SignIn, desk: DeskWorld, tell: Tell
) -> None:
    desk.send(desk.draft())
    received = desk.received(desk.aroha)
    sign_in(desk.aroha)
    words = (received.reference, desk.aroha.full_name)
    open_and_print(page, f"{live_server.url}/inbox/{received.pk}/", words, received.md)
    desk.catch_up()

    hands = Hands(page)
    sign_in(desk.benno)
    page.goto(live_server.url)
    withdraw(hands)
    desk.catch_up()
    sign_in(desk.aroha)
    confirm(hands, f"{live_server.url}/a/{received.reference}")
    look_at(page, "job-withdraw-confirmed")
    desk.catch_up()

    sign_in(desk.benno)
    page.goto(live_server.url)
    go_to_the_newest_sent(hands)
    remind_of_the_missing(hands)
    thread = page.locator("#thread")
    expect(thread.get_by_text("withdrew it: Contaminated sample or blank")).to_be_visible()
    expect(thread.get_by_text("confirmed that it stopped using it")).to_be_visible()
    keeps_within_its_width(page, "job-withdraw-receipts")
    tell("withdraw with receipts", hands.tally)
    assert hands.keys < 46
