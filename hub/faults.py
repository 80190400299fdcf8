# SPDX-License-Identifier: Apache-2.0
"""Record of a database that refuses to store for want of room, which makes this process unready for a while.

The caller is answered 503 (`callers.problems.DATABASE_BUSY`); readiness tells the balancer.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

FULL: Final = frozenset({"53100", "53200"})
"""SQLSTATE: disk full, out of memory."""
REMEMBERED_SECS: Final = 30.0
"""After this time a request is admitted again, and shows whether the fault is over."""


class StorageFaults:
    """Time at which the database last refused to store for want of room, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: float | None = None

    def note(self, error: BaseException | None) -> None:
        """Record the error if it is of that kind."""
        if getattr(error.__cause__ if error else None, "sqlstate", None) in FULL:
            with self._lock:
                self._last = self._clock()

    def is_lately(self) -> bool:
        """Tell whether this happened recently."""
        with self._lock:
            return self._last is not None and self._clock() - self._last < REMEMBERED_SECS


STORAGE: Final = StorageFaults()
