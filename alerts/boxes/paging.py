# SPDX-License-Identifier: Apache-2.0
"""Pages of lists, each from a place in the order: 50 rows, newest first, forward and back; nothing is counted.

A cursor is text that names a place between rows, not a row: it still works when that row is gone. A forward cursor
is `123` or `<moment>_<id>`; a backward cursor is the same after `newer-`.
"""

import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from callers.errors import InputError

Row = TypeVar("Row")
Stored = TypeVar("Stored", bound=Model)
PAGE_ROWS: Final = 50
DUE_FIRST: Final = 200
"""Most rows that stand before the others because they wait."""
ROWS_AT_MOST: Final = 100
NEWER: Final = "newer-"
FIRST_WRITTEN: Final = "created_at"
"""Order for a caller that reads page by page while others write: no change moves a row across it."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Page of a list. `next` and `previous` are cursors of the older and the newer page, None at the ends.

    `filtered` chooses the text for an empty list.
    """

    rows: tuple[Row, ...]
    next: str | None = None
    filtered: bool = False
    previous: str | None = None


@dataclass(frozen=True)
class ListOrder:
    """Order of a list: its columns, newest first, and the functions that write and read a place in it."""

    columns: tuple[str, ...]
    before: Callable[[str], Q]
    after: Callable[[str], Q]
    place: Callable[[Any], str]


@dataclass(frozen=True)
class Slice(Generic[Stored]):
    """Stored rows of one page, with the cursors of its neighbours."""

    rows: Sequence[Stored]
    next: str | None
    previous: str | None

    def page(self, shown: Sequence[Row], *, filtered: bool) -> Page[Row]:
        """Return the page that shows these rows."""
        return Page(tuple(shown), self.next, filtered, self.previous)


def take_page(rows: QuerySet[Stored], order: ListOrder, cursor: str, limit: int = PAGE_ROWS) -> Slice[Stored]:
    """Return the page that the cursor names; raises `InputError` for a malformed cursor and a limit out of range."""
    if not 1 <= limit <= ROWS_AT_MOST:
        raise InputError("limit", _("Use 1 to %(most)d rows a page.") % {"most": ROWS_AT_MOST})
    if cursor.startswith(NEWER):
        return _newer(rows, order, cursor.removeprefix(NEWER), limit)
    found = list(rows.filter(order.before(cursor)).order_by(*order.columns)[: limit + 1])
    shown = found[:limit]
    following = order.place(shown[-1]) if len(found) > limit else None
    return Slice(shown, following, NEWER + order.place(shown[0]) if cursor and shown else None)


def _newer(rows: QuerySet[Stored], order: ListOrder, place: str, limit: int) -> Slice[Stored]:
    """Return the rows just above a place; where they are no more than a page, return the first page."""
    if not place:
        raise _refused()
    upwards = [name.removeprefix("-") for name in order.columns]
    found = list(rows.filter(order.after(place)).order_by(*upwards)[: limit + 1])
    if len(found) <= limit:
        return take_page(rows, order, "", limit)
    shown = found[:limit][::-1]
    return Slice(shown, order.place(shown[-1]), NEWER + order.place(shown[0]))


def take_due_first(rows: QuerySet[Stored], waits: Q, due: Any, cursor: str, limit: int) -> Slice[Stored]:
    """Return the page of a list of numbered rows in which those that wait stand first, by `due`, and the rest newest first.

    Beyond the first `DUE_FIRST` of them, rows that wait stand where their number puts them.
    """
    found = rows.filter(waits).order_by().annotate(_due=due).order_by("_due", "number")
    ahead = _Ahead(list(found.values_list("_due", "number", "pk")[:DUE_FIRST]), rows)
    if cursor.startswith(NEWER):
        return ahead.before(cursor.removeprefix(NEWER), limit)
    return ahead.after(cursor, limit)


@dataclass(frozen=True)
class _Ahead(Generic[Stored]):
    """List of which these rows, as due time, number and id, stand ahead of the others."""

    waiting: list[tuple[datetime, int, uuid.UUID]]
    rows: QuerySet[Stored]

    def after(self, cursor: str, limit: int) -> Slice[Stored]:
        is_due = not cursor or "_" in cursor
        start = bisect_right(self._places, _due_place(cursor)) if cursor and is_due else 0
        shown = self.waiting[start : start + limit + 1] if is_due else []
        rest = self._rest.filter(number_before("" if is_due else cursor)).order_by("-number")
        found = [*self._read(shown), *rest[: limit + 1 - len(shown)]]
        page = found[:limit]
        following = self._place(page[-1]) if len(found) > limit else None
        return Slice(page, following, NEWER + self._place(page[0]) if cursor and page else None)

    def before(self, place: str, limit: int) -> Slice[Stored]:
        if not place:
            raise _refused()
        newer: list[Stored] = []
        end = len(self.waiting)
        if "_" in place:
            end = bisect_left(self._places, _due_place(place))
        else:
            newer = list(self._rest.filter(number__gt=_number(place)).order_by("number")[: limit + 1])
        if len(newer) + end <= limit:
            return self.after("", limit)
        found = newer[:limit][::-1]
        ahead = self.waiting[max(0, end - (limit - len(found))) : end] if len(found) < limit else []
        page = [*self._read(ahead), *found]
        return Slice(page, self._place(page[-1]), NEWER + self._place(page[0]))

    @property
    def _places(self) -> list[tuple[datetime, int]]:
        return [(due, number) for due, number, _pk in self.waiting]

    @property
    def _rest(self) -> QuerySet[Stored]:
        return self.rows.exclude(pk__in=[pk for _due, _number, pk in self.waiting])

    def _read(self, waiting: Sequence[tuple[datetime, int, uuid.UUID]]) -> list[Stored]:
        by_id = self.rows.in_bulk([pk for _due, _number, pk in waiting]) if waiting else {}
        return [by_id[pk] for _due, _number, pk in waiting if pk in by_id]

    def _place(self, row: Any) -> str:
        dues = {pk: f"{due.isoformat()}_{number}" for due, number, pk in self.waiting}
        return dues.get(row.pk, str(row.number))


def by_number() -> ListOrder:
    """Return the order by feed number."""
    return ListOrder(("-number",), number_before, lambda place: Q(number__gt=_number(place)), _number_of)


def by_moment(column: str) -> ListOrder:
    """Return the order by a time column, then by id."""

    def after(place: str) -> Q:
        at, pk = _moment(place)
        return Q(**{f"{column}__gte": at}) & (Q(**{f"{column}__gt": at}) | Q(pk__gt=pk))

    return ListOrder(
        (f"-{column}", "-pk"),
        lambda place: moment_before(place, column),
        after,
        lambda row: moment_cursor(getattr(row, column), row.pk),
    )


def cut_page(found: Sequence[Row]) -> tuple[Sequence[Row], bool]:
    """Return the rows of this page and whether another follows; `found` has up to one row more than a page."""
    return found[:PAGE_ROWS], len(found) > PAGE_ROWS


def number_before(cursor: str) -> Q:
    """Return the condition for rows below the cursor's feed number; no condition without a cursor."""
    return Q(number__lt=_number(cursor)) if cursor else Q()


def moment_before(cursor: str, column: str) -> Q:
    """Return the condition for rows before the cursor's moment and id, by a time column; no condition without a cursor.

    The first term is implied by the second; it is there so that an index can be used.
    """
    if not cursor:
        return Q()
    at, pk = _moment(cursor)
    return Q(**{f"{column}__lte": at}) & (Q(**{f"{column}__lt": at}) | Q(pk__lt=pk))


def moment_cursor(at: datetime, pk: uuid.UUID) -> str:
    return f"{at.isoformat()}_{pk}"


def _number_of(row: Any) -> str:
    return str(row.number)


def _number(place: str) -> int:
    if not place.isascii() or not place.isdecimal() or len(place) > 18:
        raise _refused()
    return int(place)


def _due_place(place: str) -> tuple[datetime, int]:
    moment, _line, number = place.partition("_")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise _refused() from None
    if at.tzinfo is None:
        raise _refused()
    return at, _number(number)


def _moment(place: str) -> tuple[datetime, uuid.UUID]:
    moment, _line, row_id = place.partition("_")
    try:
        at, pk = datetime.fromisoformat(moment), uuid.UUID(row_id)
        if at.tzinfo is None:
            raise _refused()
        return at.astimezone(UTC), pk
    except (ValueError, OverflowError):
        raise _refused() from None


def _refused() -> InputError:
    return InputError("cursor", _("Use the cursor of the last page as it was given."))
