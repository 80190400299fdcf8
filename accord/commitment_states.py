# SPDX-License-Identifier: Apache-2.0
"""States of a standing commitment, period by period or cause by cause, from the moments at which something was given.

::

    due --given in time--> kept
    due --its time is over--> missed --given afterwards--> late
    due | missed --a suspension in its time, and nothing given--> excused

- A period begins and ends at midnight in the commitment's zone; months and years are counted from its first day, so that one that
  begins on the 31st ends on the last day of a shorter month.
- Whatever is given counts for the period in which it is given; what comes beyond the first makes up for the oldest missed one.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from accord.commitments import Commitment, Span

MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
DAYS: Final = {"day": 1, "week": 7}
PERIODS_AT_MOST: Final = 5_000
Excuse = Callable[[datetime, datetime], bool]
"""Tells whether a suspension between the two fell into this time."""


class Kept(StrEnum):
    """State of what is owed once."""

    DUE = "due"
    KEPT = "kept"
    LATE = "late"
    MISSED = "missed"
    EXCUSED = "excused"


@dataclass(frozen=True)
class Owed:
    """Something owed once: from `begins` on, by `due`; `given_at` where it was given. `cause` is what it answers, if anything."""

    begins: datetime
    due: datetime
    state: Kept
    given_at: datetime | None = None
    cause: str = ""


def periods_of(commitment: Commitment, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield begin and end of each period that has begun by `until`, the oldest first."""
    assert commitment.every is not None
    for n in range(PERIODS_AT_MOST):
        begins, ends = (_boundary(commitment, commitment.every, n + m) for m in (0, 1))
        if begins > until:
            return
        yield begins, ends


def judge_periods(
    commitment: Commitment, given: Iterable[datetime], *, now: datetime, excused: Excuse
) -> tuple[Owed, ...]:
    """Return what is owed in each period that has begun, the oldest first."""
    waiting, judged = sorted(given), list[Owed]()
    for begins, due in periods_of(commitment, now):
        within = [at for at in waiting if begins <= at < due]
        for at in within[1:]:
            _make_up(judged, at)
        if within:
            judged.append(Owed(begins, due, Kept.KEPT, within[0]))
        elif excused(begins, min(due, now)):
            judged.append(Owed(begins, due, Kept.EXCUSED))
        else:
            judged.append(Owed(begins, due, Kept.DUE if due > now else Kept.MISSED))
    return tuple(judged)


def judge_cause(
    cause: str, asked_at: datetime, due: datetime, given_at: datetime | None, *, is_held: bool, now: datetime
) -> Owed:
    """Return what is owed after one cause by then; `is_held` that a suspension, which began before, still stops its clock."""
    if given_at is not None:
        state = Kept.KEPT if given_at <= due else Kept.LATE
    elif is_held:
        state = Kept.EXCUSED
    else:
        state = Kept.DUE if due > now else Kept.MISSED
    return Owed(asked_at, due, state, given_at, cause)


def due_after(commitment: Commitment, cause: datetime) -> datetime:
    """Return when what a cause calls for is due: days are the zone's own, of 23 or 25 hours where its clocks are changed."""
    within = commitment.within
    assert within is not None
    if within.unit == "hour":
        return cause + timedelta(hours=within.n)
    local = cause.astimezone(commitment.tz)
    return _at(
        local.date() + timedelta(days=within.n * DAYS.get(within.unit, 1)), local.time(), commitment.tz
    )


def _make_up(judged: list[Owed], at: datetime) -> None:
    for place, owed in enumerate(judged):
        if owed.state == Kept.MISSED:
            judged[place] = replace(owed, state=Kept.LATE, given_at=at)
            return


def _boundary(commitment: Commitment, every: Span, n: int) -> datetime:
    first = commitment.begins
    if every.unit in DAYS:
        day = first + timedelta(days=DAYS[every.unit] * every.n * n)
    else:
        day = _months_later(first, MONTHS[every.unit] * every.n * n)
    return _at(day, time(), commitment.tz)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def newest(owed: Sequence[Owed]) -> Owed | None:
    """Return what is due next, else what was owed last."""
    due = [one for one in owed if one.state == Kept.DUE]
    return min(due, key=lambda one: one.due) if due else max(owed, key=lambda one: one.due, default=None)
