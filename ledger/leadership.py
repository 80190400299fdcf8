# SPDX-License-Identifier: Apache-2.0
"""Leadership: one sequencer writes, the others wait.

Three means, taken in this order, guarantee one writer: an advisory lock of the database session, an exclusive lock on the state
folder, and an epoch that each leader raises. The session lock is lost silently when a connection drops and is reopened; the
folder lock then still keeps a successor out. The epoch, checked inside every writing transaction, stops a leader that was
replaced all the same.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F

from ledger.errors import NotLeadingError, StaleLeaderError, StateChangedError
from ledger.models import SequencerLease
from ledger.state import LOCK_FILE, SignedState, write_state

ADVISORY_LOCK = 0x6163636F7264_01
"""The database-wide key of the session lock: "accord" and a running number."""

Retry = Callable[[], bool]
"""Called after a failed attempt: waits, and returns whether to try again."""


@dataclass
class Leadership:
    """The right to write while the epoch is the newest."""

    folder: Path
    epoch: int
    written: SignedState | None = None

    def require_current(self) -> None:
        """Raise `StaleLeaderError` if replaced; else no successor can begin before this transaction ends."""
        lease = SequencerLease.objects.select_for_update(no_key=True).first()
        if lease is None or lease.epoch != self.epoch:
            raise StaleLeaderError(self.epoch, lease.epoch if lease else None)

    def require_own(self, state: SignedState) -> None:
        """Raise `StateChangedError` if the state file is not what this leader wrote last."""
        if self.written is not None and state != self.written:
            raise StateChangedError(self.folder)

    def write(self, state: SignedState) -> None:
        """Replace the state file and remember its contents."""
        write_state(self.folder, state)
        self.written = state


@contextmanager
def lead(folder: Path, *, retry: Retry | None = None) -> Iterator[Leadership]:
    """Lead until the block ends; create the state folder if it is missing.

    While another leads, `retry` decides; without it, or when it gives up, raises `NotLeadingError`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _session_lock(retry), _folder_lock(folder, retry):
        yield Leadership(folder, _raise_epoch())


@contextmanager
def _session_lock(retry: Retry | None) -> Iterator[None]:
    _attempt(_try_session_lock, retry)
    try:
        yield
    finally:
        # A lost connection, or a failed transaction, holds no lock or releases it by closing.
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
        else:
            connection.close()


@contextmanager
def _folder_lock(folder: Path, retry: Retry | None) -> Iterator[None]:
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _attempt(lambda: _try_folder_lock(descriptor), retry)
        yield
    finally:
        os.close(descriptor)


def _attempt(acquire: Callable[[], bool], retry: Retry | None) -> None:
    while not acquire():
        if retry is None or not retry():
            raise NotLeadingError("another sequencer leads")


def _try_session_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        return bool(cursor.fetchone()[0])


def _try_folder_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _raise_epoch() -> int:
    with transaction.atomic():
        SequencerLease.objects.get_or_create(pk=1)
        SequencerLease.objects.filter(pk=1).update(epoch=F("epoch") + 1)
        return SequencerLease.objects.get(pk=1).epoch
