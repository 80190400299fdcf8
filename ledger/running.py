# SPDX-License-Identifier: Apache-2.0
"""Run the sequencer until told to stop: lead or wait, read a watched clock, run batches, halt.

- An untrusted clock halts it: it goes on leading, logs nothing, and begins again with fresh comparisons once a person has said
  so.
- A database or disk that fails is tried again, starting with leadership, as after a crash.
- The log says who leads and who waits, and when a trouble begins and ends, with the number of failed attempts.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import DatabaseError, connection

from accord.envelope.private import LedgerKey
from ledger.clock import WatchedClock
from ledger.entries import CoveredEntry
from ledger.errors import ClockError, NotLeadingError
from ledger.halting import halt_reason, halt_sequencer
from ledger.leadership import Leadership, lead
from ledger.sequencer import OnCheckpoint, sequence_batch

log = logging.getLogger(__name__)

POLL_SECS: Final = 0.1
HALTED_POLL_SECS: Final = 1.0
RETRY_SECS: Final = 1.0


@dataclass(frozen=True)
class Work:
    """The parts that one sequencer needs: key, state folder, clock factory, callbacks, and its sign of life."""

    key: LedgerKey
    folder: Path
    make_clock: Callable[[], WatchedClock]
    on_checkpoint: OnCheckpoint
    stop: threading.Event
    show_life: Callable[[], None]
    on_covered: Callable[[list[CoveredEntry], datetime], object] = lambda covered, now: None


def run_sequencer(work: Work) -> None:
    """Work until `stop` is set. Raises `LedgerError`, except a halt, for what only a person can decide."""
    trouble = _Trouble()
    while not work.stop.is_set():
        try:
            _lead(work, trouble)
        except NotLeadingError:
            return
        except (DatabaseError, OSError) as failure:
            trouble.note(failure)
            connection.close()
            work.show_life()
            work.stop.wait(RETRY_SECS)


@dataclass
class _Trouble:
    """A lasting failure: its kind and its end are logged once."""

    kinds: set[str] = field(default_factory=set)
    attempts: int = 0
    since: float = 0.0

    def note(self, failure: Exception) -> None:
        kind = type(failure).__name__
        if not self.attempts:
            self.since = time.monotonic()
        self.attempts += 1
        if kind not in self.kinds:
            self.kinds.add(kind)
            log.error("sequencer interrupted", extra={"cause": kind, "text": _one_line(failure)})

    def end(self) -> None:
        if self.attempts:
            lasted = round(time.monotonic() - self.since)
            log.warning("sequencer works again", extra={"attempts": self.attempts, "secs": lasted})
            self.kinds.clear()
            self.attempts = 0


def _one_line(failure: Exception) -> str:
    """Return the first line of a failure's text: the server's message, without the SQL statement."""
    return (str(failure).splitlines() or [""])[0]


def _lead(work: Work, trouble: _Trouble) -> None:
    said_waiting = False

    def wait() -> bool:
        nonlocal said_waiting
        if not said_waiting:
            trouble.end()
            log.info("another sequencer leads, this one waits", extra={"pid": os.getpid()})
            said_waiting = True
        work.show_life()
        return not work.stop.wait(POLL_SECS)

    with lead(work.folder, retry=wait) as leadership:
        log.info("this sequencer leads", extra={"pid": os.getpid(), "epoch": leadership.epoch})
        while not work.stop.is_set():
            _stand_still_while_halted(work)
            if work.stop.is_set():
                return
            try:
                _sequence(work, leadership, trouble)
            except ClockError as refused:
                halt_sequencer(str(refused))
                log.critical("sequencer halted", extra={"text": str(refused)})


def _stand_still_while_halted(work: Work) -> None:
    reason = halt_reason()
    if not reason:
        return
    log.error("sequencer stands still until a person has looked", extra={"text": reason})
    while halt_reason() and not work.stop.is_set():
        work.show_life()
        work.stop.wait(HALTED_POLL_SECS)
    log.warning("sequencer goes on")


def _sequence(work: Work, leadership: Leadership, trouble: _Trouble) -> None:
    """Run a batch every tenth of a second, or at once after a full one; entries that arrive meanwhile share the next signature."""
    clock = work.make_clock()
    while not work.stop.is_set():
        now = clock.read()
        outcome = sequence_batch(now, work.key, work.folder, work.on_checkpoint, leadership=leadership)
        trouble.end()
        if outcome.covered:
            work.on_covered(outcome.covered, now)
        work.show_life()
        if not outcome.is_full:
            work.stop.wait(POLL_SECS)
