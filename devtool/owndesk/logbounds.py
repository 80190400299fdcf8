# SPDX-License-Identifier: Apache-2.0
"""Bounds on logs of processes that run for months: each keeps its last part, and the part before that."""

import shutil
from pathlib import Path
from typing import Final

LARGEST_BYTES: Final = 20 * 1024 * 1024


def bound_logs(folder: Path, *, largest_bytes: int = LARGEST_BYTES) -> None:
    """Move the part of a log beyond its size aside, replacing the earlier one.

    The file stays the same one, since its writer has it open, and appends.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > largest_bytes:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate(0)
