# SPDX-License-Identifier: Apache-2.0
"""The menu in Chromium: the officer's line is always in sight, everything is reached by keyboard, tabs are large enough to touch."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import ReceivedAlert
from officers.models import Officer
from tests.browser.keyboard import Hands
from tests.browser.looking import faults_of, wait_for_looks
from tests.browser.pictures import keep_picture
from tests.pages.desk_world import DeskWorld

TOUCHED = 44


@pytest.mark.slow
def test_the_officers_line_stays_in_every_window_and_the_menu_opens_by_keyboard_without_a_fault(
    live_server: LiveServer, page: Page, sign_in: Callable[[Officer], None], desk: DeskWorld
) -> None:
    desk.send(desk.draft())
    ReceivedAlert.objects.update(ack_by=timezone.now() - timedelta(hours=1))
    sign_in(desk.haitham)
    for path in ("/", "/inbox/", "/officers/", "/science/similar/"):
        page.goto(live_server.url + path)
        for width, height in ((1280, 800), (1440, 900), (900, 600)):
            page.set_viewport_size({"width": width, "height": height})
            line = page.locator(".me > form").bounding_box()
            assert line is not None
            keep_picture(page, f"menu{path.replace('/', '-')}{width}", full_page=False)
            assert height - 60 < line["y"] + line["height"] <= height, f"{path} at {width}"
            expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport()

    page.goto(f"{live_server.url}/officers/duty/")
    page.locator(".me-more > summary").click()
    assert not faults_of(page, "menu-opened")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport()
    keep_picture(page, "menu-phone", full_page=False)

    sign_in(desk.casimir)
    a_folded_group_opens_by_keyboard_and_the_keyboard_help_opens_from_the_officers_line(page, live_server)


def a_folded_group_opens_by_keyboard_and_the_keyboard_help_opens_from_the_officers_line(
    page: Page, live_server: LiveServer
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.emulate_media(color_scheme="light")
    page.goto(live_server.url)
    hands, menu = Hands(page), page.get_by_role("navigation", name="Pages")
    page.reload()
    expect(menu.get_by_role("link", name="People")).to_be_hidden()
    hands.use(menu.locator("summary").last)
    hands.use(menu.get_by_role("link", name="People"))
    strip = page.get_by_role("navigation", name="People", exact=True)
    hands.use(strip.get_by_role("link", name="Duty", exact=True))
    expect(strip.get_by_role("link", name="Duty", exact=True)).to_have_attribute("aria-current", "page")
    wait_for_looks(page)
    for link in strip.get_by_role("link").all():
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= TOUCHED
        assert box["width"] >= TOUCHED
    hands.use(page.locator(".me-more > summary"))
    hands.use(page.locator(".me-more").get_by_role("link", name="Keyboard"))
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    assert hands.tally.clicks == 0
