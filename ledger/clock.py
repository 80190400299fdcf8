# SPDX-License-Identifier: Apache-2.0
"""The sequencer's watched clock: a reading that is ahead would stay in the log for good.

- Compared with `CLOCK_BOOTTIME`, which nobody can set, the clock may move by five minutes between two comparisons.
- At the start, after a sleep and every minute it is compared with the database server's clock and with the configured time
  sources. A difference over five minutes is refused, whichever side is wrong: a person has to look.
- A source that does not answer refuses nothing. Where no source answers at the start, a ledger whose last leaf (or last
  confirmation by a person) is older than seven days waits for a person; in development this is only logged.
- A clock that is behind does no harm: a leaf is never older than the one before (`ledger.sequencer`).

Time sources are asked in threads of their own; only the start and the end of a sleep wait for them.
"""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from django.db import connection

import callers.clock
from ledger.errors import ClockDiffersError, ClockSteppedError, LongSilenceError

log = logging.getLogger(__name__)

MAX_DIFFERENCE: Final = timedelta(minutes=5)
MAX_SILENCE: Final = timedelta(days=7)
COMPARE_EVERY_SECS: Final = 60.0
SLEPT_SECS: Final = 1.0
"""The machine has slept when its two kernel clocks differ by more than this."""
ANSWERS_WITHIN_SECS: Final = 5.0
DATABASE: Final = "the database server"


class Clock(Protocol):
    """Time of day, and seconds since the machine started: with and without its sleep."""

    def now(self) -> datetime: ...

    def boot_seconds(self) -> float: ...

    def awake_seconds(self) -> float: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return callers.clock.now()

    def boot_seconds(self) -> float:
        """Return seconds since start, with sleep; without `CLOCK_BOOTTIME` the monotonic clock, where a sleep looks like a step."""
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

    def awake_seconds(self) -> float:
        return time.monotonic()


class TimeSource(Protocol):
    """Another clock."""

    @property
    def name(self) -> str: ...

    def ask(self) -> datetime:
        """Return its time. Raises OSError where it does not answer."""
        ...


class DatabaseClock:
    """The database server's clock, advanced as this process's clock is; on the same machine both are the same."""

    name = DATABASE

    def ask(self) -> datetime:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            moment: datetime = cursor.fetchone()[0]
        return moment + callers.clock.offset()


@dataclass(frozen=True)
class Anchor:
    """A compared reading: time of day, and both kernel clocks."""

    now: datetime
    boot: float
    awake: float


class WatchedClock:
    """A clock whose time may be logged. One thread reads it."""

    def __init__(
        self,
        clock: Clock,
        *,
        database: TimeSource,
        sources: Sequence[TimeSource] = (),
        last_seen: datetime | None = None,
        waits_for_person: bool = True,
    ) -> None:
        """Compare at once; `last_seen` is the last leaf or the last confirmation by a person. Raises as `read`.

        Also raises `LongSilenceError`, for which `waits_for_person` is false in development.
        """
        self._clock, self._database, self._sources = clock, database, tuple(sources)
        self._silent: frozenset[str] = frozenset()
        self._asked: dict[str, Future[timedelta]] = {}
        self._known: dict[str, timedelta] = {}
        self._anchor = self._reading()
        answered = self._compare_all()
        if not answered:
            self._require_recent(last_seen, waits_for_person)

    def read(self) -> datetime:
        """Return the time of day. Raises `ClockSteppedError` or `ClockDiffersError`, after which nothing may be logged."""
        reading = self._reading()
        passed = timedelta(seconds=reading.boot - self._anchor.boot)
        step = reading.now - self._anchor.now - passed
        if abs(step) > MAX_DIFFERENCE:
            raise ClockSteppedError(step)
        slept = (reading.boot - self._anchor.boot) - (reading.awake - self._anchor.awake)
        if slept > SLEPT_SECS:
            self._anchor = reading
            self._compare_all()
        elif passed.total_seconds() >= COMPARE_EVERY_SECS:
            self._anchor = reading
            self._ask_database()
            self._ask_sources()
        self._take_answers()
        self._require_agreement()
        return reading.now

    def _reading(self) -> Anchor:
        return Anchor(self._clock.now(), self._clock.boot_seconds(), self._clock.awake_seconds())

    def _compare_all(self) -> bool:
        """Compare with every source and wait for the answers; return whether a configured source answered."""
        self._known.clear()
        self._ask_sources()
        self._ask_database()
        wait(self._asked.values(), timeout=ANSWERS_WITHIN_SECS)
        has_answer = self._take_answers(is_over=True)
        self._require_agreement()
        return has_answer

    def _ask_database(self) -> None:
        """Ask the database in this thread, which owns the connection."""
        self._known[self._database.name] = difference_to(self._database, self._clock)

    def _ask_sources(self) -> None:
        for source in self._sources:
            if source.name not in self._asked:
                self._asked[source.name] = _start_asking(source, self._clock)

    def _take_answers(self, *, is_over: bool = False) -> bool:
        """Take answers that have arrived, and return whether there were any; with `is_over`, missing ones count as silent."""
        done = {name: asked for name, asked in self._asked.items() if asked.done()}
        good = {name: asked.result() for name, asked in done.items() if asked.exception() is None}
        late = self._asked.keys() - done.keys() if is_over else set()
        for name in done:
            del self._asked[name]
            self._known.pop(name, None)
        self._known |= good
        self._note_silence((self._silent | (done.keys() - good.keys()) | late) - good.keys())
        return bool(good)

    def _require_agreement(self) -> None:
        """Raise `ClockDiffersError` for the source that differs most, naming those that agree with this clock."""
        if not self._known:
            return
        name, difference = max(self._known.items(), key=lambda known: abs(known[1]))
        if abs(difference) > MAX_DIFFERENCE:
            agreeing = [other for other, far in self._known.items() if abs(far) <= MAX_DIFFERENCE]
            raise ClockDiffersError(name, difference, agreeing)

    def _note_silence(self, silent: Iterable[str]) -> None:
        silent = frozenset(silent)
        for name in sorted(silent - self._silent):
            log.warning("time source does not answer", extra={"source": name})
        for name in sorted(self._silent - silent):
            log.warning("time source answers again", extra={"source": name})
        self._silent = silent

    def _require_recent(self, last_seen: datetime | None, waits_for_person: bool) -> None:
        silence = self._anchor.now - last_seen if last_seen else timedelta(0)
        if silence <= MAX_SILENCE:
            return
        if waits_for_person:
            raise LongSilenceError(silence)
        log.warning("no time source vouches for the clock", extra={"days_since_last_leaf": silence.days})


def difference_to(source: TimeSource, clock: Clock) -> timedelta:
    """Return by how much a source is ahead of the clock. Raises OSError where it does not answer."""
    before = clock.now()
    there = source.ask()
    return there - (before + (clock.now() - before) / 2)


def differences(clock: Clock, sources: Iterable[TimeSource]) -> Mapping[str, timedelta | None]:
    """Return by how much each source is ahead of the clock, asked one after another; None for one that does not answer."""
    found: dict[str, timedelta | None] = {}
    for source in sources:
        try:
            found[source.name] = difference_to(source, clock)
        except OSError:
            found[source.name] = None
    return found


def _start_asking(source: TimeSource, clock: Clock) -> Future[timedelta]:
    """Ask in a thread that ends with the answer, so that a source that hangs delays no other."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="time-source")
    try:
        return executor.submit(difference_to, source, clock)
    finally:
        executor.shutdown(wait=False)
