# SPDX-License-Identifier: Apache-2.0
"""Change rows that carry a code (MAC) as the program writes them: after a plain `update` they would be refused."""

from typing import Any

from django.db.models import QuerySet

from callers.binding import BoundRow


def rewrite(rows: QuerySet[Any], **changes: object) -> None:
    """Set these columns of each row and save it with a new code."""
    for row in rows:
        assert isinstance(row, BoundRow)
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
