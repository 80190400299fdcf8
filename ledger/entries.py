# SPDX-License-Identifier: Apache-2.0
"""Entries: digests handed to the ledger, each in the transaction of the object it proves.

- An entry exists if and only if its object does.
- Handing in takes no counter, no number and no lock, so submissions do not wait for one another; the sequencer assigns index
  and log time later.
- An object that a restore has lost keeps its entry and leaf (`ledger.models.Wanted`): submitted again, it gets no second one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, transaction

from ledger.errors import EntryExistsError, EntryRefusedError, NotAtomicError
from ledger.models import DIGEST_PATTERN, Entry, EntryKind

_DIGEST = re.compile(DIGEST_PATTERN)
_AGENCY = re.compile(r"[a-z]{2}-[a-z0-9]{2,20}")
# Inserts entries and their queue rows, in the order given, in one SQL statement: every write runs it.
_HAND_IN: Final = """
WITH found AS (
    DELETE FROM ledger_wanted WHERE od = ANY(%(ods)s) RETURNING od
), given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(ods)s::text[], %(kinds)s::text[], %(agencies)s::text[], %(audits)s::boolean[])
        WITH ORDINALITY AS given(id, od, kind, agency, is_audit, place)
    WHERE od NOT IN (SELECT od FROM found)
), entry AS (
    INSERT INTO ledger_entry (id, od, kind, agency, is_audit, created_at)
    SELECT id, od, kind, agency, is_audit, %(now)s FROM given
)
INSERT INTO ledger_pendingentry (entry_id, od, kind, agency, created_at)
SELECT id, od, kind, agency, %(now)s FROM given ORDER BY place
"""


@dataclass(frozen=True)
class CoveredEntry:
    """An entry under a signed checkpoint: leaf index, object digest, kind, agency or "", log time (seconds)."""

    index: int
    od: str
    kind: str
    agency: str
    t: int


def append_entry(od: str, *, kind: str = EntryKind.OTHER, agency: str | None = None, now: datetime) -> Entry:
    """Hand the digest `od` (base64url, 43 characters) to the ledger, in the caller's transaction.

    `agency` names whose keyset or revocation it is, and only that. Raises `NotAtomicError` outside a
    transaction, `EntryRefusedError`, and `EntryExistsError`, after which the transaction can only be undone.
    """
    require_atomic()
    _require_shape(od, kind, agency)
    entry = Entry(od=od, kind=kind, agency=agency or "", created_at=now)
    _hand_in([entry], now)
    return entry


def append_audit_entries(ods: Sequence[str], *, about: Sequence[str] = (), now: datetime) -> None:
    """Hand in the digests of many audit events; before them those of the objects they are `about`, if new.

    Uses one SQL statement; raises as `append_entry`.
    """
    require_atomic()
    for od in (*about, *ods):
        _require_shape(od, EntryKind.OTHER, None)
    objects = [Entry(od=od, kind=EntryKind.OTHER, created_at=now) for od in about]
    events = [Entry(od=od, kind=EntryKind.OTHER, is_audit=True, created_at=now) for od in ods]
    _hand_in([*objects, *events], now)


def require_atomic() -> None:
    """Raise `NotAtomicError` unless the caller has opened a transaction."""
    if not transaction.get_connection(DEFAULT_DB_ALIAS).in_atomic_block:
        raise NotAtomicError("the ledger writes in the transaction of the thing it proves; open one")


def _hand_in(entries: Sequence[Entry], now: datetime) -> None:
    columns: dict[str, Any] = {
        "ids": [entry.id for entry in entries],
        "ods": [entry.od for entry in entries],
        "kinds": [str(entry.kind) for entry in entries],
        "agencies": [entry.agency for entry in entries],
        "audits": [entry.is_audit for entry in entries],
        "now": now,
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(_HAND_IN, columns)
    except IntegrityError as error:
        raise EntryExistsError(", ".join(entry.od for entry in entries)) from error


def _require_shape(od: str, kind: str, agency: str | None) -> None:
    if not _DIGEST.fullmatch(od):
        raise EntryRefusedError("od")
    if kind not in EntryKind.values:
        raise EntryRefusedError("kind")
    if (agency is None) is not (kind == EntryKind.OTHER):
        raise EntryRefusedError("agency")
    if agency is not None and not _AGENCY.fullmatch(agency):
        raise EntryRefusedError("agency")
