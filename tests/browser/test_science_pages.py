# SPDX-License-Identifier: Apache-2.0
"""An officer's questions to the science core in a real browser: pasted, answered, shown in both themes and narrow."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from officers.models import Officer
from tests.browser.looking import faults_of
from tests.pages.desk_world import DeskWorld
from tests.pages.science_files import RECORDS, record, renamed

SignIn = Callable[[Officer], None]
pytestmark = pytest.mark.slow
NITAZENE = "CCN(CC)CCn1c(Cc2ccc(OCC)cc2)nc2cc([N+](=O)[O-])ccc12"


def look(page: Page, name: str) -> None:
    assert faults_of(page, f"science-{name}") == []


def test_substances_are_screened_and_compared_and_a_library_is_imported(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(desk.ilka)
    a_pasted_structure_is_screened_and_its_analogues_follow(page, live_server)
    sign_in(desk.benno)
    similar_ones_profiles_and_spectra_are_asked_about(page, live_server)
    a_library_is_imported_after_a_look_at_its_report(page, live_server, tmp_path)


def a_pasted_structure_is_screened_and_its_analogues_follow(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/science/screen/")
    page.get_by_label("Structure", exact=False).first.fill(NITAZENE)
    page.get_by_label("Assigned to me").check()
    page.get_by_role("button", name="Check control", exact=True).click()
    expect(page.get_by_role("heading", name="Control status")).to_be_visible()
    expect(page.get_by_role("cell", name="Listed").first).to_be_visible()
    look(page, "screen")


def similar_ones_profiles_and_spectra_are_asked_about(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/science/similar/")
    page.locator("#id_structure").fill(NITAZENE)
    page.get_by_label("Assigned to me").check()
    page.get_by_role("button", name="Find similar ones").click()
    expect(page.get_by_text("protonitazene").first).to_be_visible()
    look(page, "similar")

    page.goto(f"{live_server.url}/science/spectra/")
    page.locator("#id_text").fill(record("carisoprodol"))
    page.locator("#id_structure").fill("CCCC(C)(COC(=O)N)COC(=O)NC(C)C")
    page.get_by_label("Case number", exact=True).first.check()
    page.locator("#id_reference").fill("XA-2026-118")
    page.get_by_role("button", name="Match", exact=True).click()
    expect(page.get_by_role("heading", name="Hits")).to_be_visible()
    look(page, "match")

    page.goto(f"{live_server.url}/science/profiles/")
    values = ", ".join(f"{0.01 * n:.2f}" for n in range(1, 19))
    page.locator("#id_first").fill(values)
    page.locator("#id_second").fill(values.replace("0.05", "nd").replace("0.09", "0.11"))
    page.get_by_label("Assigned to me").check()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("Not linked")).to_be_visible()
    look(page, "compare")


def a_library_is_imported_after_a_look_at_its_report(
    page: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    file = tmp_path / "library.msp"
    spoiled = "NAME: spoiled\nPRECURSORMZ: 200.1\nNum Peaks: 2\n100.1 5\n150.1 -7"
    file.write_text(
        "\n\n".join([*RECORDS[:6], renamed("carisoprodol", "no licence", precursor="262.0"), spoiled])
    )
    page.goto(f"{live_server.url}/science/library/")
    page.locator("#id_file").set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", name="What stays out")).to_be_visible()
    look(page, "import")
    page.get_by_role("button", name="Import 7 spectra").click()
    expect(page.get_by_text("7 spectra are in the library.")).to_be_visible()
    look(page, "library")
