# SPDX-License-Identifier: Apache-2.0
"""A clock that a test sets, and other clocks to compare it with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock for which time passes, the machine sleeps, or somebody sets the time, each separately."""

    time: datetime = START
    boot: float = 100.0
    awake: float = 100.0

    def now(self) -> datetime:
        return self.time

    def boot_seconds(self) -> float:
        return self.boot

    def awake_seconds(self) -> float:
        return self.awake

    def passes(self, seconds: float) -> None:
        self.sleeps(seconds)
        self.awake += seconds

    def sleeps(self, seconds: float) -> None:
        self.boot += seconds
        self.time += timedelta(seconds=seconds)

    def is_set(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Elsewhere:
    """Another clock, `ahead` of the true time that `true` tells; or one that does not answer."""

    name: str
    true: SetClock
    ahead: timedelta = timedelta(0)
    is_away: bool = False
    asked: int = field(default=0)

    def ask(self) -> datetime:
        self.asked += 1
        if self.is_away:
            raise OSError(self.name)
        return self.true.now() + self.ahead
