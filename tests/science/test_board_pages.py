# SPDX-License-Identifier: Apache-2.0
"""The early-warning board as a page and in JSON: own agency only, recomputed, drawn, bounded, audited."""

import json
import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from alerts.models import ReceivedAlert
from alerts.projections.cards import Card, seal_received_card
from alerts.sending.withdrawal import withdraw_alert
from demo.stories import DATA
from ledger.models import AuditEvent
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

PAGE = "/science/board/"
JSON = "/api/v1/science/board"
QUERIES_AT_MOST = 20
BYTES_AT_MOST = 150_000
METONITAZENE = Card(title="Tablets", alert_type="seizure", substances=("metonitazene",), countries=("FR",))


@pytest.fixture
def reader(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.casimir)


def add_past(received: ReceivedAlert, days_ago: list[int], card: Card = METONITAZENE) -> None:
    """Add received alerts, one for each number of days ago."""
    rows = []
    for n, days in enumerate(days_ago, start=ReceivedAlert.objects.count()):
        row = ReceivedAlert.objects.get(pk=received.pk)
        row.id, row.number, row.jti = uuid.uuid4(), 1000 + n, f"{row.jti[:-12]}{n:012}"
        row.logged_at = timezone.now() - timedelta(days=days)
        row.card = seal_received_card(row, card)
        rows.append(row)
    ReceivedAlert.objects.bulk_create(rows)


def text_of(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_an_empty_board_says_how_it_fills(reader: Client) -> None:
    assert "The board fills as alerts come in and go out." in text_of(reader)


def test_received_and_sent_alerts_are_counted_for_each_agency_alone(
    desk: DeskWorld, as_officer: SignIn, reader: Client
) -> None:
    desk.send(desk.draft(preferred_name="flualprazolam", recipients=["xb-health"]))
    desk.send(desk.draft(preferred_name="protonitazene", recipients=["xd-reg"]))
    assert "flualprazolam" in text_of(reader)
    assert "protonitazene" not in text_of(reader)
    sender = text_of(as_officer(desk.ilka))
    assert "flualprazolam" in sender
    assert "protonitazene" in sender


def test_exercises_withdrawn_alerts_and_questions_do_not_count(desk: DeskWorld, reader: Client) -> None:
    desk.send(desk.draft(preferred_name="etizolam", status="exercise"))
    alert = desk.send(desk.draft(preferred_name="xylazine"))
    assert "xylazine" in text_of(reader)
    withdraw_alert(desk.benno, alert, code="contaminated", now=desk.tick())
    desk.settle()
    text = text_of(reader)
    assert "xylazine" not in text
    assert "etizolam" not in text


def test_what_rises_stands_with_what_is_usual(desk: DeskWorld, reader: Client) -> None:
    desk.send(desk.draft())
    received = desk.received(desk.casimir)
    add_past(received, [100, 200, 300, 400, *range(1, 9)])
    text = text_of(reader)
    assert re.search(r"Rising .*metonitazene 8 1\.0 \(0\.\d+ to 2\.\d+\)", text), text
    assert "Nitazenes class" in text
    found = reader.get(JSON, {"days": "90"}).json()
    rise = next(rise for rise in found["rising"] if not rise["is_class"])
    assert (rise["name"], rise["count"], rise["before"]["total"], rise["before"]["spans"]) == (
        "metonitazene",
        8,
        3,
        3,
    )
    assert 0 < rise["chance"] < 0.01
    assert found["by_country"]["FR"] == 8


def test_the_map_of_a_demonstration_shows_its_invented_countries_and_not_the_world(
    desk: DeskWorld, reader: Client, settings: Settings
) -> None:
    desk.send(desk.draft(place_country="XA"))
    assert "not on the map: XA 1" in text_of(reader)
    settings.INVENTED_COUNTRIES = json.loads((DATA / "countries.json").read_text(encoding="utf-8"))
    page = reader.get(PAGE).content.decode()
    assert page.count('class="board-land"') == 7 and ">Arvenia 1</text>" in page
    assert "invented for the demonstration" in page


def test_a_cluster_of_harm_is_shown_with_place_week_and_baseline(desk: DeskWorld, reader: Client) -> None:
    desk.send(desk.draft())
    received = desk.received(desk.casimir)
    add_past(received, [200, 300])
    harm = Card(
        title="Collapses", alert_type="harm_cluster", substances=("metonitazene",), countries=("FR",),
        facts={"harm": "confirmed_fatal", "non_fatal": 9, "fatal": 2, "region": "Bretagne"},
    )  # fmt: skip
    add_past(received, [1], harm)
    clusters = reader.get(JSON).json()["clusters"]
    (cluster,) = [one for one in clusters if one["region"] == "Bretagne"]
    assert (cluster["country"], cluster["cases"], cluster["fatal"]) == ("FR", 11, 2)
    text = text_of(reader)
    assert "France Bretagne" in text
    assert "2 fatal" in text


def test_harm_not_known_waits_for_a_second_look(desk: DeskWorld, reader: Client) -> None:
    desk.send(desk.draft())
    unknown = Card(
        title="New", alert_type="new_substance", substances=("metodesnitazene",), facts={"harm": "none_yet"}
    )
    add_past(desk.received(desk.casimir), [120], unknown)
    (look,) = reader.get(JSON).json()["second_look"]
    assert look["sighting"]["name"] == "metodesnitazene"
    assert "due since" in text_of(reader)


def test_countries_without_a_place_on_the_map_are_said(desk: DeskWorld, reader: Client) -> None:
    desk.send(desk.draft(place_country="XA"))
    received = desk.received(desk.casimir)
    add_past(received, [1])
    page = reader.get(PAGE).content.decode()
    assert page.count('class="board-bubble"') == 1
    text = text_of(reader)
    assert "France 1" in text
    assert re.search(r"not on the map: XA 1", text)


def test_a_span_that_is_not_offered_is_the_usual_one_on_the_page_and_refused_in_json(reader: Client) -> None:
    assert reader.get(PAGE, {"days": "7"}).status_code == 200
    answer = reader.get(JSON, {"days": "7"})
    assert answer.status_code == 422
    assert "days" in answer.content.decode()


@pytest.mark.parametrize("login", ["edda", "noor"])
def test_auditors_and_operators_have_no_board(desk: DeskWorld, as_officer: SignIn, login: str) -> None:
    assert as_officer(getattr(desk, login)).get(PAGE).status_code in (403, 404)


def test_a_reading_is_audited_by_numbers_only(desk: DeskWorld, reader: Client) -> None:
    desk.send(desk.draft(preferred_name="flualprazolam"))
    text_of(reader)
    event = AuditEvent.objects.filter(act="board.read").latest("seq")
    assert event.agency == "xb-health"
    assert "flualprazolam" not in str(vars(event))


def test_the_page_is_light(
    desk: DeskWorld, reader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    desk.send(desk.draft())
    received = desk.received(desk.casimir)
    for n in range(30):
        card = Card(title="Many", alert_type="seizure", substances=(f"substance {n}",), countries=("FR",))
        add_past(received, [n % 29 + 1], card)
    with django_assert_max_num_queries(QUERIES_AT_MOST):
        answer = reader.get(PAGE)
    assert answer.status_code == 200
    assert len(answer.content) < BYTES_AT_MOST
    assert "more are not shown" in answer.content.decode()
