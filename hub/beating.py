# SPDX-License-Identifier: Apache-2.0
"""The scheduler of each half's beat: in memory, and seen to live by a file that it touches (`HEARTBEAT_FILE`).

Celery's own keeps the times of its last messages in a file; where that is damaged, beat ends or stands still. Each task may run
at any time and twice, so nothing is lost with the memory.
"""

import os
from pathlib import Path
from typing import Any, Final

from celery.beat import Scheduler

LOOKS_EVERY_SECS: Final = 15


class Beating(Scheduler):  # type: ignore[misc]
    """Looks at least each 15 seconds for what is due."""

    max_interval = LOOKS_EVERY_SECS

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Ask for what is due, then say that beat lives; the seconds until it looks again."""
        pause: float = super().tick(*args, **kwargs)
        # Beside a worker, which has that file for itself, beat shows nothing.
        if os.environ["HUB_ROLE"].endswith("-beat") and "HEARTBEAT_FILE" in os.environ:
            Path(os.environ["HEARTBEAT_FILE"]).touch()
        return min(pause, LOOKS_EVERY_SECS)
