# SPDX-License-Identifier: Apache-2.0
"""The page of similar substances: the reference set and the agency's own alerts, nobody else's."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from ledger.models import AuditEvent
from science.law.reevaluating import reevaluate_structures
from science.rows.structures import StoredStructure
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

NITAZENE = "CCN(CC)CCn1c(Cc2ccc(OCC)cc2)nc2cc([N+](=O)[O-])ccc12"
OWN = "CCN(CC)CCn1c(Cc2ccc(OCCF)cc2)nc2cc([N+](=O)[O-])ccc12"

NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def client(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


def asked(client: Client, **fields: str) -> str:
    given = {"structure": NITAZENE, "reason": "assigned"} | fields
    return re.sub(r"\s+", " ", client.post("/science/similar/", given).content.decode())


def test_the_reference_set_is_ranked_and_the_common_scaffold_drawn(client: Client) -> None:
    page = asked(client)
    assert "protonitazene" in page
    assert "<summary>Same rule (" in page and page.count("The substance itself") <= 1
    assert page.count("The substance itself") == page.count(
        f"fingerprint 100{NBSP}%, path fingerprint 100{NBSP}%"
    )
    assert "mol-mark-common" in page
    assert "Reference set that comes with the product" in page
    assert "licence" not in page and len(re.findall('<li class="science-hit">', page)) == 12


def test_an_own_alert_is_a_hit_that_links_to_it_and_another_agency_does_not_see_it(
    desk: DeskWorld, client: Client, as_officer: SignIn
) -> None:
    sent = desk.send(desk.draft(structure=OWN, preferred_name="fluoroethoxynitazene"))
    reevaluate_structures(now=timezone.now())
    assert StoredStructure.objects.filter(alert=sent).exists()
    page = asked(client)
    assert f"/outbox/{sent.pk}/" in page
    received = desk.received(desk.aroha)
    assert f"/inbox/{received.pk}/" in asked(as_officer(desk.aroha))
    StoredStructure.objects.filter(agency=desk.health).delete()
    other = asked(as_officer(desk.aroha))
    assert f"/inbox/{received.pk}/" not in other
    assert f"/outbox/{sent.pk}/" not in other


def test_nothing_sorts_or_filters_by_control(client: Client) -> None:
    page = asked(client)
    event = AuditEvent.objects.get(act="substance.compared")
    assert (event.reason, event.detail) == ("assigned", {"count": 1})
    assert "<select" not in page.partition("<main")[2].partition("</main>")[0]
    assert not re.search(r"[?&](sort|order|control)", page)
    names = re.findall(r'<bdi lang="en">([^<]+)</bdi></b>', page)
    filtered = asked(client, controlled="no", sort="uncontrolled")
    assert names == re.findall(r'<bdi lang="en">([^<]+)</bdi></b>', filtered)
    assert len(names) == 12
