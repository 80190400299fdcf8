# SPDX-License-Identifier: Apache-2.0
"""The progress of large attachments: one line on standard error, redrawn in place."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

WORTH_SHOWING_BYTES: Final = 1024 * 1024
REDRAWN_AFTER_SECS: Final = 0.1
MIB: Final = 1024 * 1024


class ProgressLine:
    """An `accord.client.progress.Progress` for a terminal; `clock` counts seconds from any moment."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._drawn_at: float | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """Draw, at most ten times a second and once at the end."""
        if total < WORTH_SHOWING_BYTES:
            return
        now, ended = self._clock(), done >= total
        if ended or self._drawn_at is None or now - self._drawn_at >= REDRAWN_AFTER_SECS:
            share = min(100 * done // total, 100)
            line = f"\r{what} {share:3d} %  {done / MIB:.1f} of {total / MIB:.1f} MiB"
            print(line, end="\n" if ended else "", file=sys.stderr, flush=True)
            self._drawn_at = None if ended else now
