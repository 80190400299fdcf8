# SPDX-License-Identifier: Apache-2.0
"""A ledger for tests: a key, a state folder, a clock that the test sets."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from accord.envelope.encoding import object_digest
from accord.envelope.private import LedgerKey
from accord.envelope.tree.notes import VerifierKey
from ledger.entries import CoveredEntry, append_entry
from ledger.leadership import Leadership
from ledger.sequencer import Batch, OnCheckpoint, sequence_batch
from ledger.state import STATE_FILE
from ledger.verification import SoundLedger, verify_ledger

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class CrashError(Exception):
    """The end of the process."""


def crash(covered: list[CoveredEntry], now: datetime) -> None:
    """End the process, as an `on_checkpoint`."""
    raise CrashError


@dataclass
class Bench:
    """A ledger with its key and folder; `published` gathers the entries that each batch covered."""

    key: LedgerKey
    folder: Path
    now: datetime = NOW
    published: list[list[CoveredEntry]] = field(default_factory=list)
    _made: int = 0

    @property
    def keys(self) -> list[VerifierKey]:
        return [VerifierKey.parse(self.key.vkey)]

    def append(self, count: int = 1) -> list[str]:
        """Hand in `count` new digests, each in a transaction of its own; return them in order."""
        ods = [
            object_digest("test", str(number).encode()) for number in range(self._made, self._made + count)
        ]
        self._made += count
        for od in ods:
            with transaction.atomic():
                append_entry(od, now=self.now)
        return ods

    def batch(
        self,
        on_checkpoint: OnCheckpoint | None = None,
        *,
        after: timedelta = timedelta(seconds=1),
        leadership: Leadership | None = None,
    ) -> Batch:
        self.now += after
        return sequence_batch(
            self.now, self.key, self.folder, on_checkpoint or self.gather, leadership=leadership
        )

    def gather(self, covered: list[CoveredEntry], now: datetime) -> None:
        self.published.append(covered)

    def log(self, count: int = 1) -> list[str]:
        """Hand in `count` new digests and sequence them in one batch."""
        ods = self.append(count)
        self.batch()
        return ods

    def verify(self, *, with_leaf_file: bool = True) -> SoundLedger:
        return verify_ledger(self.keys, folder=self.folder if with_leaf_file else None)


def crash_before_state_file(bench: Bench) -> None:
    """Crash after T1 has committed and the leaf file is written, before the state file is."""
    in_the_way = bench.folder / f"{STATE_FILE}.new"
    in_the_way.mkdir()
    with pytest.raises(IsADirectoryError):
        bench.batch()
    in_the_way.rmdir()
