# SPDX-License-Identifier: Apache-2.0
"""The early-warning board in a real browser: drawn within the CSP, walked by keys, no wider than a phone."""

import random

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.projections.cards import Card
from tests.browser.test_science_pages import SignIn, look
from tests.pages.desk_world import DeskWorld
from tests.science.test_board_pages import add_past

pytestmark = pytest.mark.slow
NAMES = (
    "metonitazene",
    "protonitazene",
    "etonitazepyne",
    "flualprazolam",
    "carfentanil",
    "3-MMC",
    "MDMB-4en-PINACA",
)
COUNTRIES = ("FR", "DE", "US", "AU", "CN", "MX", "NZ", "XA", "NO", "MT")


def a_year_of_alerts(desk: DeskWorld) -> None:
    """Alerts of a year: a quiet past, a rise of nitazenes, a cluster of harm last week."""
    desk.send(desk.draft())
    received, chance = desk.received(desk.casimir), random.Random(5)  # noqa: S311 - a repeatable world
    for days in range(360, 1, -9):
        name, country = chance.choice(NAMES[:5]), chance.choice(COUNTRIES)
        harm: dict[str, str | int] = {
            "harm": chance.choice(["none_yet", "suspected"]),
            "non_fatal": chance.choice([0, 0, 1]),
        }
        card = Card(title="Past", alert_type="seizure", substances=(name,), countries=(country,), facts=harm)
        add_past(received, [days], card)
    for days in range(1, 12):
        add_past(
            received,
            [days],
            Card(title="Now", alert_type="seizure", substances=("metonitazene",), countries=("FR",)),
        )
    facts: dict[str, str | int] = {
        "harm": "confirmed_fatal",
        "non_fatal": 9,
        "fatal": 2,
        "region": "Bretagne",
    }
    add_past(
        received,
        [4],
        Card(
            title="Harm",
            alert_type="harm_cluster",
            substances=("metonitazene",),
            countries=("FR",),
            facts=facts,
        ),
    )
    add_past(
        received,
        [150],
        Card(
            title="New",
            alert_type="new_substance",
            substances=("metodesnitazene",),
            facts={"harm": "none_yet"},
        ),
    )


def test_the_board_is_read_and_left_for_an_alert(
    page: Page, live_server: LiveServer, desk: DeskWorld, sign_in: SignIn
) -> None:
    a_year_of_alerts(desk)
    sign_in(desk.casimir)
    page.goto(f"{live_server.url}/science/board/")
    expect(page.get_by_role("heading", name="Early warning")).to_be_visible()
    expect(page.get_by_role("row", name="France Bretagne")).to_be_visible()
    expect(page.get_by_role("img", name="Where")).to_be_visible()
    look(page, "board")
    page.get_by_role("link", name="365 days").click()
    expect(page.get_by_role("link", name="365 days")).to_have_attribute("aria-current", "true")
    page.get_by_role("region", name="Harm that gathers").get_by_role(
        "link", name="metonitazene"
    ).first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/inbox/" in page.url
