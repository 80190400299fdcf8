# SPDX-License-Identifier: Apache-2.0
"""A database that refuses to store for want of room makes this process unfit, and is remembered for a while.

The caller is told 503 (`hub.problems.DATABASE_BUSY`); readiness says so to the balancer.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

FULL: Final = frozenset({"53100", "53200"})
"""SQLSTATE: disk full, out of memory."""
REMEMBERED_SECS: Final = 30.0
"""Afterwards a request is let in again, and tells whether the fault has gone."""


class StorageFaults:
    """When the database last refused to store for want of room, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: float | None = None

    def note(self, error: BaseException | None) -> None:
        """Remember the error if it is of that kind."""
        if getattr(error.__cause__ if error else None, "sqlstate", None) in FULL:
            with self._lock:
                self._last = self._clock()

    def is_lately(self) -> bool:
        """Whether it was so a moment ago."""
        with self._lock:
            return self._last is not None and self._clock() - self._last < REMEMBERED_SECS


STORAGE: Final = StorageFaults()
