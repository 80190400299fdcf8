# SPDX-License-Identifier: Apache-2.0
"""Stages of a restored world: acts that many tests begin with are played once a process and then put back from memory.

An act is put back only where playing it would do the same: the world was restored, since then there were only such acts
and nothing else was written, no setting but those of `NAMED` is changed and nothing patched by a test or a fixture, the
exchange behaves, and no statement is counted. Elsewhere it is played.
"""

import copy
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import partial, wraps
from inspect import signature
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from weakref import WeakSet

import pytest
from django.conf import UserSettingsHolder, settings
from django.core import mail
from django.db import connection
from django.db.models import Model

from accord.envelope.manifest import Reference
from tests.desk_calls import answer_as_of, moment_of_answers, the_exchange
from tests.one_seed import drawn_as
from tests.restored_worlds import files_in, present_world, put_back, rows_of
from tests.services import surroundings

WRITTEN: Final = """
    SELECT relname, pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
        + pg_stat_get_xact_tuples_deleted(oid)
    FROM pg_class
    WHERE relkind = 'r' AND relnamespace IN (current_schema()::regnamespace, 'pg_catalog'::regnamespace)
"""
"""How many rows the present transaction wrote, by table; changes of a table itself are rows of the catalogue."""

NAMED: Final = frozenset({"OWN_DESK", "EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT"})
"""Settings that many tests change: an act is put back under the values under which it was played."""
KEPT_AT_MOST: Final = 400
"""Stages of a process; beyond, the one longest unused is forgotten."""

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_all_patches = WeakSet[pytest.MonkeyPatch]()
_given_patches: set[tuple[int, object]] = set()


def _note(
    self: pytest.MonkeyPatch, begin: Callable[[pytest.MonkeyPatch], None] = pytest.MonkeyPatch.__init__
) -> None:
    begin(self)
    _all_patches.add(self)


setattr(pytest.MonkeyPatch, "__init__", _note)  # noqa: B010 - a method that mypy would not have replaced


@contextmanager
def patches_are_given() -> Generator[None]:
    """Take what is patched now as how things are: the session's fixtures have done it for every test."""
    _given_patches.update(_patched())
    yield
    _given_patches.clear()


def _patched() -> set[tuple[int, object]]:
    """Return what is patched at present: object and name."""
    changes = (change for one in list(_all_patches) for change in (*one._setattr, *one._setitem))
    return {(id(owner), name) for owner, name, _ in changes}


def _changed_settings() -> tuple[tuple[str, object], ...]:
    """Return names and values of the settings that differ from the program's own, by name; None for one that is taken away."""
    changed, holder = dict[str, object](), settings._wrapped
    while isinstance(holder, UserSettingsHolder):
        own = {name: value for name, value in vars(holder).items() if name.isupper()}
        changed = dict.fromkeys(holder._deleted) | own | changed
        holder = holder.default_settings
    return tuple((name, changed[name]) for name in sorted(changed))


def _mails_sent() -> int:
    """Return the number of mails that this process has sent, to the server or kept in memory."""
    return surroundings().mail_server.seen + len(getattr(mail, "outbox", ()))


def act(play: F) -> F:
    """Put back from memory what a function does with a world, its first argument, and returns, where that is allowed.

    It must depend on nothing besides the world and its arguments.
    """

    first = next(iter(signature(play).parameters))

    @wraps(play)
    def put_back_or_play(*args: Any, **kwargs: Any) -> Any:
        # pytest gives a fixture all that it asks for by name.
        world, *more = (kwargs.pop(first), *args) if first in kwargs else args
        again = partial(play, world, *more, **kwargs)
        if world.stages is None:
            return again()
        given = [one for one in (*more, *kwargs.values()) if isinstance(one, Model)]
        return world.stages.act(_named(play, world.hub.now, more, kwargs), again, *given)

    return cast(F, put_back_or_play)


def _named(play: Callable[..., Any], *arguments: object) -> str | None:
    """Name what an act depends on; None for arguments that are more than text, figures and rows."""
    try:
        return f"{play.__module__} {play.__qualname__} {json.dumps(arguments, default=_name, sort_keys=True)}"
    except TypeError:
        return None


def _name(argument: object) -> str:
    match argument:
        case Model():
            return f"{argument._meta.label} {argument.pk}"
        case date() | timedelta():
            return str(argument)
        case Reference():
            return argument.md
    if is_dataclass(argument) and isinstance(name := getattr(argument, "id", None), str):
        return name
    raise TypeError(type(argument))


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

    def __init__(self, world: Any, folder: Path) -> None:
        """`world` was restored a moment ago, with its state in `folder`."""
        self._world, self._folder = world, folder
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
        path = (*self._path, (_changed_settings(), step))
        stage = _stages.pop(path, None)
        if stage is None:
            return self._play(path, play, given)
        # The last of them is the one used last.
        _stages[path] = stage
        return cast(T, self._put_back(path, stage, given))

    def _goes_on(self) -> bool:
        """Tell whether nothing happened besides acts, and all is as ever."""
        if self._path is None or connection.force_debug_cursor or connection.execute_wrappers:
            return False
        if not the_exchange.is_behaving or not dict(_changed_settings()).keys() <= NAMED:
            return False
        return _patched() == _given_patches and _written() == self._written

    def _play(self, path: tuple[Any, ...], play: Callable[[], T], given: Sequence[Model]) -> T:
        written, rows = self._written, self._rows
        on_commit: list[Any] = connection.run_on_commit
        waiting, asked = len(on_commit), len(the_exchange.asked)
        mails = _mails_sent()
        with drawn_as(f"stage {[step for _, step in path[2:]]}"):
            value = play()
        self._written = _written()
        if _mails_sent() != mails:
            # Mail cannot be put back: what follows is played as well.
            self._path = None
            return value
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
        while len(_stages) > KEPT_AT_MOST:
            del _stages[next(iter(_stages))]
        self._path = path
        return value

    def _put_back(self, path: tuple[Any, ...], stage: _Stage, given: Sequence[Model]) -> Any:
        changed = {table: rows for table, rows in stage.rows.items() if rows is not self._rows.get(table)}
        put_back(changed, stage.files, self._folder, is_empty=False)
        on_commit: list[Any] = connection.run_on_commit
        on_commit += [(set(connection.savepoint_ids), *call) for call in stage.on_commit]
        the_exchange.asked += stage.asked
        if stage.moment is not None:
            answer_as_of(stage.moment)
        self._path, self._rows, self._written = path, stage.rows, _written()
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
        elif isinstance(one, dict):
            yield from _rows_by_name(one, other)
        elif not isinstance(one, Path | Stages):
            setattr(live, field.name, copy.copy(other))


def _rows_by_name(live: dict[Any, Any], kept: Mapping[Any, Any]) -> Iterator[tuple[Model, Model]]:
    """Yield each row of a living mapping with its likeness; set the mapping to what it is in the kept one."""
    before = dict(live)
    live.clear()
    for name, other in kept.items():
        one = before.get(name)
        live[name] = one if isinstance(one, Model) and type(one) is type(other) else copy.copy(other)
        if isinstance(other, Model):
            yield live[name], other


def _written() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        return dict(cursor.fetchall())
