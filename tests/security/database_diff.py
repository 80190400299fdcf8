# SPDX-License-Identifier: Apache-2.0
"""The whole database before and after one request: rows inserted, deleted and changed, column by column."""

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, Final, Self

from django.db import connection

DAY_SECONDS: Final = 24 * 3600
SECONDS: Final = re.compile(r"\b1[0-9]{9}\b")
SHADOWS: Final = frozenset({"django_migrations", "django_content_type", "auth_permission"})
"""Tables of the framework that no request writes."""

Row = Mapping[str, Any]
Place = tuple[str, str, str]
"""Table, row, column."""


@dataclass(frozen=True)
class Database:
    """Every row of every table, by table and primary key."""

    rows: Mapping[str, Mapping[str, Row]]

    @classmethod
    def now(cls) -> Self:
        return cls(_rows_of(_primary_keys()))

    def after(self, writes: Mapping[str, int]) -> Self:
        """Return the present database; only tables that this connection wrote to since these `rows_written` are read again."""
        touched = {table for table, count in rows_written().items() if count != writes.get(table, 0)}
        return replace(self, rows={**self.rows, **_rows_of(touched & _primary_keys().keys())})


@dataclass(frozen=True)
class Difference:
    """The effect of one request. Inserted rows are counted by table, column and value: their keys are random."""

    updated: Mapping[Place, str]
    inserted: Mapping[tuple[str, str], Counter[str]]
    deleted: frozenset[tuple[str, str]]

    @classmethod
    def between(cls, before: Database, after: Database) -> Self:
        updated, deleted = {}, set()
        inserted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for table, rows in after.rows.items():
            known = before.rows.get(table, {})
            if rows is known:
                continue
            deleted |= {(table, key) for key in known.keys() - rows.keys()}
            for key, row in rows.items():
                if known.get(key) is row:
                    continue
                for column, value in row.items():
                    if key not in known:
                        inserted[table, column][repr(value)] += 1
                    elif known[key][column] != value:
                        updated[table, key, column] = repr(value)
        return cls(updated, inserted, frozenset(deleted))

    @property
    def is_nothing(self) -> bool:
        return not (self.updated or self.inserted or self.deleted)

    def without(self, table: str) -> Self:
        """Return the difference without the changes of one table."""
        return replace(
            self,
            updated={place: value for place, value in self.updated.items() if place[0] != table},
            inserted={place: values for place, values in self.inserted.items() if place[0] != table},
        )

    def says(self) -> str:
        """Return every value that came in, as one text."""
        values = [*self.updated.values(), *(value for column in self.inserted.values() for value in column)]
        return "\n".join(values)


def beyond(flooded: Difference, one: Difference, other: Difference) -> list[str]:
    """List the effects of a request that the good request does not have; `one` and `other` are two runs of the good one.

    Where those two differ (moments, random ids, sealed bytes) only the place counts, elsewhere the value too.
    """
    more = [
        f"{table} {key}: {column} changed"
        for table, key, column in flooded.updated.keys() - one.updated.keys()
    ]
    more += [f"{table} {key}: deleted" for table, key in flooded.deleted - one.deleted]
    for place, value in flooded.updated.items():
        if place in one.updated and one.updated[place] == other.updated.get(place) != value:
            more.append(f"{place}: {value} in place of {one.updated[place]}")
    for column, values in flooded.inserted.items():
        usual = one.inserted.get(column, Counter())
        is_settled = usual == other.inserted.get(column, Counter())
        if values.total() != usual.total() or (is_settled and values != usual):
            more.append(f"{column}: {dict(values)} inserted, not {dict(usual)}")
    return more


def rows_written() -> dict[str, int]:
    """Count by table the rows that this connection inserted, updated or deleted in its transaction, undone ones too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
        return dict(cursor.fetchall())


def _rows_of(tables: Collection[str]) -> dict[str, dict[str, Row]]:
    keys = _primary_keys()
    rows: dict[str, dict[str, Row]] = {table: {} for table in tables}
    for table, row in _every_row(tables) if tables else ():
        rows[table]["/".join(str(row[name]) for name in keys[table])] = row
    return rows


@cache
def _primary_keys() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.table_names(cursor)) - SHADOWS)
        return {
            table: connection.introspection.get_primary_key_columns(cursor, table) or [] for table in tables
        }


def _every_row(tables: Iterable[str]) -> Iterator[tuple[str, Row]]:
    each = (f"SELECT '{table}', to_jsonb(whole_row)::text FROM \"{table}\" whole_row" for table in tables)  # noqa: S608 - names of the catalogue
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        for table, text in cursor.fetchall():
            yield table, _read(text)


@lru_cache(maxsize=50_000)
def _read(text: str) -> Row:
    """Parse a row; the cache saves the work for rows that have not changed."""
    return {name: _without_moment(value) for name, value in json.loads(text).items()}


def _without_moment(value: Any) -> Any:
    """Replace moments: signed objects carry whole seconds, and two runs may fall on one second or on two."""
    if isinstance(value, str):
        return SECONDS.sub("a moment", value)
    is_moment = isinstance(value, int) and abs(value - time.time()) < 400 * DAY_SECONDS
    return "a moment" if is_moment else value
