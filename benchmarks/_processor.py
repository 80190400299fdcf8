# SPDX-License-Identifier: Apache-2.0
"""What a server has cost: processor time of its processes, of which others on the machine take nothing away."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_PARENT, _SESSION, _USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM = 1, 3, 11, 12, 13, 14
_TICKS_PER_SEC = os.sysconf("SC_CLK_TCK")


def processor_seconds(leader: int) -> float:
    """Of all processes in the session that `leader` leads, since each began; Linux alone tells."""
    return _seconds(
        int(fields[_USER]) + int(fields[_SYSTEM]) for fields in _all() if int(fields[_SESSION]) == leader
    )


def database_seconds(backend: int) -> float:
    """Of all processes of the database server to which this backend belongs, and of those that have ended."""
    server = int(_fields(Path(f"/proc/{backend}/stat"))[_PARENT])
    ended = _fields(Path(f"/proc/{server}/stat"))
    living = sum(
        int(fields[_USER]) + int(fields[_SYSTEM]) for fields in _all() if int(fields[_PARENT]) == server
    )
    return _seconds([living, int(ended[_ENDED_USER]), int(ended[_ENDED_SYSTEM])])


def _all() -> Iterator[list[str]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            yield _fields(stat)


def _fields(stat: Path) -> list[str]:
    """What stands after the name."""
    return stat.read_text().rpartition(")")[2].split()


def _seconds(ticks: Iterable[int]) -> float:
    return sum(ticks) / _TICKS_PER_SEC
