# SPDX-License-Identifier: Apache-2.0
"""Height of an alert page: all that a person needs within two screens of a laptop, and four of a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

import demo
from alerts.drafting.drafts import attach_file
from alerts.models import Alert
from demo.alerts import SPECTRUM_FILE, STORY
from officers.models import Officer
from tests.browser.looking import faults_of
from tests.browser.pictures import keep_pictures
from tests.pages.desk_world import DeskWorld, Stage

SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow
DEVICES: Final[dict[str, dict[str, Any]]] = {
    "laptop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
AT_MOST: Final = {"laptop": 1900, "phone": 3200}
"""Pixels of the whole page."""
SPECTRUM: Final = Path(demo.__file__).parent / "data" / SPECTRUM_FILE
HARMED: Final[dict[str, Any]] = {
    "harm_evidence": "suspected",
    "severity": "severe",
    "cases_non_fatal": 3,
    "cases_fatal": 0,
    "naloxone": "yes",
    "certainty": "likely",
    "assessment_kind": "assessment",
    "lane": "public_health",
    "purpose": "public_health",
}


def send_nitazene(desk: DeskWorld) -> Alert:
    """Send the demonstration's nitazene with its structure, its evidence and what else an author may state."""
    people = {"recipients": ["xb-health", "xd-reg"]}
    draft = desk.draft(**{**STORY, **HARMED, **people})
    attach_file(
        desk.ilka, draft, base=1, filename=SPECTRUM_FILE, data=SPECTRUM.read_bytes(), now=desk.tick()
    )
    draft.refresh_from_db()
    return desk.send(draft)


@pytest.fixture
def nitazene(desk: DeskWorld) -> Alert:
    return send_nitazene(desk)


def heights(page: Page, name: str) -> dict[str, int]:
    """Measure the open page on a laptop and on a phone that is touched; keep pictures where the run keeps them."""
    found = {}
    for what, options in DEVICES.items():
        context = page.context.browser.new_context(storage_state=page.context.storage_state(), **options)
        there = context.new_page()
        there.goto(page.url)
        there.wait_for_load_state("networkidle")
        found[what] = there.evaluate("document.documentElement.scrollHeight")
        keep_pictures(there, f"{name}-{what}")
        context.close()
    return found


def open_on_duty(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("On duty").check()
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("#happened svg.mol")).to_be_visible()


def test_received(
    desk: DeskWorld, nitazene: Alert, sign_in: SignIn, page: Page, live_server: LiveServer
) -> None:
    sign_in(desk.aroha)
    open_on_duty(page, f"{live_server.url}/inbox/{desk.received(desk.aroha).pk}/")
    found = heights(page, "height-received")
    print(found)
    assert all(found[size] <= most for size, most in AT_MOST.items()), found


def test_sent(
    desk: DeskWorld, nitazene: Alert, sign_in: SignIn, page: Page, live_server: LiveServer
) -> None:
    sign_in(desk.benno)
    page.goto(f"{live_server.url}/outbox/{nitazene.pk}/")
    found = heights(page, "height-sent")
    print(found)
    assert all(found[size] <= most for size, most in AT_MOST.items()), found
