# SPDX-License-Identifier: Apache-2.0
"""An admin states the agency's contact details: signed at the desk, accepted by the exchange, seen by partners."""

from collections.abc import Generator
from datetime import datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from agencies.models import Agency as Entry
from agencies.models import ContactPoint
from agencies.own_statement_rows import OwnStatement
from callers import clock
from callers.capabilities import Role
from ledger.models import AuditEvent
from officers.models import Officer
from peers.models import Agency
from tests.desk_calls import ViewsInPlaceOfSockets, answer_as_of, give_exchange_keys
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

PAGE = "/directory/own/"
GIVEN = {
    "telephone": "+43 1 5550 109",
    "timezone": "Europe/Vienna",
    "contacts": "night@lab.example\nduty@lab.example",
}


@pytest.fixture(autouse=True)
def _answering(desk: DeskWorld, exchange_as_asked: ViewsInPlaceOfSockets) -> Generator[None]:
    answer_as_of(timezone.now())
    give_exchange_keys()
    yield


@pytest.fixture
def admin(desk: DeskWorld) -> Officer:
    return desk.hub.make_officer(Agency.objects.get(pk="xa-lab"), Role.AGENCY_ADMIN, name="Ada Torvane")


@pytest.fixture
def client(admin: Officer, as_officer: SignIn) -> Client:
    return as_officer(admin)


def test_what_is_stated_is_signed_and_stands_at_the_exchange_and_here(client: Client, admin: Officer) -> None:
    assert "has not stated it yet" in client.get(PAGE).content.decode()
    assert client.post(PAGE, GIVEN).headers["Location"] == "/directory/"
    entry, own = Entry.objects.get(pk="xa-lab"), Agency.objects.get(pk="xa-lab")
    assert (entry.duty_phone, entry.timezone) == ("+43 1 5550 109", "Europe/Vienna")
    assert (own.duty_phone, own.phone_said, own.timezone) == ("+43 1 5550 109",) * 2 + ("Europe/Vienna",)
    contacts = ContactPoint.objects.filter(agency="xa-lab").values_list("address", flat=True)
    assert sorted(contacts) == ["duty@lab.example", "night@lab.example"]
    assert OwnStatement.objects.filter(agency="xa-lab", k="entry").exists()
    assert AuditEvent.objects.filter(act="entry.stated", actor=admin.audit_name).exists()
    page = client.get(PAGE).content.decode()
    assert "duty@lab.example\nnight@lab.example" in page and "has not stated it yet" not in page
    assert "+43 1 5550 109" in client.get("/directory/").content.decode()


def test_what_is_stated_later_takes_the_place_of_the_first_and_of_one_second_the_first_stands(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(moment: datetime, **changes: str) -> HttpResponse:
        monkeypatch.setattr(clock, "now", lambda: moment)
        answer_as_of(moment)
        return client.post(PAGE, {**GIVEN, **changes})  # type: ignore[return-value]

    first = timezone.now()
    at(first)
    again = at(first, telephone="+43 1 5550 110")
    assert again.status_code == 409 and "The exchange did not take it" in again.content.decode()
    assert at(first + timedelta(seconds=2), telephone="", contacts="").status_code == 302
    assert Entry.objects.get(pk="xa-lab").duty_phone == ""
    assert not ContactPoint.objects.filter(agency="xa-lab").exists()


def test_what_is_wrong_is_named_and_nothing_is_stated(client: Client) -> None:
    for field, value, says in (
        ("telephone", "call me", "Telephone: use 4 to 40 digits"),
        ("timezone", "Mars/Olympus", "Time zone: choose"),
        ("contacts", "not an address", "Contact points: enter up to five mail addresses"),
        ("contacts", " ".join(f"a{n}@lab.example" for n in range(6)), "Contact points: enter up to five"),
    ):
        answer = client.post(PAGE, {**GIVEN, field: value})
        page = answer.content.decode()
        assert answer.status_code == 422 and says in page and "Europe/Vienna" in page
    assert not OwnStatement.objects.exists() and not ContactPoint.objects.exists()


def test_while_the_exchange_is_away_nothing_is_changed(
    client: Client, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    assert client.get(PAGE).status_code == client.post(PAGE, GIVEN).status_code == 503
    assert Agency.objects.get(pk="xa-lab").duty_phone != GIVEN["telephone"]
    assert not AuditEvent.objects.filter(act="entry.stated").exists()


def test_the_same_by_json(client: Client) -> None:
    given = {**GIVEN, "contacts": GIVEN["contacts"].split()}
    answer = client.put("/api/v1/entry", given, "application/json")
    assert answer.status_code == 200, answer.content
    assert client.get("/api/v1/entry").json() == {
        **given,
        "contacts": sorted(given["contacts"]),
        "is_stated": True,
    }
    refused = client.put("/api/v1/entry", {**given, "telephone": "no"}, "application/json")
    assert refused.status_code == 422 and refused.json()["field"] == "telephone"
