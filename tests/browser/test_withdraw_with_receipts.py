# SPDX-License-Identifier: Apache-2.0
"""An alert is withdrawn by keyboard, each recipient confirms, and the sender sees whose confirmation is missing."""

from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from alerts.receiving.opening import open_alert
from officers.models import Officer
from tests.browser.conftest import Picture, Tell
from tests.browser.keyboard import Hands
from tests.browser.test_one_alert import press_on, sign_in_by_form, sign_out
from tests.pages.desk_world import DeskWorld

SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


@pytest.fixture
def alert(desk: DeskWorld) -> Alert:
    """An alert at two agencies, of which one has opened it."""
    sent = desk.send(desk.draft())
    open_alert(desk.aroha, desk.received(desk.aroha), reason="on_duty", now=desk.tick())
    desk.settle()
    return sent


def go_to_the_newest_sent(hands: Hands) -> None:
    hands.use(hands.page.get_by_role("link", name="Outbox"))
    expect(hands.page.get_by_role("heading", name="Outbox")).to_be_visible()
    hands.open_first_row()


def withdraw(hands: Hands, picture: Picture) -> None:
    page = hands.page
    go_to_the_newest_sent(hands)
    hands.use(page.get_by_role("link", name="Withdraw…"))
    expect(page.get_by_text("1 has opened it; that cannot be undone.")).to_be_visible()
    hands.choose(page.get_by_role("radio", name="Contaminated sample or blank"))
    picture(page, "job-withdraw-why")
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


def test_withdraw_confirm_and_remind_by_keyboard(
    page: Page,
    live_server: LiveServer,
    sign_in: SignIn,
    desk: DeskWorld,
    alert: Alert,
    picture: Picture,
    tell: Tell,
) -> None:
    hands = Hands(page)
    sign_in(desk.benno)
    page.goto(live_server.url)
    withdraw(hands, picture)
    desk.catch_up()
    sign_in(desk.aroha)
    confirm(hands, f"{live_server.url}/a/{desk.received(desk.aroha).reference}")
    picture(page, "job-withdraw-confirmed")
    desk.catch_up()

    sign_in(desk.benno)
    page.goto(live_server.url)
    go_to_the_newest_sent(hands)
    remind_of_the_missing(hands)
    thread = page.locator("#thread")
    expect(thread.get_by_text("withdrew it: Contaminated sample or blank")).to_be_visible()
    expect(thread.get_by_text("confirmed that it stopped using it")).to_be_visible()
    picture(page, "job-withdraw-receipts")
    page.set_viewport_size({"width": 360, "height": 740})
    picture(page, "job-withdraw-receipts-narrow")
    tell("withdraw with receipts", hands.tally)
    assert hands.keys < 46


def test_on_paper_each_page_says_what_it_is(
    page: Page, live_server: LiveServer, sign_in: SignIn, desk: DeskWorld, alert: Alert
) -> None:
    sign_in(desk.aroha)
    received = desk.received(desk.aroha)
    page.goto(f"{live_server.url}/inbox/{received.pk}/")
    press_on(page, "radio", "On duty", "Space")
    press_on(page, "button", "Open")
    page.emulate_media(media="print")
    head = page.locator(".sheet-head")
    expect(head).to_be_visible()
    for words in ("TLP:GREEN", received.reference, desk.aroha.full_name, "UTC", "Verified."):
        expect(head).to_contain_text(words)
    assert head.evaluate("e => getComputedStyle(e).display") == "table-header-group", "on each page"
    for unprinted in (".nav", ".side form", ".reading"):
        expect(page.locator(unprinted).first).to_be_hidden()
    expect(page.get_by_text(received.md)).to_be_visible()


@pytest.fixture
def plain_page(browser: Browser) -> Generator[Page]:
    """A browser page without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_the_next_version_and_another_answer_without_javascript(
    plain_page: Page, live_server: LiveServer, desk: DeskWorld, alert: Alert
) -> None:
    page = plain_page
    sign_in_by_form(page, live_server.url, "ilka@xa-lab.example")
    page.goto(f"{live_server.url}/outbox/{alert.pk}/")
    press_on(page, "button", "Write the next version")
    expect(page.get_by_text("This becomes version 2.")).to_be_visible()
    sign_out(page)
    draft = Alert.objects.get(previous=alert)
    desk.hub.now = max(desk.hub.now, draft.created_at)
    desk.send(draft)

    sign_in_by_form(page, live_server.url, "aroha@xb-health.example")
    page.goto(f"{live_server.url}/inbox/")
    page.get_by_role("link", name="Nine collapses").click()
    press_on(page, "radio", "On duty", "Space")
    press_on(page, "button", "Open")
    page.get_by_text("Another answer").click()
    press_on(page, "radio", "We cannot take it: our rules do not let us use it.", "Space")
    press_on(page, "button", "Acknowledge")
    expect(page.get_by_text("We cannot take it: our rules do not let us use it.").first).to_be_visible()
