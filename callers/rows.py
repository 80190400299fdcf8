# SPDX-License-Identifier: Apache-2.0
"""Reading of the one row that a unique value names."""

from typing import Any, TypeVar

from django.db.models import QuerySet

Row = TypeVar("Row")


def one_of(rows: QuerySet[Any, Row]) -> Row | None:
    """Return the row of a query that finds one at most; None where it finds none.

    `first()` would order by the primary key, for which the framework compares every column that is read: with rows of
    joined tables that takes longer than the rest of the query.
    """
    return next(iter(rows.order_by()[:1]), None)
