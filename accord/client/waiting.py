# SPDX-License-Identifier: Apache-2.0
"""Waiting for the hub: ask, pause a little longer each time, stop when the time is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

Found = TypeVar("Found")

FIRST_PAUSE_SECS: Final = 0.1
LONGEST_PAUSE_SECS: Final = 2.0


def wait_for(
    ask: Callable[[], Found | None], *, wait_secs: float, sleep: Callable[[float], None]
) -> Found | None:
    """Ask until there is an answer or `wait_secs` of pauses are used up; ask at least once."""
    pause, waited = FIRST_PAUSE_SECS, 0.0
    while True:
        found = ask()
        if found is not None or waited >= wait_secs:
            return found
        pause = min(pause, wait_secs - waited)
        sleep(pause)
        waited += pause
        pause = min(pause * 2, LONGEST_PAUSE_SECS)
