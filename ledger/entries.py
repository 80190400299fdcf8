# SPDX-License-Identifier: Apache-2.0
"""Entries: the digests handed to the ledger, each in the transaction of the thing it proves.

Guarantees that an entry exists if and only if its object does. Takes no counter, no number and no lock, so
that submissions do not wait for one another; index and log time are given later, by the sequencer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction

from ledger.errors import EntryExistsError, EntryRefusedError, NotAtomicError
from ledger.models import DIGEST_PATTERN, Entry, EntryKind, PendingEntry

_DIGEST = re.compile(DIGEST_PATTERN)
_AGENCY = re.compile(r"[a-z]{2}-[a-z0-9]{2,20}")


@dataclass(frozen=True)
class CoveredEntry:
    """An entry under a signed checkpoint: leaf index, object digest, kind, agency or "", log time (seconds)."""

    index: int
    od: str
    kind: str
    agency: str
    t: int


def append_entry(
    od: str, *, kind: str = EntryKind.OTHER, agency: str | None = None, now: datetime, is_audit: bool = False
) -> Entry:
    """Hand the digest `od` (base64url, 43 characters) to the ledger, in the caller's transaction.

    `agency` names whose keyset or revocation it is, and only that. Raises `NotAtomicError` outside a
    transaction, `EntryRefusedError`, and `EntryExistsError`, after which the transaction can only be undone.
    """
    require_atomic()
    _require_shape(od, kind, agency)
    try:
        entry = Entry.objects.create(od=od, kind=kind, agency=agency or "", is_audit=is_audit, created_at=now)
    except IntegrityError as error:
        raise EntryExistsError(od) from error
    PendingEntry.objects.create(
        entry_id=entry.id, od=od, kind=kind, agency=entry.agency, created_at=entry.created_at
    )
    return entry


def append_audit_entries(ods: Sequence[str], *, now: datetime) -> None:
    """Hand in the digests of many audit events in two statements; raises as `append_entry`."""
    require_atomic()
    for od in ods:
        _require_shape(od, EntryKind.OTHER, None)
    try:
        entries = Entry.objects.bulk_create(
            Entry(od=od, kind=EntryKind.OTHER, is_audit=True, created_at=now) for od in ods
        )
    except IntegrityError as error:
        raise EntryExistsError(", ".join(ods)) from error
    PendingEntry.objects.bulk_create(
        PendingEntry(entry_id=entry.id, od=entry.od, kind=entry.kind, created_at=now) for entry in entries
    )


def require_atomic() -> None:
    """Raise `NotAtomicError` unless the caller has opened a transaction."""
    if not transaction.get_connection(DEFAULT_DB_ALIAS).in_atomic_block:
        raise NotAtomicError("the ledger writes in the transaction of the thing it proves; open one")


def _require_shape(od: str, kind: str, agency: str | None) -> None:
    if not _DIGEST.fullmatch(od):
        raise EntryRefusedError("od")
    if kind not in EntryKind.values:
        raise EntryRefusedError("kind")
    if (agency is None) is not (kind == EntryKind.OTHER):
        raise EntryRefusedError("agency")
    if agency is not None and not _AGENCY.fullmatch(agency):
        raise EntryRefusedError("agency")
