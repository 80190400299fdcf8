# SPDX-License-Identifier: Apache-2.0
"""Audit events: who did what to which subject, when and why.

- An event is written in the transaction of the act, and its salted digest is in the tree: a changed event no longer fits
  its leaf, a removed one leaves its leaf behind.
- The database says when and by which login it was written, and both are in the digest. A login writes only the acts that
  it was given (`hub.act_rights`).
- Events past the keep in force can be pruned by the owner of the tables without touching the tree. Prunings and changes
  of the keep are never pruned: verification takes from them which events may be missing.
- Who may read what is not decided here but by `AuditEvent.objects.visible_to`.

An event never holds content. Its digest is the object digest of canonical JSON under `AUDIT_TYP`, so that
nobody can guess an event from the public tree.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from psycopg.types.json import Jsonb

from accord.envelope.encoding import b64u, canonical, object_digest
from accord.envelope.errors import MalformedError
from ledger.entries import append_audit_entries, require_atomic
from ledger.errors import EntryRefusedError, StillKeptError
from ledger.models import HUB_LEVEL, AuditEvent, Leaf
from ledger.retention import KEEP, POLICY_CHANGED, keep_in_force

AUDIT_TYP = "accord-audit+json"
PRUNED = "audit.pruned"
MAX_DETAIL_SIZE_BYTES = 4096
MAX_TEXT_LENGTH = 2000
SALT_SIZE_BYTES = 16

_COLUMNS: Final = ("at", "actor", "agency", "act", "subject", "reason", "detail", "salt", "od")
# Raw SQL, since every audited act runs it. `od` goes in as the digest of the statement and comes back bound.
_INSERT: Final = """
INSERT INTO ledger_auditevent (at, actor, agency, act, subject, reason, detail, salt, od)
SELECT * FROM unnest(%(at)s::timestamptz[], %(actor)s::text[], %(agency)s::text[], %(act)s::text[], %(subject)s::text[],
    %(reason)s::text[], %(detail)s::jsonb[], %(salt)s::bytea[], %(od)s::text[])
RETURNING seq, logged_at, login, od
"""
NEVER_PRUNED: Final = Q(act=PRUNED) | Q(act=POLICY_CHANGED, detail__has_key=KEEP)
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

    `agency` is whose business it is, "" for the hub's own; `detail` is small JSON without content or floats; `entry` is the
    digest of an object that the act brought, handed in before the event's own; `salt` is 16 octets, drawn here unless given.
    Raises `NotAtomicError`, `EntryRefusedError`, for `entry` also `EntryExistsError`.
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
    _insert([event])
    append_audit_entries([event.od], about=[entry] if entry else [], now=now)
    return event


def _insert(events: Sequence[AuditEvent]) -> None:
    values: dict[str, list[Any]] = {name: [getattr(event, name) for event in events] for name in _COLUMNS}
    values["detail"] = [Jsonb(event.detail) for event in events]
    values["od"] = [said_digest(event) for event in events]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        for event, row in zip(events, sorted(cursor.fetchall()), strict=True):
            event.seq, event.logged_at, event.login, event.od = row
            event._state.adding = False


def record_events(happenings: Iterable[Happening], *, actor: str, agency: str, now: datetime) -> None:
    """Record many acts, in their order and in two SQL statements for any number; raise as `record_event`."""
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
    _insert(events)
    append_audit_entries([event.od for event in events], now=now)


def last_event(act: str, *, after: datetime) -> datetime | None:
    """Return the time of the newest such act of the hub itself after a moment, or None."""
    found = AuditEvent.objects.filter(act=act, agency=HUB_LEVEL, at__gt=after)
    return found.order_by("-seq").values_list("at", flat=True).first()


def event_digest(event: AuditEvent) -> str:
    """Return the object digest of a stored event: over every column but `seq`, with times in microseconds."""
    said = said_digest(event)
    if event.logged_at is None:
        return said
    bound = {"v": 2, "d": said, "login": event.login, "t": _microseconds(event.logged_at)}
    return object_digest(AUDIT_TYP, canonical(bound))


def said_digest(event: AuditEvent) -> str:
    """Return the digest of what the application says; the database binds it to time and login."""
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


def prune_events(actor: str, *, before: datetime, agency: str, now: datetime) -> int:
    """Delete the events of an agency ("": the hub's own) that happened and were logged before a time; return how many.

    Needs the login that owns the tables, since it lifts the trigger inside its own transaction. Raises `StillKeptError` for a
    time within the retention period in force.
    """
    require_atomic()
    if before > now - (keep := keep_in_force(agency)):
        raise StillKeptError(agency, keep)
    old = AuditEvent.objects.filter(
        Exists(Leaf.objects.filter(od=OuterRef("od"), t__lt=int(before.timestamp()))),
        at__lt=before,
        agency=agency,
    ).exclude(NEVER_PRUNED)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_auditevent DISABLE TRIGGER ledger_append_only")
        count, _ = old.delete()
        cursor.execute("ALTER TABLE ledger_auditevent ENABLE TRIGGER ledger_append_only")
    if not count:
        return 0
    record_event(
        PRUNED,
        actor=actor,
        agency=HUB_LEVEL,
        subject="ledger",
        detail={"before": int(before.timestamp()), "count": count, "agency": agency},
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
