# SPDX-License-Identifier: Apache-2.0
"""Audit events: who did what to which subject, when and why.

Guarantees that an event is written in the transaction of the act, and that its salted digest is in the tree:
a changed event no longer fits its leaf, a removed one leaves its leaf behind. Events older than a limit can be
pruned by the owner of the database without touching the tree. Leaves out who may read what: that is
`AuditEvent.objects.visible_to`.

An event never holds content. Its digest is the object digest of canonical JSON under `AUDIT_TYP`, so that
nobody can guess an event from the public tree.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, OuterRef
from psycopg.types.json import Jsonb

from accord.envelope.encoding import b64u, canonical, object_digest
from accord.envelope.errors import MalformedError
from ledger.entries import append_audit_entries, require_atomic
from ledger.errors import EntryRefusedError
from ledger.models import HUB_LEVEL, AuditEvent, AuditEventQuerySet, AuditReader, Leaf

AUDIT_TYP = "accord-audit+json"
PRUNED = "audit.pruned"
MAX_DETAIL_SIZE_BYTES = 4096
MAX_TEXT_LENGTH = 2000
SALT_SIZE_BYTES = 16

_COLUMNS: Final = ("at", "actor", "agency", "act", "subject", "reason", "detail", "salt", "od")
# Written out, since every act comes by here.
_INSERT: Final = f"""
INSERT INTO ledger_auditevent ({", ".join(_COLUMNS)}) VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
RETURNING seq
"""  # noqa: S608 - of the names above
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NULL_IN_JSON = rb"\u0000"


@dataclass(frozen=True)
class Happening:
    """One of many acts of one actor at one moment, as `record_event` takes it."""

    act: str
    subject: str
    reason: str = ""


def record_event(
    act: str,
    *,
    actor: str,
    agency: str,
    subject: str,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    entry: str | None = None,
    now: datetime,
    salt: bytes | None = None,
) -> AuditEvent:
    """Record one act (`noun.verb`) in the caller's transaction and hand its digest to the ledger.

    `agency` is whose business it is, "" for the hub's own; `detail` is small JSON without content or floats;
    `entry` is the digest of an object that the act brought, handed in before the event's own; `salt` is 16 octets,
    drawn here unless given. Raises `NotAtomicError`, `EntryRefusedError`, for `entry` also `EntryExistsError`.
    """
    require_atomic()
    event = AuditEvent(
        at=now,
        actor=actor,
        agency=agency,
        act=act,
        subject=subject,
        reason=reason,
        detail=dict(detail or {}),
        salt=salt or secrets.token_bytes(SALT_SIZE_BYTES),
    )
    _require_shape(event)
    event.od = event_digest(event)
    _insert(event)
    append_audit_entries([event.od], about=[entry] if entry else [], now=now)
    return event


def _insert(event: AuditEvent) -> None:
    values: dict[str, Any] = {name: getattr(event, name) for name in _COLUMNS}
    values["detail"] = Jsonb(event.detail)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        (event.seq,) = cursor.fetchone()
    event._state.adding = False


def record_events(happenings: Iterable[Happening], *, actor: str, agency: str, now: datetime) -> None:
    """Record many acts, in their order and in two statements however many; raises as `record_event`."""
    require_atomic()
    events = [
        AuditEvent(
            at=now,
            actor=actor,
            agency=agency,
            act=happening.act,
            subject=happening.subject,
            reason=happening.reason,
            salt=secrets.token_bytes(SALT_SIZE_BYTES),
        )
        for happening in happenings
    ]
    for event in events:
        _require_shape(event)
        event.od = event_digest(event)
    AuditEvent.objects.bulk_create(events)
    append_audit_entries([event.od for event in events], now=now)


def events_about(reader: AuditReader, subject: str) -> AuditEventQuerySet:
    """What `reader` may see of the acts on one subject, newest first."""
    return AuditEvent.objects.visible_to(reader).filter(subject=subject)


def last_event(act: str, *, after: datetime) -> datetime | None:
    """When an act last happened to the hub itself, of those after a moment; a time and nothing else."""
    found = AuditEvent.objects.filter(act=act, agency=HUB_LEVEL, at__gt=after)
    return found.order_by("-seq").values_list("at", flat=True).first()


def event_digest(event: AuditEvent) -> str:
    """The object digest of an event: over every column but `seq`, with the time in microseconds."""
    row = {
        "v": 1,
        "at": _microseconds(event.at),
        "actor": event.actor,
        "agency": event.agency,
        "act": event.act,
        "subject": event.subject,
        "reason": event.reason,
        "detail": event.detail,
        "salt": b64u(bytes(event.salt)),
    }
    return object_digest(AUDIT_TYP, canonical(row))


def prune_events(actor: str, *, before: datetime, agency: str | None = None, now: datetime) -> int:
    """Delete the events that happened and were logged before a time, of all or of one agency; return how many.

    Needs the login that owns the tables, since it lifts the trigger inside its own transaction. The records
    of earlier prunings stay: verification takes from them which events may be missing.
    """
    require_atomic()
    old = AuditEvent.objects.filter(
        Exists(Leaf.objects.filter(od=OuterRef("od"), t__lt=int(before.timestamp()))), at__lt=before
    ).exclude(act=PRUNED)
    if agency is not None:
        old = old.filter(agency=agency)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_auditevent DISABLE TRIGGER ledger_append_only")
        count, _ = old.delete()
        cursor.execute("ALTER TABLE ledger_auditevent ENABLE TRIGGER ledger_append_only")
    if agency is not None and not count:
        return 0
    record_event(
        PRUNED,
        actor=actor,
        agency=HUB_LEVEL,
        subject="ledger",
        detail={"before": int(before.timestamp()), "count": count}
        | ({} if agency is None else {"agency": agency}),
        now=now,
    )
    return count


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _require_shape(event: AuditEvent) -> None:
    texts = (event.actor, event.agency, event.act, event.subject, event.reason)
    if any(len(text) > MAX_TEXT_LENGTH or "\x00" in text for text in texts):
        raise EntryRefusedError("a text that is too long or holds a null character")
    if not event.actor or "." not in event.act:
        raise EntryRefusedError("actor or act")
    if len(bytes(event.salt)) != SALT_SIZE_BYTES:
        raise EntryRefusedError("salt")
    _require_detail(event.detail)


def _require_detail(detail: Mapping[str, Any]) -> None:
    try:
        octets = canonical(dict(detail))
    except MalformedError as error:
        raise EntryRefusedError("detail") from error
    if len(octets) > MAX_DETAIL_SIZE_BYTES or _NULL_IN_JSON in octets:
        raise EntryRefusedError("detail")
