# SPDX-License-Identifier: Apache-2.0
"""Isotopes in the form in a real browser: a further line without saving, wide and at 360 pixels, in both themes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.drafting.drafts import create_draft, read_draft
from alerts.models import Alert
from officers.models import Officer
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow
LINES = (
    ("d13C|VPDB", "-28.4", "0.2"),
    ("d18O|VSMOW", "24.1", "0.3"),
    ("87Sr/86Sr|SRM987", "0.7092", "0.0001"),
)


def test_three_ratios_are_typed_into_a_seizure(
    page: Page,
    desk: DeskWorld,
    sign_in: Callable[[Officer], None],
    live_server: LiveServer,
    shoot: Callable[..., None],
) -> None:
    draft = create_draft(desk.ilka, alert_type="seizure", now=desk.tick())
    sign_in(desk.ilka)
    page.goto(f"{live_server.url}/drafts/{draft.pk}/3/")
    field = page.get_by_role("group", name="Isotopes")
    expect(field).to_contain_text("Region evidence only, never a link between samples.")
    field.get_by_role("button", name="Add a line").click()
    for n, (scale, value, uncertainty) in enumerate(LINES):
        field.get_by_label("Isotope ratio").nth(n).select_option(scale)
        field.get_by_label("Value", exact=True).nth(n).fill(value)
        field.get_by_label("Uncertainty, k = 2").nth(n).fill(uncertainty)
    field.get_by_label("Region", exact=True).fill("Northern Arvenia")
    field.get_by_label("Certainty", exact=True).select_option("probable")
    field.get_by_label("Basis").fill("Map of leaf samples of 2024")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/4/")
    kept = read_draft(desk.ilka, Alert.objects.get(pk=draft.pk)).data["region_evidence"]
    assert [row["value"] for row in kept["ratios"]] == ["-28.4", "24.1", "0.7092"]
    shoot("region-evidence", f"/drafts/{draft.pk}/3/")
