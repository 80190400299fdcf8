# SPDX-License-Identifier: Apache-2.0
"""An arriving alert is shown without loading the page; whatever an officer is busy with stays in place."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import ReceivedAlert
from officers.models import Officer
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow
LOOKED_AT_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
"""Returning to a page asks for arrivals at once, as the clock does every two seconds."""
ON_THE_SCREEN = "(row) => Math.round(row.getBoundingClientRect().top)"


def open_inbox(page: Page, live_server: LiveServer) -> None:
    """Open the inbox and wait until its script has asked for the first time."""
    with page.expect_response("**/arrivals/"):
        page.goto(f"{live_server.url}/inbox/")
    page.evaluate("window.notLoadedAgain = true")


def test_what_arrives_is_shown_and_told_without_loading_the_page(
    page: Page, desk: DeskWorld, sign_in: Callable[[Officer], None], live_server: LiveServer
) -> None:
    sign_in(desk.aroha)
    an_empty_start_page_fills_and_empties_without_a_press(page, desk, live_server)
    ReceivedAlert.objects.update(acknowledged_at=None, first_opened_at=None)
    the_inbox_shows_what_arrives_and_leaves_tick_focus_and_place(page, desk, live_server)
    the_browser_is_asked_on_a_click_and_then_tells_what_arrives(page, desk, live_server)


def an_empty_start_page_fills_and_empties_without_a_press(
    page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    with page.expect_response("**/arrivals/"):
        page.goto(live_server.url)
    page.evaluate("window.notLoadedAgain = true")
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    desk.send(desk.draft(title="The first"))
    waiting = page.get_by_role("region", name="Waiting for you")
    expect(waiting.get_by_role("link", name="The first")).to_be_visible()
    ReceivedAlert.objects.update(acknowledged_at=desk.hub.now, first_opened_at=desk.hub.now)
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    assert page.evaluate("window.notLoadedAgain")


def the_inbox_shows_what_arrives_and_leaves_tick_focus_and_place(
    page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    page.set_viewport_size({"width": 1280, "height": 400})
    open_inbox(page, live_server)
    count = page.locator("#n-inbox")
    expect(count).to_contain_text("1 to acknowledge")
    first = page.locator("tr", has_text="The first")
    first.get_by_role("checkbox").check()
    first.get_by_role("link").focus()
    place = first.evaluate(ON_THE_SCREEN)
    # More urgent, so that it stands above.
    desk.send(desk.draft(title="The second", pri="flash"))
    expect(page.get_by_role("link", name="The second")).to_be_visible()
    expect(page.locator("[data-arrivals-said]")).to_have_text("New here: 1")
    expect(count).to_contain_text("2 to acknowledge")
    expect(page.locator("tbody tr").first).to_contain_text("The second")
    expect(first.get_by_role("checkbox")).to_be_checked()
    expect(first.get_by_role("link")).to_be_focused()
    expect(page.locator("[data-pick-count]")).to_have_text("selected: 1")
    assert page.evaluate("window.notLoadedAgain"), "rows are replaced, the page stays"
    assert place == first.evaluate(ON_THE_SCREEN) or page.evaluate("scrollY") == 0


def test_what_one_reads_stays_where_it_is_when_a_row_comes_in_above(
    page: Page, desk: DeskWorld, sign_in: Callable[[Officer], None], live_server: LiveServer
) -> None:
    for title in ("The first", "The other"):
        desk.send(desk.draft(title=title))
    sign_in(desk.aroha)
    page.set_viewport_size({"width": 1280, "height": 320})
    open_inbox(page, live_server)
    other = page.locator("tr", has_text="The other")
    page.evaluate("document.querySelectorAll('tbody tr')[1].scrollIntoView()")
    place = other.evaluate(ON_THE_SCREEN)
    desk.send(desk.draft(title="The urgent one", pri="flash"))
    page.evaluate(LOOKED_AT_AGAIN)
    expect(page.locator("tbody tr")).to_have_count(3)
    assert abs(other.evaluate(ON_THE_SCREEN) - place) <= 1


BROWSER: str = """
window.Notification = class {
  constructor(title, { body }) { document.documentElement.dataset.told = `${title}: ${body}`; }
  static permission = "%s";
  static async requestPermission() { window.asked = true; return Notification.permission = "granted"; }
};
"""
"""A stand-in for the browser's notices outside the page; it records what it is told."""


def the_browser_is_asked_on_a_click_and_then_tells_what_arrives(
    page: Page, desk: DeskWorld, live_server: LiveServer
) -> None:
    page.add_init_script(BROWSER % "default")
    page.goto(f"{live_server.url}/account/")
    assert not page.evaluate("window.asked")
    page.get_by_role("button", name="Show notices").click()
    expect(page.get_by_role("button", name="Show no more notices")).to_be_visible()
    page.add_init_script(BROWSER % "granted")
    desk.send(desk.draft(pri="urgent"))
    page.goto(f"{live_server.url}/account/")
    words = re.compile(
        r"\[Accord\] URGENT \w{4}-\w{4}: Acknowledge an alert to [^.]+ within 24 hours\. Speed: URGENT\."
    )
    expect(page.locator("html")).to_have_attribute("data-told", words)
