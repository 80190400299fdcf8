# SPDX-License-Identifier: Apache-2.0
"""An officer finds an old alert by identifier and by word, acknowledges two and saves a view, by keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.errors import NotOpenedError
from alerts.models import ReceivedAlert
from alerts.problems import words_for
from alerts.receiving.opening import open_alert
from officers.models import Officer
from tests.browser.conftest import Tell
from tests.browser.keyboard import Hands
from tests.browser.looking import look_at
from tests.browser.pictures import keep_picture
from tests.pages.desk_world import DeskWorld
from tests.pages.test_lists import received_copies

SignIn = Callable[[Officer], None]
Shoot = Callable[..., None]
pytestmark = pytest.mark.slow
CHINESE = "蓝色药片两份"


@pytest.fixture
def old(desk: DeskWorld, sign_in: SignIn) -> ReceivedAlert:
    """An alert older than sixty others."""
    desk.send(desk.draft(title=CHINESE, exhibit_no="AB-77/12", preferred_name="ميتونيتازين"))
    row = desk.received(desk.haitham)
    received_copies(row, 60)
    sign_in(desk.haitham)
    return row


def test_an_old_alert_is_found_and_a_long_list_is_worked_by_keys(
    page: Page, live_server: LiveServer, desk: DeskWorld, old: ReceivedAlert, shoot: Shoot, tell: Tell
) -> None:
    an_old_alert_is_found_by_identifier_and_by_word(page, live_server, old, shoot, tell)
    rows_are_selected_and_acknowledged_by_keys(page, live_server, desk, shoot)
    single_keys_can_be_turned_off(page, live_server)
    filters_are_chips_views_are_kept_and_pages_turn(page, live_server, shoot)


def an_old_alert_is_found_by_identifier_and_by_word(
    page: Page, live_server: LiveServer, old: ReceivedAlert, shoot: Shoot, tell: Tell
) -> None:
    hands, question = Hands(page), page.get_by_label("Identifier or words")
    page.goto(live_server.url)
    hands.press("s")
    expect(question).to_be_focused()
    hands.type("ab-77/12")
    hands.press("Enter")
    expect(page.get_by_text("Found by the exact identifier.")).to_be_visible()
    look_at(page, "job-find-by-identifier")
    hands.open_first_row()
    expect(page.get_by_role("heading", name=CHINESE)).to_be_visible()
    assert page.url.endswith(f"/inbox/{old.pk}/")

    hands.go_back()
    expect(page.get_by_text("Found by the exact identifier.")).to_be_visible()
    hands.press("/")
    expect(question).to_be_focused()
    hands.type("药片 ميتون")
    hands.press("Enter")
    expect(page.get_by_text("1 hit.", exact=True)).to_be_visible()
    address = page.url.removeprefix(live_server.url)
    hands.open_first_row()
    expect(page.get_by_role("heading", name=CHINESE)).to_be_visible()
    look_at(page, "job-find-found")
    tell("an old alert found by an identifier and by a word", hands.tally)
    assert hands.keys < 14
    shoot("search-hits", address)
    shoot("search", "/search/")


def rows_are_selected_and_acknowledged_by_keys(
    page: Page, live_server: LiveServer, desk: DeskWorld, shoot: Shoot
) -> None:
    sent = desk.send(desk.draft(title="Blue tablets"))
    newest = ReceivedAlert.objects.get(agency=desk.health, md=sent.md)
    ReceivedAlert.objects.filter(pk=newest.pk).update(number=5000, ack_by=desk.hub.now)
    open_alert(desk.haitham, newest, reason="on_duty", now=desk.tick())
    page.goto(f"{live_server.url}/inbox/")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    keep_picture(page, "keys-light", full_page=False)
    page.keyboard.press("Escape")
    for key in ("j", "x", "j", "x", "k"):
        page.keyboard.press(key)
    expect(page.get_by_text("selected: 2")).to_be_visible()
    keep_picture(page, "inbox-selected-light", full_page=False)
    button = page.get_by_role("button", name="Acknowledge selected…")
    button.focus()
    button.press("Enter")
    expect(page.get_by_role("heading", name="Acknowledge 1 alert?")).to_be_visible()
    expect(page.get_by_text(words_for(NotOpenedError()))).to_be_visible()
    shoot("acknowledge-many", page.url.removeprefix(live_server.url))
    page.get_by_role("radio", name="On duty").press("Space")
    page.get_by_role("button", name="Acknowledge 1 alert").press("Enter")
    expect(page.get_by_role("heading", name="1 alert acknowledged")).to_be_visible()
    newest.refresh_from_db()
    assert newest.acknowledged_by == desk.haitham


def filters_are_chips_views_are_kept_and_pages_turn(
    page: Page, live_server: LiveServer, shoot: Shoot
) -> None:
    page.goto(f"{live_server.url}/inbox/")
    page.keyboard.press("n")
    expect(page.get_by_role("link", name="Newer")).to_be_visible()
    page.keyboard.press("p")
    expect(page.get_by_role("link", name="Newer")).to_have_count(0)
    page.get_by_label("Speed", exact=True).select_option("urgent")
    chips = page.get_by_role("group", name="Filters that are set")
    expect(chips.get_by_role("link", name="Speed: Urgent clear this filter")).to_be_visible()
    page.get_by_label("Unread").check()
    expect(chips.get_by_role("link", name="Unread clear this filter")).to_be_visible()
    page.get_by_text("Keep as a view…").press("Enter")
    page.get_by_label("Name", exact=True).fill("Urgent unread")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_text("The view is kept.")).to_be_visible()
    expect(page.get_by_role("link", name="Urgent unread")).to_have_attribute("aria-current", "true")
    shoot("inbox-view", page.url.removeprefix(live_server.url))
    page.goto(f"{live_server.url}/views/")
    page.get_by_role("button", name="Open the list with it").press("Enter")
    expect(page.get_by_text("The list opens with this view.")).to_be_visible()
    shoot("views", "/views/")
    page.goto(f"{live_server.url}/inbox/")
    assert "unread=yes" in page.url and "pri=urgent" in page.url
    chips.get_by_role("link", name="Unread clear this filter").press("Enter")
    expect(chips.get_by_role("link", name="Unread clear this filter")).to_have_count(0)
    chips.get_by_role("link", name="Clear filters").press("Enter")
    expect(chips).to_have_count(0)


def single_keys_can_be_turned_off(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/inbox/")
    page.keyboard.press("?")
    page.get_by_label("Use single keys").uncheck()
    page.reload()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("?")
    page.get_by_label("Use single keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("[data-rows] .row-link").first).to_be_focused()
