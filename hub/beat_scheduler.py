# SPDX-License-Identifier: Apache-2.0
"""Scheduler of each half's beat: it keeps its state in memory and touches a file to show that it lives (`HEARTBEAT_FILE`).

Celery's own scheduler keeps the times of its last messages in a file; if that is damaged, beat ends or hangs. Each task
may run at any time and again, so nothing is lost with the memory.
"""

import os
from pathlib import Path
from typing import Any, Final

from celery.beat import Scheduler

LOOKS_EVERY_SECS: Final = 15


class MemoryScheduler(Scheduler):  # type: ignore[misc]
    """Scheduler that looks for due tasks at least every 15 seconds."""

    max_interval = LOOKS_EVERY_SECS

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Start due tasks, then show that beat lives; return the seconds until the next look."""
        pause: float = super().tick(*args, **kwargs)
        # Where beat runs with a worker, which uses that file itself, beat does not touch it.
        if os.environ["HUB_ROLE"].endswith("-beat") and "HEARTBEAT_FILE" in os.environ:
            Path(os.environ["HEARTBEAT_FILE"]).touch()
        return min(pause, LOOKS_EVERY_SECS)
