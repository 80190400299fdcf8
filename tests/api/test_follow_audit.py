# SPDX-License-Identifier: Apache-2.0
"""A system follows its own agency's audit with a key: in the log's order, from its last position, without content."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from callers.capabilities import Capability, Role
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from ledger.models import AuditEvent, PendingEntry
from officers.deskkeys import issue_key, keys_of, revoke_key, rotate_key, scopes_to_give
from officers.models import Officer
from peers.models import Agency
from tests.alerts.conftest import Desks

FOLLOWS = Capability.AUDIT_FOLLOW
Ask = Callable[..., Any]


def key_of(desks: Desks, agency: Agency, *scopes: str) -> str:
    issuer = desks.hub.make_officer(agency, Role.AUDITOR if FOLLOWS in scopes else Role.AGENCY_ADMIN)
    terms: dict[str, Any] = {"client": "siem", "scopes": scopes, "lifetime": timedelta(days=30)}
    return issue_key(issuer, agency, **terms, now=desks.hub.now)[1]


def asking(key: str) -> Ask:
    def ask(cursor: str = "", *, limit: int = 100) -> Any:
        headers = {"authorization": f"Desk-Key {key}"}
        asked: dict[str, Any] = {"cursor": cursor, "limit": limit}
        return Client().get("/api/v1/audit/events", asked, headers=headers)

    return ask


@pytest.fixture
def ask(desks: Desks) -> Ask:
    return asking(key_of(desks, desks.lab.agency, FOLLOWS))


def note(desks: Desks, act: str = "alert.opened", *, agency: str = "", **said: Any) -> AuditEvent:
    who = desks.lab.reader.audit_name
    with transaction.atomic():
        return record_event(
            act, actor=who, agency=agency or desks.lab.id, subject="it", now=desks.hub.now, **said
        )


def followed(ask: Ask, cursor: str = "") -> tuple[list[str], str]:
    page = ask(cursor).json()
    return [item["od"] for item in page["items"]], page["next"]


def test_it_gets_the_own_agencys_events_in_order_and_goes_on_from_there(desks: Desks, ask: Ask) -> None:
    note(desks, agency=desks.health.id)
    note(desks, "officer.signed_in")
    desks.hub.sequence()
    logged, cursor = followed(ask)
    assert set(logged) == set(AuditEvent.objects.filter(agency=desks.lab.id).values_list("od", flat=True))
    assert followed(ask, cursor) == ([], cursor)
    pages, place = [], ""
    while (page := ask(place, limit=2).json())["items"]:
        pages += [item["od"] for item in page["items"]]
        place = page["next"]
    assert pages == logged
    assert page["more"] is False
    first, second = note(desks), note(desks)
    assert followed(ask, cursor)[0] == []
    desks.hub.sequence()
    assert followed(ask, cursor)[0] == [first.od, second.od]


def test_what_was_written_first_and_logged_later_is_not_missed(desks: Desks, ask: Ask) -> None:
    slow, quick = note(desks), note(desks)
    uncommitted = PendingEntry.objects.get(od=slow.od)
    uncommitted.delete()
    desks.hub.sequence()
    given, cursor = followed(ask)
    assert given[-1] == quick.od
    uncommitted.save(force_insert=True)
    desks.hub.sequence()
    assert followed(ask, cursor)[0] == [slow.od]


def test_words_that_a_person_typed_are_not_in_it(desks: Desks, ask: Ask) -> None:
    note(desks, reason="case_number: fentanyl in a book", detail={"cause": "named", "move": "open"})
    note(desks, "alert.returned", reason="The structure is wrong")
    note(
        desks,
        "officer.profile_changed",
        detail={"before": {"full_name": "Ada"}, "after": {"full_name": "Bea"}},
    )
    desks.hub.sequence()
    opened, returned, renamed = ask().json()["items"][-3:]
    assert (opened["reason"], opened["detail"]) == ("case_number", {"cause": "named", "move": "open"})
    assert (returned["reason"], renamed["detail"]) == ("", {})


def test_a_cursor_of_another_agency_or_made_up_is_refused(desks: Desks, ask: Ask) -> None:
    note(desks, agency=desks.health.id)
    desks.hub.sequence()
    _, foreign = followed(asking(key_of(desks, desks.health.agency, FOLLOWS)))
    for cursor in (foreign, "MA.AAAAAAAAAAAAAAAAAAAAAA", "nothing"):
        refused = ask(cursor)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:accord:problem:cursor-refused")


def test_no_other_key_and_no_officer_follows(desks: Desks) -> None:
    other = asking(key_of(desks, desks.lab.agency, Capability.SCIENCE_QUERY))
    assert other().status_code == 403
    client = Client()
    client.force_login(
        desks.hub.make_officer(desks.lab.agency, Role.AUDITOR), "officers.login.backends.EmailBackend"
    )
    assert client.get("/api/v1/audit/events").status_code == 403


def test_an_auditor_gives_such_a_key_and_no_other_and_an_admin_ends_it(desks: Desks) -> None:
    def issued_by(officer: Officer, scope: str) -> Any:
        terms: dict[str, Any] = {"client": "siem", "scopes": [scope], "lifetime": timedelta(days=30)}
        return issue_key(officer, desks.lab.agency, **terms, now=desks.hub.now)[0]

    admin = desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)
    auditor = desks.hub.make_officer(desks.lab.agency, Role.AUDITOR)
    assert scopes_to_give(auditor) == [FOLLOWS]
    assert FOLLOWS not in scopes_to_give(admin)
    key, other = issued_by(auditor, FOLLOWS), issued_by(admin, Capability.SCIENCE_QUERY)
    for officer, scope in ((admin, FOLLOWS), (auditor, Capability.SCIENCE_QUERY)):
        with pytest.raises(InputError):
            issued_by(officer, scope)
    with pytest.raises(InputError):
        rotate_key(admin, key, overlap=timedelta(0), now=desks.hub.now)
    with pytest.raises(AbsentError):
        revoke_key(auditor, other, now=desks.hub.now)
    assert list(keys_of(auditor)) == [key]
    revoke_key(admin, key, now=desks.hub.now)
    assert keys_of(auditor).get().revoked_at == desks.hub.now
