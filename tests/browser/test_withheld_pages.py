# SPDX-License-Identifier: Apache-2.0
"""Withheld alerts in a browser: chosen by one officer, sent by another with the progress on the page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from tests.pages.desk_world import DeskWorld
from tests.pages.test_withheld_pages import AT, hold_two_back, open_again

Shoot = Callable[..., None]
SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow


def test_they_are_chosen_and_sent(
    shoot: Shoot, sign_in: SignIn, desk: DeskWorld, page: Page, live_server: LiveServer
) -> None:
    hold_two_back(desk)
    sign_in(desk.benno)
    shoot("withheld-suspended", AT)
    open_again(desk)
    sign_in(desk.ilka)
    shoot("withheld", "/withheld/")
    shoot("withheld-lane", AT)
    page.goto(live_server.url + AT)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Choose to send").click()
    expect(page.get_by_text("2 alerts are chosen.")).to_be_visible()
    sign_in(desk.benno)
    shoot("withheld-chosen", AT)
    shoot("withheld-send", f"{AT}send/")
    page.goto(f"{live_server.url}{AT}send/")
    page.get_by_role("button", name="Send 2 alerts").click()
    expect(page.get_by_text("2 of 2 sent")).to_be_visible()
    desk.catch_up()
    expect(page.get_by_text("2 of them logged")).to_be_visible()
    shoot("withheld-sent", AT)
    sign_in(desk.aroha)
    shoot("inbox-after-suspension", "/inbox/")
