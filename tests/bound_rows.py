# SPDX-License-Identifier: Apache-2.0
"""Rows that carry a code, changed in a test as the program would have written them: `update` would leave them refused."""

from typing import Any

from django.db.models import QuerySet

from callers.binding import BoundRow


def rewrite(rows: QuerySet[Any], **changes: object) -> None:
    """Writes these columns of each row, with a new code."""
    for row in rows:
        assert isinstance(row, BoundRow)
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
