# SPDX-License-Identifier: Apache-2.0
"""The alert page of a substance with a spectrum in a real browser: light, dark and narrow; the plot is live."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import attach_file
from officers.models import Officer
from tests.pages.desk_world import DeskWorld

SPECTRA = Path(__file__).parents[2] / "substances" / "data" / "spectra-dev.msp"
pytestmark = pytest.mark.slow


def test_structure_verdict_and_plot_on_one_page(
    page: Page,
    desk: DeskWorld,
    sign_in: Callable[[Officer], None],
    live_server: LiveServer,
    shoot: Callable[..., None],
) -> None:
    record = next(r for r in SPECTRA.read_text(encoding="utf-8").split("\n\n") if "fentanyl" in r.lower())
    smiles = re.search(r"^SMILES: (.*)$", record, re.MULTILINE)
    name = re.search(r"^Name: (.*)$", record, re.MULTILINE | re.IGNORECASE)
    assert smiles is not None and name is not None
    line = {
        "technique": "ms",
        "method": "LC-HRMS (Orbitrap)",
        "reference": "certified",
        "conclusion": "identified",
    }
    draft = desk.draft(
        structure=smiles[1],
        preferred_name=name[1],
        identity_state="confirmed",
        evidence=[{**line, "file": "peaks.msp"}],
    )
    attach_file(desk.ilka, draft, base=1, filename="peaks.msp", data=record.encode(), now=desk.tick())
    draft.refresh_from_db()
    desk.send(draft)
    received = desk.received(desk.aroha)
    sign_in(desk.aroha)
    page.goto(f"{live_server.url}/inbox/{received.pk}/")
    page.get_by_role("button", name="On duty").click()
    expect(page.locator("#happened svg.mol")).to_be_visible()
    expect(page.locator("#verification")).to_contain_text("Replayed, same")
    page.get_by_text("Mass spectrum: peaks.msp").click()
    expect(page.locator("#evidence svg").last).to_be_visible()
    expect(page.get_by_role("button", name="Zoom in")).to_be_visible()
    page.get_by_role("button", name="Zoom in").click()
    expect(page.get_by_role("button", name="Show all")).to_be_enabled()
    shoot("chemistry-received", f"/inbox/{received.pk}/")
