# SPDX-License-Identifier: Apache-2.0
"""Pages of lists: 50 rows, newest first, by keyset; a cursor is text that names the last row shown."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from django.db.models import Q

from agencies.errors import InputError

Row = TypeVar("Row")
PAGE_ROWS: Final = 50


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`next` is the cursor of the following page, None on the last; `filtered` picks the empty text."""

    rows: tuple[Row, ...]
    next: str | None = None
    filtered: bool = False


def cut(found: Sequence[Row]) -> tuple[Sequence[Row], bool]:
    """The rows of this page out of one more than a page, and whether there is another."""
    return found[:PAGE_ROWS], len(found) > PAGE_ROWS


def number_before(cursor: str) -> Q:
    """Rows below the feed number that the cursor names; everything without a cursor."""
    if not cursor:
        return Q()
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > 18:
        raise _refused()
    return Q(number__lt=int(cursor))


def moment_before(cursor: str, column: str) -> Q:
    """Rows before the moment and id that the cursor names, by a time column; everything without a cursor."""
    if not cursor:
        return Q()
    moment, _, row_id = cursor.partition("_")
    try:
        at, pk = datetime.fromisoformat(moment), uuid.UUID(row_id)
    except ValueError:
        raise _refused() from None
    if at.tzinfo is None:
        raise _refused()
    return Q(**{f"{column}__lt": at}) | Q(**{column: at, "pk__lt": pk})


def moment_cursor(at: datetime, pk: uuid.UUID) -> str:
    return f"{at.isoformat()}_{pk}"


def _refused() -> InputError:
    return InputError("cursor", "Use the cursor of the last page as it was given.")
