# SPDX-License-Identifier: Apache-2.0
"""Stages of a restored world: acts that many tests begin with are played once a process and then put back from memory.

An act is put back only where playing it would do the same: the world was restored, since then there were only such acts
and nothing else was written, no setting is changed and nothing patched, the exchange behaves, and no statement is
counted. Elsewhere it is played.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from django.conf import UserSettingsHolder, settings
from django.db import connection
from django.db.models import Model

from tests.desk_calls import answer_as_of, moment_of_answers, the_exchange
from tests.one_seed import drawn_as
from tests.restored_worlds import files_in, present_world, put_back, rows_of

WRITTEN: Final = """
    SELECT relname, pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
        + pg_stat_get_xact_tuples_deleted(oid)
    FROM pg_class
    WHERE relkind = 'r' AND relnamespace IN (current_schema()::regnamespace, 'pg_catalog'::regnamespace)
"""
"""How many rows the present transaction wrote, by table; changes of a table itself are rows of the catalogue."""

T = TypeVar("T")


@dataclass(frozen=True)
class _Stage:
    """The outcome of an act: the world, the rows given to it and its value as of then, rows of all tables written since the
    restoration, files, callbacks on commit, and calls to the exchange with their moment.
    """

    world: Any
    given: Sequence[Model]
    value: Any
    rows: Mapping[str, bytes]
    files: Mapping[str, tuple[int, bytes | None]]
    on_commit: list[Any]
    asked: list[str]
    moment: datetime | None


_stages: dict[tuple[Any, ...], _Stage] = {}


class Stages:
    """The acts of one test on a world of dataclasses and rows, as far as each followed upon the one before."""

    def __init__(self, world: Any, folder: Path, patches: pytest.MonkeyPatch) -> None:
        """`world` was restored a moment ago, with its state in `folder`."""
        self._world, self._folder, self._patches = world, folder, patches
        self._path: tuple[Any, ...] | None = present_world() if connection.in_atomic_block else None
        self._rows: Mapping[str, bytes] = {}
        self._written = {} if self._path is None else _written()

    def __deepcopy__(self, memo: dict[int, Any]) -> None:
        """Leave them out of every copy of a world."""

    def act(self, step: object, play: Callable[[], T], *given: Model) -> T:
        """Return what `play` returns, played or put back.

        `step` names all that it depends on besides the world; without one it is played. `given` are rows that it may change.
        """
        if step is None or not self._goes_on():
            self._path = None
        if self._path is None:
            return play()
        path = (*self._path, step)
        value = self._put_back(_stages[path], given) if path in _stages else self._play(path, play, given)
        self._path = path
        return value

    def _goes_on(self) -> bool:
        """Tell whether nothing happened besides acts, and all is as ever."""
        if self._path is None or connection.force_debug_cursor or connection.execute_wrappers:
            return False
        is_patched = self._patches._setattr or self._patches._setitem
        if is_patched or isinstance(settings._wrapped, UserSettingsHolder) or not the_exchange.is_behaving:
            return False
        return _written() == self._written

    def _play(self, path: tuple[Any, ...], play: Callable[[], T], given: Sequence[Model]) -> T:
        written, rows = self._written, self._rows
        on_commit: list[Any] = connection.run_on_commit
        waiting, asked = len(on_commit), len(the_exchange.asked)
        with drawn_as(f"stage {path[2:]}"):
            value = play()
        self._written = _written()
        self._rows = {
            **rows,
            **rows_of(table for table, n in self._written.items() if n != written.get(table)),
        }
        for old in [known for known in _stages if known[0] == path[0] and known[1] != path[1]]:
            del _stages[old]
        _stages[path] = _Stage(
            *copy.deepcopy((self._world, given, value)),
            self._rows,
            dict(files_in(self._folder)),
            [call for _, *call in on_commit[waiting:]],
            the_exchange.asked[asked:],
            moment_of_answers(),
        )
        return value

    def _put_back(self, stage: _Stage, given: Sequence[Model]) -> Any:
        changed = {table: rows for table, rows in stage.rows.items() if rows is not self._rows.get(table)}
        put_back(changed, stage.files, self._folder, is_empty=False)
        on_commit: list[Any] = connection.run_on_commit
        on_commit += [(set(connection.savepoint_ids), *call) for call in stage.on_commit]
        the_exchange.asked += stage.asked
        if stage.moment is not None:
            answer_as_of(stage.moment)
        self._rows, self._written = stage.rows, _written()
        # Copies refer to the objects of this test wherever they referred to the kept ones.
        pairs = dict[int, Any]()
        rows = [*_rows_in(self._world, stage.world, pairs), *zip(given, stage.given, strict=True)]
        pairs |= {id(kept): row for row, kept in rows}
        for row, kept in rows:
            vars(row).clear()
            vars(row).update(copy.deepcopy(vars(kept), pairs))
        return copy.deepcopy(stage.value, pairs)


def _rows_in(live: Any, kept: Any, pairs: dict[int, Any]) -> Iterator[tuple[Model, Model]]:
    """Yield each row of the living world with its likeness; set all else to what it is in the kept one."""
    for field in fields(live):
        one, other = getattr(live, field.name), getattr(kept, field.name)
        if isinstance(one, Model):
            yield one, other
        elif is_dataclass(one) and type(one).__module__.startswith("tests."):
            pairs[id(other)] = one
            yield from _rows_in(one, other, pairs)
        elif not isinstance(one, Path | Stages):
            setattr(live, field.name, copy.copy(other))


def _written() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        return dict(cursor.fetchall())
