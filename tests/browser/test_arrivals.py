# SPDX-License-Identifier: Apache-2.0
"""An arriving alert is shown without loading the page; whatever an officer is busy with stays in place."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow
LOOKED_AT_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
"""Returning to a page asks for arrivals at once, as the clock does every fifteen seconds."""


def test_the_inbox_shows_what_arrives_and_leaves_what_is_ticked(
    page: Page, desk: DeskWorld, sign_in: Callable[[Officer], None], live_server: LiveServer
) -> None:
    desk.send(desk.draft(title="The first"))
    sign_in(desk.aroha)
    with page.expect_response("**/arrivals/"):
        page.goto(f"{live_server.url}/inbox/")
    page.evaluate("window.notLoadedAgain = true")
    desk.send(desk.draft(title="The second"))
    page.evaluate(LOOKED_AT_AGAIN)
    expect(page.get_by_role("link", name="The second")).to_be_visible()
    page.locator(".pick input").last.check()
    desk.send(desk.draft(title="The third"))
    page.evaluate(LOOKED_AT_AGAIN)
    expect(page.get_by_text("Something new has arrived.")).to_be_visible()
    expect(page.locator(".pick input").last).to_be_checked()
    assert page.evaluate("window.notLoadedAgain"), "rows are replaced, the page stays"
    page.get_by_role("link", name="Show it").click()
    expect(page.get_by_role("link", name="The third")).to_be_visible()


BROWSER: str = """
window.Notification = class {
  constructor(title, { body }) { document.documentElement.dataset.told = `${title}: ${body}`; }
  static permission = "%s";
  static async requestPermission() { window.asked = true; return Notification.permission = "granted"; }
};
"""
"""A stand-in for the browser's notices outside the page; it records what it is told."""


def test_the_browser_is_asked_on_a_click_and_then_tells_what_arrives(
    page: Page, desk: DeskWorld, sign_in: Callable[[Officer], None], live_server: LiveServer
) -> None:
    sign_in(desk.aroha)
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
