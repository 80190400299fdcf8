# SPDX-License-Identifier: Apache-2.0
"""A structure in a draft in a real browser: drawn while it is pasted, identifiers filled, nothing in the address."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import create_draft, read_draft
from alerts.models import Alert
from devtool.processes import wait_until
from officers.models import Officer
from tests.browser.looking import keeps_within_its_width
from tests.pages.desk_world import DeskWorld

SignIn = Callable[[Officer], None]
SMILES = "CCN(CC)CCN1C2=CC=CC=C2N=C1CC1=CC=C(OC)C=C1"
KEY = "SFNKTTXBZXVGOH-UHFFFAOYSA-N"
MOL = """
  test

  3  2  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0  0  0  0  0
    1.5000    0.0000    0.0000 C   0  0  0  0  0  0
    2.2000    1.2000    0.0000 O   0  0  0  0  0  0
  1  2  1  0
  2  3  1  0
M  END
"""
pytestmark = pytest.mark.slow


def test_a_structure_pasted_or_in_a_file_is_drawn_at_once_and_fills_its_identifiers(
    page: Page, desk: DeskWorld, sign_in: SignIn, live_server: LiveServer, tmp_path: Path
) -> None:
    draft = create_draft(desk.ilka, alert_type="new_substance", now=desk.tick())
    addresses: list[str] = []

    def note(request: Request) -> None:
        addresses.append(request.url)

    page.on("request", note)
    sign_in(desk.ilka)
    page.goto(f"{live_server.url}/drafts/{draft.pk}/9/")
    page.get_by_label("Structure", exact=False).first.fill(SMILES)
    expect(page.locator("[data-structure-shown] svg.mol")).to_be_visible()
    expect(page.locator("[data-structure-shown]")).to_contain_text("337.2154 Da")
    expect(page.locator("#id_inchikey")).to_have_value(KEY)
    expect(page.locator("#id_formula")).to_have_value("C21H27N3O")

    page.locator("#id_structure").fill("CCO")
    expect(page.locator("#id_formula")).to_have_value("C2H6O")
    page.locator("#id_structure").fill("C1CC(")
    expect(page.locator("[data-structure-shown] .problem")).to_be_visible()
    page.locator("#id_structure").fill(SMILES)
    expect(page.locator("#id_inchikey")).to_have_value(KEY)

    def is_saved() -> bool:
        return read_draft(desk.ilka, Alert.objects.get()).data.get("inchikey") == KEY

    wait_until(is_saved, "the draft", timeout_seconds=90)
    assert (
        read_draft(desk.ilka, Alert.objects.get()).data["structure"]
        == "CCN(CC)CCn1c(Cc2ccc(OC)cc2)nc2ccccc21"
    )
    assert all("CCN" not in address and "SFNK" not in address for address in addresses)
    keeps_within_its_width(page, "structure-intake")
    file = tmp_path / "found.mol"
    file.write_text(MOL)
    page.locator("#id_structure-file").set_input_files(file)
    expect(page.locator("#id_structure")).to_have_value("CCO")
    expect(page.locator("#id_formula")).to_have_value("C2H6O")
