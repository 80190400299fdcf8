# SPDX-License-Identifier: Apache-2.0
"""An agency states its contact details: signed by its own keys, the newest counts, and few see the addresses."""

from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.statements.form import parse_statement
from agencies.entries import published_entry, state_entry
from agencies.models import Agency, ContactPoint, OwnStatement
from callers.actors import ApiClient
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent, Entry
from tests.builders import OPERATOR, HeldAgency, Hub
from tests.sharing.callers import Answer, Caller, slug
from tests.sharing.conftest import Callers, Four

BODY = {"telephone": "+000 5 5550 102", "zone": "Europe/Vienna", "contacts": ["duty@xa-alpha.example"]}


def said(hub: Hub, agency: HeldAgency, **changes: Any) -> bytes:
    return hub.statement(agency, "entry", body=BODY | changes)


def state(hub: Hub, agency: HeldAgency, jws: bytes) -> None:
    state_entry(agency.client, agency.id, jws, now=hub.now)


def refusal(hub: Hub, agency: HeldAgency, jws: bytes) -> Failure:
    with pytest.raises(VerificationError) as refused:
        state(hub, agency, jws)
    return refused.value.failure


def test_it_takes_the_place_of_what_stood_and_enters_the_ledger(hub: Hub, four: Four) -> None:
    first = said(hub, four.alpha)
    for _ in range(2):
        state(hub, four.alpha, first)
    agency = Agency.objects.get(pk="xa-alpha")
    assert (agency.duty_phone, agency.timezone) == ("+000 5 5550 102", "Europe/Vienna")
    hub.later(minutes=1)
    second = said(hub, four.alpha, telephone=None, contacts=["a@xa-alpha.example", "b@xa-alpha.example"])
    state(hub, four.alpha, second)
    hub.sequence()
    shown = published_entry(four.alpha.client, "xa-alpha")
    assert (shown.telephone, shown.contacts) == ("", ["a@xa-alpha.example", "b@xa-alpha.example"])
    od = parse_statement(second).od
    assert shown.receipt is not None and shown.receipt["leaf"]["d"] == od
    assert OwnStatement.objects.get().od == od, "what it replaced is not kept"
    assert Entry.objects.filter(od__in=[od, parse_statement(first).od]).count() == 2
    assert AuditEvent.objects.filter(act="entry.stated", agency="xa-alpha").count() == 2


def test_an_older_one_never_comes_back(hub: Hub, four: Four) -> None:
    older, taken = said(hub, four.alpha, zone="UTC"), said(hub, four.alpha)
    state(hub, four.alpha, taken)
    assert refusal(hub, four.alpha, older) == Failure.STALE
    hub.later(minutes=1)
    state(hub, four.alpha, said(hub, four.alpha, zone="Europe/Paris"))
    assert refusal(hub, four.alpha, taken) == Failure.STALE
    assert Agency.objects.get(pk="xa-alpha").timezone == "Europe/Paris"
    assert AuditEvent.objects.filter(act="entry.refused").count() == 2


def test_only_by_the_agencys_own_keys_about_itself(hub: Hub, four: Four) -> None:
    by_bravo = said(hub, four.bravo)
    assert refusal(hub, four.alpha, by_bravo) == Failure.ISSUER
    with pytest.raises(AbsentError):
        state_entry(four.alpha.client, "xb-bravo", by_bravo, now=hub.now)
    used = parse_statement(said(hub, four.alpha)).statement.id
    state(hub, four.alpha, hub.statement(four.alpha, "entry", body=BODY, id=used))
    hub.later(minutes=1)
    again = hub.statement(four.alpha, "entry", body=BODY | {"zone": "UTC"}, id=used)
    assert refusal(hub, four.alpha, again) == Failure.REPLAY
    reader = replace(four.alpha.client, scopes=frozenset({Capability.DIRECTORY_READ}))
    with pytest.raises(NotPermittedError):
        state_entry(reader, "xa-alpha", said(hub, four.alpha), now=hub.now)


def test_a_zone_that_nobody_knows_is_refused_whole(hub: Hub, four: Four) -> None:
    with pytest.raises(InputError) as refused:
        state(hub, four.alpha, said(hub, four.alpha, zone="Europe/Nowhere"))
    assert refused.value.field == "zone"
    assert not OwnStatement.objects.exists() and not ContactPoint.objects.exists()


def test_contact_points_are_shown_to_the_agency_and_the_operator(hub: Hub, four: Four) -> None:
    state(hub, four.alpha, said(hub, four.alpha))
    for actor in (four.alpha.client, OPERATOR):
        assert published_entry(actor, "xa-alpha").contacts == ["duty@xa-alpha.example"]
    reader = ApiClient("xb-bravo", "system", "0" * 12, frozenset({Capability.DIRECTORY_READ}))
    for agency in ("xa-alpha", "xz-nowhere"):
        with pytest.raises(AbsentError):
            published_entry(reader, agency)
    nothing = published_entry(four.bravo.client, "xb-bravo")
    assert (nothing.contacts, nothing.statement, nothing.receipt) == ([], None, None)


def put(caller: Caller, jws: bytes) -> Answer:
    return caller.put_octets("agencies/xa-alpha/entry", jws, "application/jose+json")


def test_over_http_the_telephone_goes_with_the_directory(callers: Callers) -> None:
    jws = said(callers.hub, callers.four.alpha)
    answer = put(callers.alpha, jws)
    assert answer.status_code == 200, answer.content
    assert (
        put(callers.alpha, jws).json() == answer.json() == callers.alpha.get("agencies/xa-alpha/entry").json()
    )
    assert answer.json()["contacts"] == BODY["contacts"]
    listed = callers.bravo.get("agencies")
    (row,) = [row for row in listed.json()["items"] if row["id"] == "xa-alpha"]
    assert (row["duty_phone"], row["timezone"]) == (BODY["telephone"], BODY["zone"])
    assert b"duty@xa-alpha" not in listed.content
    assert callers.bravo.get("agencies/xa-alpha/entry").status_code == 404
    broken = put(callers.alpha, b"{}")
    assert (broken.status_code, slug(broken)) == (400, "malformed")
    older = put(callers.alpha, said(callers.hub, callers.four.alpha))
    assert (older.status_code, slug(older), older.json()["code"]) == (422, "envelope-refused", "iat-too-old")
    assert slug(callers.alpha.post_statement(jws)) == "statement-kind-refused"
