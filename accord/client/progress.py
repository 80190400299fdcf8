# SPDX-License-Identifier: Apache-2.0
"""Progress of a large movement of octets: sealing, sending, fetching, writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Progress = Callable[[str, int, int], None]
"""Called with the act (`sealing`, `sending`, `fetching`, `writing`), the octets done, and the total."""

SEALING: Final = "sealing"
SENDING: Final = "sending"
FETCHING: Final = "fetching"
WRITING: Final = "writing"


def tell_nobody(what: str, done: int, total: int) -> None:
    """Do nothing: the progress of callers that do not ask for it."""


class Meter:
    """A counter of moved octets that reports the sum; `total` in octets."""

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self._progress = progress
        self._what = what
        self._total = total
        self._done = 0

    def __call__(self, octets: int) -> None:
        """Add so many octets; a negative number where something begins again."""
        self._done += octets
        self._progress(self._what, self._done, self._total)
