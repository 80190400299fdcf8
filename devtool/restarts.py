# SPDX-License-Identifier: Apache-2.0
"""Restart times of a process that has ended: at once, then after longer and longer waits, and never given up."""

from dataclasses import dataclass
from typing import Final

WAITS_SECONDS: Final = (0, 1, 2, 4, 8, 16, 30)
STEADY_AFTER_SECONDS: Final = 60
"""A process that ran this long since its start begins with the first wait again."""


@dataclass
class Restarts:
    """The ends and starts of one process; `now` is the monotonic clock's, in seconds."""

    ends: int = 0
    due: float | None = None
    """The time of the next start; None while it runs."""
    started: float = float("-inf")

    def note_end(self, now: float) -> int:
        """Return the seconds until it is started again."""
        if now - self.started > STEADY_AFTER_SECONDS:
            self.ends = 0
        wait = WAITS_SECONDS[min(self.ends, len(WAITS_SECONDS) - 1)]
        self.ends += 1
        self.due = now + wait
        return wait

    def note_start(self, now: float) -> None:
        self.due, self.started = None, now
