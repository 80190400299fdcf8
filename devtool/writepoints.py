# SPDX-License-Identifier: Apache-2.0
"""Write points: a trial records the order of a process's durable writes, or ends the process at one.

- Files: made, synced, linked, renamed, removed, and a folder synced.
- Database: each statement that changes rows, and each commit.
- Exchange: each call that hands something in.

Each is recorded before it is done and once it is done.
"""

import functools
import os
import re
import signal
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

Note = Callable[[str], None]
CHANGES: Final = ("INSERT", "UPDATE", "DELETE")
ARMED, KILLED, SEEN = "armed", "killed", "seen"
CONTROL: Final = "KILL_CONTROL"
"""The variable that names the folder of these three files."""
FOLDERS: Final = "KILL_FOLDERS"
"""The variable that names the folders whose files are watched, with colons between."""


@contextmanager
def file_writes(folders: tuple[Path, ...], note: Note) -> Generator[None]:
    """Record operations on files below these folders, as long as the block lasts."""
    before = {name: getattr(os, name) for name in ("open", "fsync", "link", "replace", "unlink")}
    watched = tuple(f"{folder}/" for folder in folders)

    def is_watched(path: object) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(watched)

    def opened(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        with _noted(note, f"make {_name(path)}", flags & os.O_CREAT and is_watched(path)):
            return int(before["open"](path, flags, *rest, **named))

    def synced(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        with _noted(note, f"sync {'folder' if is_folder else _name(path)}", is_watched(f"{path}/")):
            before["fsync"](descriptor)

    def moved(verb: str, source: Any, target: Any, **named: Any) -> None:
        with _noted(note, f"{verb} {_name(target)}", is_watched(target)):
            before[verb](source, target, **named)

    def removed(path: Any, **named: Any) -> None:
        with _noted(note, f"unlink {_name(path)}", is_watched(path)):
            before["unlink"](path, **named)

    os.open, os.fsync, os.unlink = opened, synced, removed  # type: ignore[assignment]
    os.link, os.replace = functools.partial(moved, "link"), functools.partial(moved, "replace")
    try:
        yield
    finally:
        for name, real in before.items():
            setattr(os, name, real)


def note_database(note: Note) -> None:
    """Record this process's changes to its database, from now on."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

    execute, commit = CursorWrapper._execute, BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def executed(self: Any, sql: Any, *rest: Any) -> Any:
        words = str(sql).split(maxsplit=3)
        changes = bool(words) and words[0] in CHANGES
        with _noted(note, " ".join(words[:3]).lower(), changes):
            return execute(self, sql, *rest)

    def committed(self: Any) -> None:
        with _noted(note, "commit", True):
            commit(self)

    CursorWrapper._execute = executed  # type: ignore[attr-defined]
    BaseDatabaseWrapper._commit = committed  # type: ignore[attr-defined]


def note_exchange(note: Note) -> None:
    """Record what this process hands in at its exchange, from now on."""
    from accord.calls.transport import HttpTransport

    write = HttpTransport._write

    def written(self: HttpTransport, method: str, path: str, *rest: Any, **named: Any) -> Any:
        with _noted(note, f"{method.lower()} {path.rpartition('/')[2]}", True):
            return write(self, method, path, *rest, **named)

    HttpTransport._write = written  # type: ignore[method-assign]


class Killer:
    """A killer: ends this process and its group by SIGKILL at the numbered point, once, and records the points.

    The number is in a file; a second line in it is a pattern: only points that match it are counted.
    """

    def __init__(self, control: Path) -> None:
        self._control, self._count, self._armed_at = control, 0, 0

    def __call__(self, point: str) -> None:
        armed = self._control / ARMED
        try:
            number, _, pattern = armed.read_text().partition("\n")
            armed_at = armed.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if armed_at != self._armed_at:
            # Counted from when it was armed, whatever this process wrote before.
            self._armed_at, self._count = armed_at, 0
        # The state before a write is the same as after the previous one.
        if point.startswith("before ") or not re.search(pattern, point):
            return
        self._count += 1
        with (self._control / SEEN).open("a") as seen:
            seen.write(f"{point}\n")
        if self._count == int(number):
            armed.rename(self._control / KILLED)
            os.killpg(os.getpgid(0), signal.SIGKILL)


@contextmanager
def _noted(note: Note, point: str, counts: object) -> Generator[None]:
    if counts:
        note(f"before {point}")
    yield
    if counts:
        note(f"after {point}")


def _name(path: object) -> str:
    """Return the file's name, without the parts that are drawn anew each time."""
    with suppress(TypeError):
        name = Path(os.fspath(path)).name  # type: ignore[call-overload]
        return name.rpartition(".")[0] if name.startswith(".") else name
    return "a descriptor"
