# SPDX-License-Identifier: Apache-2.0
"""Processor time of a server's processes, which other work on the machine does not distort."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_PARENT, _SESSION, _USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM = 1, 3, 11, 12, 13, 14
_TICKS_PER_SEC = os.sysconf("SC_CLK_TCK")


def processor_seconds(leader: int) -> float:
    """Return the total of all processes in the session of `leader`, since each began; Linux only."""
    return _seconds(
        int(fields[_USER]) + int(fields[_SYSTEM]) for fields in _all() if int(fields[_SESSION]) == leader
    )


def database_seconds(backend: int) -> float:
    """Return the total of all processes of this backend's database server, including ended ones."""
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
    """Return the fields after the process name."""
    return stat.read_text().rpartition(")")[2].split()


def _seconds(ticks: Iterable[int]) -> float:
    return sum(ticks) / _TICKS_PER_SEC
