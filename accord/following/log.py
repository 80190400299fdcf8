# SPDX-License-Identifier: Apache-2.0
"""The ledger as one agency has seen it: one tree that only grows.

- The keys that count are the pinned ones and those that signed handovers lead to; a checkpoint by an unknown key makes it ask
  for handovers, once an act.
- `KeptLog.prove` is the one entry point for receipts outside of slices; `as_ledger` gives the same knowledge to the
  verification of slices.
- The newest checkpoint that was compared with the kept one is stored with its signature, so that a fork can be shown to others.
- Without a network the comparison is postponed, and `compared` says so.

Source: docs/spec/envelope.md, "Receipts".
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from accord.calls.errors import AbsentError, AnswerError, RefusedError
from accord.calls.exchange import Exchange
from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import EnvelopeError, Failure, NoteError, VerificationError
from accord.envelope.statements.form import CheckpointRef
from accord.envelope.tree.handovers import keys_after
from accord.envelope.tree.notes import Checkpoint, VerifierKey, parse_note, verify_checkpoint
from accord.envelope.tree.receipts import PLAIN_KIND, Receipt
from accord.envelope.verifying import (
    KeptCheckpoint,
    Ledger,
    compare_checkpoints,
    keep_checkpoint,
    verify_receipt,
)
from accord.following.ports import Clock, LogMemory
from accord.following.records import CheckpointRecord

MOST_AHEAD: Final = 100
"""The most consistency proofs in one answer of the hub."""


class KeptLog:
    """The pinned ledger during one act; `exchange` is None without a network, `now` returns the act's moment."""

    def __init__(self, memory: LogMemory, exchange: Exchange | None, now: Clock) -> None:
        self._memory = memory
        self._now = now
        self._exchange = exchange
        self._paths: dict[tuple[int, int], Sequence[bytes]] = {}
        self._has_asked_for_handovers = False
        self.keys = self._known_keys()
        self.compared = True
        self._checkpoints: dict[str, Checkpoint] = {}

    def prove(self, receipt: Receipt, *, d: str, k: str = PLAIN_KIND, a: str | None = None) -> int:
        """Return the log time (seconds) of digest `d`; raise VerificationError, and then nothing counts."""
        self.learn_keys([receipt.checkpoint])
        logged = verify_receipt(receipt, d, self.as_ledger(), kind=k, agency=a)
        self.note(receipt, d, logged.log_time, compared=logged.compared)
        return logged.log_time

    def learn_keys(self, notes: Iterable[str]) -> None:
        """Ask the hub for handovers where an unknown key signed a checkpoint; ignore those that do not verify."""
        if self._exchange is None or self._has_asked_for_handovers or all(map(self._knows_signer, notes)):
            return
        self._has_asked_for_handovers = True
        with contextlib.suppress(AbsentError, RefusedError, AnswerError, NoteError):
            known = self._memory.handovers()
            fetched = [note for note in self._exchange.handovers() if note not in known]
            keys_after(self.keys, [*known, *fetched])
            self._memory.keep_handovers(fetched)
            self.keys = self._known_keys()

    def _knows_signer(self, note: str) -> bool:
        known = {(key.name, key.key_id) for key in self.keys}
        try:
            return any((line.name, line.key_id) in known for line in parse_note(note).signatures)
        except NoteError:
            return True

    def _known_keys(self) -> tuple[VerifierKey, ...]:
        pinned = [VerifierKey.parse(text) for text in self._memory.ledger_keys()]
        return tuple(keys_after(pinned, self._memory.handovers()))

    def note(self, receipt: Receipt, d: str, log_time: int, *, compared: bool) -> None:
        """Store what a verified receipt taught; do not keep a checkpoint that could not be compared."""
        self._memory.keep_log_time(d, log_time)
        self.compared = self.compared and compared
        if compared:
            checkpoint = self._checkpoint(receipt.checkpoint)
            newest = self._memory.newest_log_time()
            kept = keep_checkpoint(checkpoint, now=self._now(), newest_log_time=newest)
            self._memory.keep_checkpoint(CheckpointRecord(receipt.checkpoint, checkpoint.size, kept.kept_at))

    def see_newest(self) -> None:
        """Take in the newest checkpoint with the proof of its last leaf, which dates it; nothing before the first leaf.

        Raises VerificationError where it is not of the kept tree, and the errors of the transport.
        """
        if self._exchange is None:
            return
        note = self._exchange.checkpoint()
        self.learn_keys([note])
        if size := self._checkpoint(note).size:
            receipt = self._exchange.proof(size - 1)
            self.prove(receipt, d=receipt.leaf.d, k=receipt.leaf.k, a=receipt.leaf.a)

    def as_ledger(self) -> Ledger:
        """Return what is known, in the form that the envelope's verification takes."""
        record, checkpoint = self._memory.newest_checkpoint(), self._kept()
        return Ledger(
            keys=self.keys,
            kept=KeptCheckpoint(checkpoint, record.kept_at) if record and checkpoint else None,
            consistency=self._consistency,
            known_log_times=_LogTimes(self._memory),
        )

    def reference(self) -> CheckpointRef | None:
        """Return the kept checkpoint as own statements name it, so that peers can compare their views."""
        kept = self._kept()
        return None if kept is None else CheckpointRef(kept.size, b64u(kept.root))

    def compare(self, other: CheckpointRef) -> None:
        """Compare another agency's view of the ledger with the kept one; raise VerificationError.

        A hub that returns no proof for the two, or a malformed one, has not shown that they are one tree.
        """
        kept = self._kept()
        if kept is not None:
            compare_checkpoints(kept, Checkpoint(kept.origin, other.n, unb64u(other.root)), self._consistency)

    def compare_waiting(self) -> None:
        """Compare checkpoints that were used offline with the kept one; raise VerificationError."""
        for note in list(self._memory.uncompared()):
            kept = self._kept()
            if kept is not None:
                compare_checkpoints(kept, self._checkpoint(note), self._consistency)
            self._memory.drop_uncompared(note)

    def ask_ahead(self, notes: Iterable[str]) -> None:
        """Fetch in one go the proofs by which these checkpoints, in this order, will be compared with the kept one.

        Trusts nothing: each proof is judged when its turn comes, and a missing one is fetched alone.
        """
        pairs = [pair for pair in self._pairs_to_come(notes) if pair not in self._paths][:MOST_AHEAD]
        if self._exchange is None or len(pairs) < 2:
            return
        with contextlib.suppress(RefusedError, AnswerError):
            proofs = zip(pairs, self._exchange.consistencies(pairs), strict=True)
            self._paths.update({pair: path for pair, path in proofs if path is not None})

    def _pairs_to_come(self, notes: Iterable[str]) -> list[tuple[int, int]]:
        kept, pairs = self._kept(), []
        newest = kept.size if kept else 0
        for note in notes:
            with contextlib.suppress(EnvelopeError):
                size = self._checkpoint(note).size
                if newest not in (0, size):
                    pairs.append((min(newest, size), max(newest, size)))
                newest = max(newest, size)
        return list(dict.fromkeys(pairs))

    def _kept(self) -> Checkpoint | None:
        record = self._memory.newest_checkpoint()
        return None if record is None else self._checkpoint(record.note)

    def _checkpoint(self, note: str) -> Checkpoint:
        """Return the checkpoint of a note whose signature is good; verified once in an act."""
        if note not in self._checkpoints:
            self._checkpoints[note] = verify_checkpoint(note, self.keys)
        return self._checkpoints[note]

    def _consistency(self, first: int, second: int) -> Sequence[bytes] | None:
        if self._exchange is None:
            return None
        if (first, second) not in self._paths:
            try:
                self._paths[first, second] = self._exchange.consistency(first, second)
            except (AbsentError, AnswerError) as unproved:
                # A hub that shows a checkpoint without a proof has not shown that it is of the kept tree.
                raise VerificationError(Failure.LEDGER_FORK, "no consistency proof") from unproved
        return self._paths[first, second]


@dataclass(frozen=True)
class _LogTimes:
    """The log times in a memory, as verification asks for them."""

    memory: LogMemory

    def get(self, od: str, unknown: int, /) -> int:
        known = self.memory.log_time_of(od)
        return unknown if known is None else known
