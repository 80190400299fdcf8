# SPDX-License-Identifier: Apache-2.0
"""The re-assessment of a substance of which no harm was known can be recorded, and the board follows it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from alerts.models import ReceivedAlert
from alerts.projections.cards import Card
from alerts.receiving.following import tidy_received
from ledger.models import AuditEvent
from science.board.harm_reviews import reviews_of
from science.rows.harm_reviews import HarmReview
from tests.api.sessions import Session
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.science.test_board_pages import JSON, PAGE, add_past, text_of

UNKNOWN = Card(
    title="New", alert_type="new_substance", substances=("metodesnitazene",), facts={"harm": "none_yet"}
)


def due(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(JSON).json()["second_look"]
    return found


def in_days(days: int) -> str:
    return (timezone.now() + timedelta(days=days)).date().isoformat()


@pytest.fixture
def old(desk: DeskWorld) -> ReceivedAlert:
    """An alert of 120 days ago that says that no harm is known."""
    desk.send(desk.draft())
    add_past(desk.received(desk.casimir), [120], UNKNOWN)
    return ReceivedAlert.objects.visible_to(desk.casimir).get(number__gte=1000)


def test_a_look_is_noted_on_its_page_and_the_board_asks_again_on_its_day(
    desk: DeskWorld, as_officer: SignIn, old: ReceivedAlert
) -> None:
    client = as_officer(desk.casimir)
    address = f"/inbox/{old.pk}/look/"
    assert address in client.get(PAGE).content.decode()
    assert "Still no harm known" in text_of(client, address)
    given = {"outcome": "none_found", "next_on": in_days(30), "note": "Asked three wards."}
    assert client.post(address, given).headers["Location"] == PAGE
    assert not due(client) and client.get(JSON).json()["looked_later"] == 1
    assert "1 substance was looked at and waits for a later day" in text_of(client)
    again = text_of(client, address)
    assert "Asked three wards." in again and "Earlier reviews" in again
    HarmReview.objects.update(next_on=timezone.now().date() - timedelta(days=1))
    (look,) = due(client)
    assert look["looked"] is not None and "last review on" in text_of(client)
    event = AuditEvent.objects.get(act="harm.looked")
    assert (event.agency, event.subject, event.detail) == (desk.casimir.agency_id, old.md, {})


def test_a_closed_one_is_due_no_more_until_somebody_reports_it_anew(
    desk: DeskWorld, as_officer: SignIn, old: ReceivedAlert
) -> None:
    client, api = as_officer(desk.casimir), Session(desk.casimir)
    at = f"alerts/received/{old.pk}/looks"
    said = api("POST", at, {"outcome": "closed"})
    assert [one["outcome"] for one in said.json()["items"]] == ["closed"]
    assert not due(client) and api("GET", at).json() == said.json()
    HarmReview.objects.update(looked_at=timezone.now() - timedelta(days=110))
    assert not due(client)
    add_past(desk.received(desk.casimir), [95], UNKNOWN)
    (look,) = due(client)
    assert (look["reports"], look["looked"]) == (2, None)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"outcome": "none_found"}, "next_on"),
        ({"outcome": "none_found", "next_on": in_days(0)}, "next_on"),
        ({"outcome": "none_found", "next_on": in_days(800)}, "next_on"),
        ({"outcome": "closed", "next_on": in_days(30)}, "next_on"),
        ({"outcome": "closed", "note": "\u202eevil"}, "note"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_field(
    desk: DeskWorld, as_officer: SignIn, old: ReceivedAlert, given: dict[str, str], field: str
) -> None:
    answer = Session(desk.casimir)("POST", f"alerts/received/{old.pk}/looks", given)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    page = as_officer(desk.casimir).post(f"/inbox/{old.pk}/look/", given)
    assert page.status_code == 422 and f'href="#field-{field}"' in page.content.decode()
    assert not HarmReview.objects.exists()


def test_a_look_is_the_agency_s_own_sealed_and_gone_with_the_alert_s_content(
    desk: DeskWorld, as_officer: SignIn, old: ReceivedAlert
) -> None:
    at = f"alerts/received/{old.pk}/looks"
    Session(desk.casimir)("POST", at, {"outcome": "harm_found", "note": "two in intensive care"})
    assert Session(desk.ilka)("GET", at).status_code == 404
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM science_harmreview t")
        dumped = cursor.fetchone()[0]
    for word in ("harm_found", "intensive", b"intensive".hex()):
        assert word not in dumped
    (look,) = reviews_of(desk.casimir, old)
    assert (look.outcome, look.note, look.row.next_on) == ("harm_found", "two in intensive care", None)
    tidy_received(now=old.keep + timedelta(seconds=1))
    assert not HarmReview.objects.exists()
