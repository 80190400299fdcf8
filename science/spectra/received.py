# SPDX-License-Identifier: Apache-2.0
"""Spectra that came as files of received alerts: stored sealed at intake, read by the desk-worker, searched afterwards.

- At intake nothing is read, so that no file can stop a feed.
- What cannot be read is dropped from the search and stays with its alert. What could not be tried, because the worker process
  or the vault was away, waits for the next round.
- They are deleted with the alert's card; a RED alert's are never kept.
"""

import base64
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from django.db import transaction

from alerts.document.files import AttachmentFile
from alerts.models import ReceivedAlert
from ledger.set_aside import Item, Loop, begin_round
from science.rows.library import LibrarySpectrum
from science.spectra.library import SPECTRA, Record, seal_record, seal_spectra
from substances.errors import InputRefusedError, WorkerAwayError, WorkerLostError
from substances.sandbox import sandboxed
from substances.spectra.spectrum import Spectrum, spectrum_record
from vault.errors import SealBrokenError, VaultError, is_ring_away

READING: Final = Loop(
    "desk.spectra",
    "system:desk-worker",
    lambda error: isinstance(error, WorkerAwayError) or is_ring_away(error),
)
ENDINGS: Final = frozenset({".msp", ".mgf", ".mzml", ".jdx", ".dx", ".jcamp"})
FILE_AT_MOST: Final = 512 * 1024
SPECTRA_AT_MOST: Final = 50
"""Limit of spectra of one file; others of it are not searched."""
ROUND: Final = 20
ROUND_SECS: Final = 10.0
"""Time after which no further file is begun: the feeds wait for the round, and the other files for the next one."""
TRIES: Final = 3
"""Times that a file may kill the worker process before it is given up."""
WAITING: Final = b""
"""Token of a file that was not read yet."""
STATED: Final = {
    "name": "preferred_name",
    "inchikey": "inchikey",
    "formula": "formula",
    "smiles": "structure",
}
"""Fields that a spectrum takes from its alert where its own record says nothing."""


def may_hold_spectra(filename: str, size: int) -> bool:
    """Tell whether a file is read, by its name's ending and its size in octets."""
    return PurePath(filename).suffix.lower() in ENDINGS and size <= FILE_AT_MOST


def keep_received_files(
    received: ReceivedAlert, files: Mapping[int, AttachmentFile], document: Mapping[str, Any]
) -> None:
    """Store the files unread. Inside the caller's transaction; a second call changes nothing."""
    if received.tlp == "RED":
        return
    stated = {name: str(document.get(said) or "") for name, said in STATED.items()}
    rows = []
    for n, file in files.items():
        row = LibrarySpectrum(agency_id=received.agency_id, received=received, number=n, token=WAITING)
        raw = base64.b64encode(file.data).decode()
        seal_record(row, {"ending": PurePath(file.filename).suffix[:8], "raw": raw, "stated": stated})
        rows.append(row)
    LibrarySpectrum.objects.bulk_create(rows, ignore_conflicts=True)


class _Came(Enum):
    """Outcome of a try."""

    SETTLED = "settled"  # read, or dropped because it cannot be read
    KILLED = "killed"  # the worker process died of it, and it is tried again
    CLOSED = "closed"  # its seal does not open now


def read_received_files(
    *,
    now: datetime,
    limit: int = ROUND,
    secs: float = ROUND_SECS,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Read waiting files of all agencies in the worker process; return how many no longer wait.

    Tries at most `limit`, for about `secs`: however many files kill the worker, the feeds go on. Ends early while
    the worker is away. A file that cannot be opened now delays no other.
    """
    waiting = LibrarySpectrum.objects.filter(received__isnull=False, token=WAITING).order_by("pk")
    until, came = clock() + secs, list[_Came]()
    a_round = begin_round(READING, now=now)

    def settle(key: str | uuid.UUID) -> None:
        row = waiting.filter(pk=key).first()
        came.extend([_settle(row)] if row is not None else [])

    a_round.try_again(settle)
    keys = waiting.exclude(pk__in=a_round.keys_aside()).values_list("pk", "agency_id", "received__md")
    for key, agency, md in list(keys):
        try:
            a_round.take(Item(str(key), md, agency=agency), partial(settle, key))
        except WorkerAwayError:
            break
        if len(came) - came.count(_Came.CLOSED) >= limit or clock() >= until:
            break
    return came.count(_Came.SETTLED)


def forget_spectra(received: Iterable[ReceivedAlert]) -> None:
    """Delete what is kept of these alerts' files."""
    LibrarySpectrum.objects.filter(received__in=list(received)).delete()


def _settle(row: LibrarySpectrum) -> _Came:
    """Try one file. Raises WorkerAwayError."""
    try:
        kept = SPECTRA.open(row.agency_id, row.pk, row.sealed)
    except SealBrokenError:
        _replace(row, [])
        return _Came.SETTLED
    except VaultError:
        return _Came.CLOSED
    try:
        _replace(row, _records(kept))
    except InputRefusedError:
        _replace(row, [])
    except WorkerAwayError:
        raise
    except WorkerLostError:
        return _Came.SETTLED if _count_try(row, kept) else _Came.KILLED
    return _Came.SETTLED


def _records(kept: Record) -> list[Record]:
    """Return the spectra of a file; raises InputRefusedError, WorkerLostError."""
    found = sandboxed.read_spectra(f"file{kept['ending']}", base64.b64decode(kept["raw"]))
    usable = [one for one in found if one.kind == "ms"][:SPECTRA_AT_MOST]
    return [_completed(one, kept["stated"]) for one in usable]


@transaction.atomic
def _count_try(row: LibrarySpectrum, kept: Record) -> bool:
    """Note in the sealed record that the file killed the worker; return whether it is given up."""
    tries = kept.get("tries", 0) + 1
    if tries >= TRIES:
        _replace(row, [])
        return True
    seal_record(row, {**kept, "tries": tries})
    LibrarySpectrum.objects.filter(pk=row.pk, token=WAITING).update(sealed=row.sealed)
    return False


def _completed(spectrum: Spectrum, stated: Mapping[str, str]) -> Record:
    record = spectrum_record(spectrum)
    missing = {name: text for name, text in stated.items() if text and not record.get(name)}
    return {**record, **missing, "origin": "received"}


@transaction.atomic
def _replace(row: LibrarySpectrum, records: list[Record]) -> None:
    """Replace the unread file by its spectra, numbered consecutively under the file's number."""
    locked = LibrarySpectrum.objects.select_for_update().filter(pk=row.pk, token=WAITING).first()
    if locked is None:
        return
    first = 1_000 * (row.number + 1) + 1
    rows = [
        LibrarySpectrum(agency_id=row.agency_id, received_id=row.received_id, number=first + place)
        for place in range(len(records))
    ]
    sealed = seal_spectra(row.agency_id, list(zip(rows, records, strict=True)))
    locked.delete()
    LibrarySpectrum.objects.bulk_create(sealed)
