# SPDX-License-Identifier: Apache-2.0
"""The legal status of a substance over time, asked for by keyboard; the answer fits every width."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from science.rows.structures import StoredStructure
from tests.browser.looking import keeps_within_its_width
from tests.law.lawful import METONITAZENE, LawDesk
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow


def test_standings_over_time_by_keyboard(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: Callable[[Officer], None]
) -> None:
    law = LawDesk(desk)
    law.send(METONITAZENE)
    law.judge()
    row = StoredStructure.objects.get(agency_id="xb-health")
    sign_in(desk.casimir)
    page.goto(f"{live_server.url}/science/timeline/{row.pk}/")
    page.get_by_label("On duty").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Standing by jurisdiction")).to_be_visible()
    expect(page.get_by_text("Meets the definition of a class").first).to_be_visible()
    keeps_within_its_width(page, "law-timeline")
