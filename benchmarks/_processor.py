# SPDX-License-Identifier: Apache-2.0
"""What a server has cost: processor time of its processes, of which others on the machine take nothing away."""

import os
from contextlib import suppress
from pathlib import Path

_SESSION, _USER, _SYSTEM = 3, 11, 12
_TICKS_PER_SEC = os.sysconf("SC_CLK_TCK")


def processor_seconds(leader: int) -> float:
    """Of all processes in the session that `leader` leads, since each began; Linux alone tells."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[_SESSION]) == leader:
                ticks += int(fields[_USER]) + int(fields[_SYSTEM])
    return ticks / _TICKS_PER_SEC
