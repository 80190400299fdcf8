# SPDX-License-Identifier: Apache-2.0
"""The memory use of processes together, with everything that they have started."""

import resource
import subprocess
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MemoryUse:
    """A sum over processes; `is_shared_once` where a page that several share is counted once (Linux)."""

    mebibytes: int
    processes: int
    is_shared_once: bool

    def __str__(self) -> str:
        kind = "PSS" if self.is_shared_once else "RSS"
        return f"{self.mebibytes} MiB ({kind}) in {self.processes} processes"


def memory_of(leaders: Collection[int]) -> MemoryUse:
    """Return the present memory use of these processes and their descendants."""
    rows = _all_processes()
    family, size = set[int](), -1
    while size != len(family):
        size = len(family)
        family |= {pid for pid, parent, _rss in rows if pid in leaders or parent in family}
    rss = {pid: kibibytes for pid, _parent, kibibytes in rows if pid in family}
    pss = {pid: found for pid in family if (found := _pss_of(pid)) is not None}
    whole = sum(pss.get(pid, rss[pid]) for pid in family)
    return MemoryUse(round(whole / 1024), len(family), bool(pss))


def _all_processes() -> list[tuple[int, int, int]]:
    """Return number, parent's number and resident kibibytes of each process."""
    if Path("/proc/self/stat").exists():
        numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
        return [row for pid in numbers if (row := _row_of(pid)) is not None]
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [(int(pid), int(parent), int(rss)) for pid, parent, rss in rows]


def _row_of(pid: int) -> tuple[int, int, int] | None:
    """Read one process on Linux; None for one that has just ended."""
    with suppress(OSError, ValueError, IndexError):
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pid, parent, pages * resource.getpagesize() // 1024
    return None


def _pss_of(pid: int) -> int | None:
    """Return kibibytes, each shared page divided among its users; None where the system does not say."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return None
