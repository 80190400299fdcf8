# SPDX-License-Identifier: Apache-2.0
"""Worlds that many tests begin with: built once a process, then put back from memory, each time as good as new.

To build one through the services takes longer than most tests. The rows, the files of the sequencer's state folder
and copies of the objects come back; nothing that a test does reaches the next one.
"""

import copy
import math
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from django.db import connection, transaction
from psycopg import sql

from officers.models import Officer
from peers.models import Agency
from tests.one_seed import drawn_as
from tests.speedups import WITHOUT_SPEEDUPS

NOT_OF_A_WORLD: Final = frozenset({"django_migrations", "django_content_type", "auth_permission"})
"""Tables that migrations fill."""
FRESH_SECONDS: Final = 60.0
"""The age at which a world is built anew, if its clock began with it or a while before it."""

W = TypeVar("W")


@dataclass(frozen=True)
class _Kept:
    """A built world: its objects, rows and files.

    - `rows`: by table, as COPY writes them.
    - `files`: modes and octets by name; folders have no octets.
    - `folder`: the folder that the objects were built with.
    """

    world: Any
    folder: Path
    rows: Mapping[str, bytes]
    files: Mapping[str, tuple[int, bytes | None]]
    at: float


_worlds: dict[str, _Kept] = {}
_present: list[tuple[str, float]] = []
"""Name and age of the world that came last into an empty database."""


def restored_world(
    name: str, build: Callable[[Path], W], folder: Path, *, fresh_seconds: float = math.inf
) -> W:
    """Return the world that `build` makes with its state in `folder`; in a database that is not empty it is always built."""
    _present.clear()
    if WITHOUT_SPEEDUPS or Agency.objects.exists() or Officer.objects.exists():
        return build(folder)
    kept = _worlds.get(name)
    if kept is not None and time.monotonic() - kept.at < fresh_seconds:
        _present.append((name, kept.at))
        put_back(kept.rows, kept.files, folder)
        # The copies hold the new folder wherever the objects held theirs.
        return copy.deepcopy(kept.world, {id(kept.folder): folder})  # type: ignore[no-any-return]
    at = time.monotonic()
    with drawn_as(f"world {name}"):
        world = build(folder)
    kept_objects = copy.deepcopy(world, {id(folder): folder})
    _worlds[name] = _Kept(
        kept_objects,
        folder,
        rows_of(_tables()),
        dict(files_in(folder)),
        at,
    )
    # In place of a world that this one was built upon.
    _present[:] = [(name, at)]
    return world


def present_world() -> tuple[str, float] | None:
    """Return name and age of the world that the database holds since its restoration; None for one that was built where something was."""
    return _present[0] if _present else None


def put_back(
    rows: Mapping[str, bytes],
    files: Mapping[str, tuple[int, bytes | None]],
    folder: Path,
    *,
    is_empty: bool = True,
) -> None:
    """Put these rows and files in place of those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (mode, octets) in files.items():
        if octets is None:
            (folder / name).mkdir(exist_ok=True)
        else:
            (folder / name).write_bytes(octets)
        (folder / name).chmod(mode)
    # References are checked at the end of the transaction, so tables may come in any order.
    with transaction.atomic(), connection.cursor() as cursor:
        # Without triggers: one would bind the audit's rows anew, at another time.
        cursor.execute("SET LOCAL session_replication_role = replica")
        if not is_empty:
            deletes = (sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in rows)
            cursor.execute(sql.SQL("; ").join(deletes))
        for table, octets in rows.items():
            if octets:
                with cursor.copy(_copy(table, "FROM STDIN")) as into:
                    into.write(octets)
        cursor.execute("SET LOCAL session_replication_role = origin")


def files_in(folder: Path) -> Iterator[tuple[str, tuple[int, bytes | None]]]:
    """Yield name, mode and octets of all that is in a folder; a folder comes before its content."""
    for path in sorted(folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        yield str(path.relative_to(folder)), (mode, None if path.is_dir() else path.read_bytes())


def rows_of(tables: Iterable[str]) -> dict[str, bytes]:
    """Return the rows of these tables, as COPY writes them."""
    rows = {}
    with connection.cursor() as cursor:
        for table in tables:
            with cursor.copy(_copy(table, "TO STDOUT")) as out:
                rows[table] = b"".join(map(bytes, out))
    return rows


@cache
def _tables() -> list[str]:
    with connection.cursor() as cursor:
        return sorted(set(connection.introspection.table_names(cursor)) - NOT_OF_A_WORLD)


def _copy(table: str, direction: str) -> sql.Composed:
    return sql.SQL("COPY {} " + direction).format(sql.Identifier(table))
