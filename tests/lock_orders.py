# SPDX-License-Identifier: Apache-2.0
"""The locks that a piece of code takes, in order, read from its statements: a possible deadlock shows without a race."""

import re
from collections.abc import Generator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

_TABLE = re.compile(r'FROM "(\w+)"')


@contextmanager
def locks_taken() -> Generator[list[tuple[str, str]]]:
    """Fill a list, in order, with the table and the ORDER BY of each `SELECT ... FOR UPDATE`."""
    locks: list[tuple[str, str]] = []
    with CaptureQueriesContext(connection) as captured:
        yield locks
    for query in captured.captured_queries:
        statement = query["sql"]
        found = _TABLE.search(statement)
        if found and " FOR " in statement and ("UPDATE" in statement.rpartition(" FOR ")[2]):
            locks.append((found[1], statement.rpartition(" ORDER BY ")[2].partition(" FOR ")[0]))
