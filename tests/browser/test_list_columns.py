# SPDX-License-Identifier: Apache-2.0
"""Titles in lists stay readable beside times with a long zone name."""

from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.receiving.opening import open_alert
from officers.models import Officer
from peers.models import Agency
from tests.bound_rows import rewrite
from tests.browser.looking import look_at
from tests.entries import change_entry
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow
TITLE_EMS: Final = "(th) => th.getBoundingClientRect().width / parseFloat(getComputedStyle(th).fontSize)"
STICKING_OUT: Final = """(cells) => cells.flatMap((cell) => cell.scrollWidth > cell.clientWidth + 1 ? [cell.textContent] : [])"""


def test_names_titles_and_numbers_keep_their_room_beside_long_times(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None]
) -> None:
    change_entry("xa-lab", timezone="Australia/Adelaide")
    sign_in(desk.benno)
    a_title_keeps_its_room_and_a_time_may_stand_above_its_zone(page, live_server, desk)
    agencies_keep_their_room_in_the_table_of_recipients(page, live_server, desk)
    a_telephone_number_of_the_directory_stays_on_one_line(page, live_server)


def a_title_keeps_its_room_and_a_time_may_stand_above_its_zone(
    page: Page, live_server: LiveServer, desk: DeskWorld
) -> None:
    desk.send(
        desk.draft(desk.aroha, title="Counterfeit tablet with protonitazene", pri="flash"), desk.haitham
    )
    desk.send(desk.draft(pri="flash"))
    for box in ("inbox", "outbox"):
        page.goto(f"{live_server.url}/{box}/")
        assert page.locator("main time", has_text="UTC+10:30").count() or "UTC+9:30" in page.content()
        for width in (1280, 1024, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.locator("tbody th").first.evaluate(TITLE_EMS) >= 15.9
            look_at(page, f"{box}-{width}")


def agencies_keep_their_room_in_the_table_of_recipients(
    page: Page, live_server: LiveServer, desk: DeskWorld
) -> None:
    received = desk.received(desk.aroha)
    open_alert(desk.aroha, received, reason="on_duty", now=desk.tick())
    page.goto(f"{live_server.url}/outbox/")
    page.locator("tbody a.row-link").click()
    name = page.locator(".receipts tbody th").first
    expect(page.locator(".receipts time", has_text="UTC+")).not_to_have_count(0)
    for width in (1440, 1280, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert name.evaluate(TITLE_EMS) >= 13.9
        look_at(page, f"recipients-{width}")
        assert not page.locator(".receipts td").evaluate_all(STICKING_OUT)


def a_telephone_number_of_the_directory_stays_on_one_line(page: Page, live_server: LiveServer) -> None:
    rewrite(Agency.objects.filter(pk="xb-health"), duty_phone="+44 (0)20 7946-0018")
    page.goto(f"{live_server.url}/directory/")
    for width in (1440, 1280, 1024):
        page.set_viewport_size({"width": width, "height": 900})
        heights = page.locator(".tel bdi").evaluate_all(
            "(all) => all.map((bdi) => bdi.getBoundingClientRect().height)"
        )
        assert len(heights) == 2 and max(heights) < 30, (width, heights)
        look_at(page, f"directory-{width}")
