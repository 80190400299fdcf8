# SPDX-License-Identifier: Apache-2.0
"""The locks that a piece of code takes, in order, read from its statements: no race has to be met to see a circle."""

import re
from collections.abc import Generator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

_TABLE = re.compile(r'FROM "(\w+)"')


@contextmanager
def locks_taken() -> Generator[list[tuple[str, str]]]:
    """Fills a list: the table of each `SELECT ... FOR UPDATE`, and what it was ordered by, in order."""
    locks: list[tuple[str, str]] = []
    with CaptureQueriesContext(connection) as captured:
        yield locks
    for query in captured.captured_queries:
        statement = query["sql"]
        found = _TABLE.search(statement)
        if found and " FOR " in statement and ("UPDATE" in statement.rpartition(" FOR ")[2]):
            locks.append((found[1], statement.rpartition(" ORDER BY ")[2].partition(" FOR ")[0]))
