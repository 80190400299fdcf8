# SPDX-License-Identifier: Apache-2.0
"""How far a large movement of octets has come: sealing, sending, fetching, writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Progress = Callable[[str, int, int], None]
"""Told what is done (`sealing`, `sending`, `fetching`, `writing`), how many octets of it, and of how many."""

SEALING: Final = "sealing"
SENDING: Final = "sending"
FETCHING: Final = "fetching"
WRITING: Final = "writing"


def tell_nobody(what: str, done: int, total: int) -> None:
    """The progress of those who do not ask for it."""


class Meter:
    """Adds up what moved, and tells the sum; `total` in octets."""

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self._progress = progress
        self._what = what
        self._total = total
        self._done = 0

    def __call__(self, octets: int) -> None:
        """So many octets more; fewer, where something begins again."""
        self._done += octets
        self._progress(self._what, self._done, self._total)
