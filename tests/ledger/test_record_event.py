# SPDX-License-Identifier: Apache-2.0
"""Audit events: written with the act, digested into the tree, readable for the agencies concerned."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import transaction

from ledger.audit import event_digest, record_event
from ledger.errors import EntryRefusedError, NotAtomicError
from ledger.models import AuditEvent, Entry, Leaf
from ledger.proofs import receipt_for
from tests.ledger.bench import NOW, Bench

SALT = bytes(range(16))


@dataclass
class Reader:
    """A person who asks for audit events."""

    agency_id: str | None
    capabilities: frozenset[str] = field(default_factory=frozenset)


def record(act: str = "alert.released", **changes: Any) -> AuditEvent:
    terms: dict[str, Any] = {"actor": "officer:o1", "agency": "xa-lab", "subject": "alert 1", "now": NOW}
    with transaction.atomic():
        return record_event(act, **(terms | changes))


def test_an_event_gets_its_digest_into_the_tree(bench: Bench) -> None:
    event = record(reason="case 7", detail={"recipients": 3, "to": ["xb-police"], "exercise": False})
    bench.batch()
    assert receipt_for(event.od) is not None
    assert Leaf.objects.get().od == event.od
    assert Entry.objects.get().is_audit
    assert event_digest(AuditEvent.objects.get()) == event.od


@pytest.mark.django_db(transaction=True)
def test_an_event_without_a_transaction_is_refused() -> None:
    with pytest.raises(NotAtomicError):
        record_event("alert.released", actor="officer:o1", agency="xa-lab", subject="1", now=NOW)
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_the_same_event_twice_has_two_digests() -> None:
    assert record().od != record().od


@pytest.mark.django_db
def test_every_column_counts_in_the_digest() -> None:
    original = record(salt=SALT, reason="case 7", detail={"n": 1})
    changes: dict[str, Any] = {
        "at": NOW + timedelta(microseconds=1),
        "actor": "officer:o2",
        "agency": "xb-police",
        "act": "alert.withdrawn",
        "subject": "alert 2",
        "reason": "case 8",
        "detail": {"n": 2},
        "salt": SALT[::-1],
    }
    for column, value in changes.items():
        changed = AuditEvent.objects.get()
        setattr(changed, column, value)
        assert event_digest(changed) != original.od, column


@pytest.mark.django_db
def test_the_zone_in_which_a_time_is_told_does_not_count() -> None:
    east = timezone(timedelta(hours=9))
    event = record(now=datetime(2026, 11, 25, 21, 0, tzinfo=east), salt=SALT)
    assert event_digest(AuditEvent.objects.get()) == event.od
    event.at = NOW
    assert event_digest(event) == event.od


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"act": "released"}, id="an act without a noun"),
        pytest.param({"actor": ""}, id="no actor"),
        pytest.param({"reason": "x" * 2001}, id="a reason that is a treatise"),
        pytest.param({"reason": "a\x00b"}, id="a null character"),
        pytest.param({"detail": {"score": 0.5}}, id="a float"),
        pytest.param({"detail": {"at": NOW}}, id="a value without JSON"),
        pytest.param({"detail": {"text": "x" * 4096}}, id="a detail that is content"),
        pytest.param({"detail": {"text": "a\x00b"}}, id="a null character in the detail"),
        pytest.param({"salt": b"short"}, id="a short salt"),
    ],
)
def test_an_event_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(EntryRefusedError):
        record(**changes)
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_events_are_read_by_whose_business_they_are() -> None:
    own, foreign, hub = record(), record(agency="xb-police"), record(agency="")
    auditor = Reader("xa-lab", frozenset({"audit:read"}))
    keeper = Reader(None, frozenset({"desk:keep", "audit:read"}))
    operator = Reader(None, frozenset({"hub:operate", "audit:read"}))
    assert list(AuditEvent.objects.visible_to(auditor)) == [own]
    assert list(AuditEvent.objects.visible_to(keeper)) == [hub]
    assert list(AuditEvent.objects.visible_to(operator)) == [hub]
    assert list(AuditEvent.objects.visible_to(Reader("xb-police", frozenset({"audit:read"})))) == [foreign]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "reader",
    [
        pytest.param(Reader("xa-lab", frozenset({"alert:read"})), id="a reader of alerts"),
        pytest.param(Reader("xa-lab", frozenset({"hub:operate"})), id="an operator who has an agency"),
        pytest.param(Reader("xa-lab", frozenset({"desk:keep"})), id="a keeper who has an agency"),
        pytest.param(Reader(None, frozenset({"audit:read"})), id="an auditor without agency"),
        pytest.param(Reader("", frozenset({"audit:read"})), id="an auditor of an empty agency"),
        pytest.param(Reader(None), id="nobody"),
    ],
)
def test_everyone_else_reads_nothing(reader: Reader) -> None:
    record()
    record(agency="")
    assert not AuditEvent.objects.visible_to(reader).exists()


@pytest.mark.django_db
def test_what_was_done_to_a_subject_is_listed_newest_first() -> None:
    first, second = record(), record("alert.withdrawn")
    record(subject="alert 2")
    record(agency="xb-police")
    auditor = Reader("xa-lab", frozenset({"audit:read"}))
    assert list(AuditEvent.objects.visible_to(auditor).filter(subject="alert 1")) == [second, first]
