# SPDX-License-Identifier: Apache-2.0
"""Logs of processes that run for months: each keeps its last part, and the part before that."""

import shutil
from pathlib import Path
from typing import Final

LARGEST_BYTES: Final = 20 * 1024 * 1024


def bound_logs(folder: Path, *, largest_bytes: int = LARGEST_BYTES) -> None:
    """Put what a log has beyond its size aside, in place of what was put aside before.

    The file stays the same one, since whoever writes into it has it open, and appends.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > largest_bytes:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate(0)
