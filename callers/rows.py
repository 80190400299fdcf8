# SPDX-License-Identifier: Apache-2.0
"""Reading of the one row that a unique value names."""

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)


def one_of(rows: QuerySet[Any, Row]) -> Row | None:
    """Return the row of a query that finds one at most; None where it finds none.

    `first()` would order by the primary key, for which the framework compares every column that is read: with rows of
    joined tables that takes longer than the rest of the query.
    """
    return next(iter(rows.order_by()[:1]), None)


class Lookup(Generic[M]):
    """A query for one row that every request makes with other values; its SQL is worked out once a process.

    `build` makes the query of the given values, which stand for those of each call: each must be another value, of the
    type of its column, and come into the query as it is.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], **examples: Any) -> None:
        self._build, self._examples = build, examples

    def one(self, **values: Any) -> M | None:
        """Return the row for these values; None where there is none."""
        rows, worked_out, text, places = self._worked_out
        compiler = copy(worked_out)
        # Threads share the text, never a connection.
        compiler.connection = connections[rows.db]
        params = tuple(values[name] if name else known for name, known in places)
        compiler.as_sql = lambda *_, **__: (text, params)  # type: ignore[method-assign]
        found = rows.all()
        found.query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
        return next(iter(found), None)

    @cached_property
    def _worked_out(self) -> tuple[QuerySet[M], SQLCompiler, str, list[tuple[str, Any]]]:
        """Return the query, its compiler, its text, and each of its parameters as the name of a value or as it is."""
        rows = self._build(**self._examples).order_by()[:1]
        compiler = rows.query.get_compiler(rows.db)
        text, params = compiler.as_sql()
        names = {value: name for name, value in self._examples.items()}
        places = [(names.get(value, ""), value) for value in params]
        assert {name for name, _ in places if name} == self._examples.keys(), "each value stands in the query"
        return rows, compiler, text, places
