# SPDX-License-Identifier: Apache-2.0
"""States of a commitment, period by period or cause by cause."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accord.commitment_states import Kept, due_after, judge_cause, judge_periods, periods_of
from accord.commitments import Commitment, Span


def monthly(zone: str = "UTC", begins: str = "2026-01-01", every: Span | None = None) -> Commitment:
    first = date.fromisoformat(begins)
    return Commitment("xa-lab", "xb-health", "spectra", every or Span(1, "month"), None, zone, first)


def within(n: int, unit: str, zone: str = "UTC") -> Commitment:
    return Commitment("xa-lab", "xb-health", "answers", None, Span(n, unit), zone, date(2026, 1, 1))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("commitment", "until", "ends"),
    [
        (monthly(), "2026-02-10", ["2026-02-01T00:00", "2026-03-01T00:00"]),
        (monthly(begins="2026-01-31"), "2026-03-01", ["2026-02-28T00:00", "2026-03-31T00:00"]),
        (monthly("Europe/Vienna", "2026-03-01"), "2026-03-20", ["2026-03-31T22:00"]),
        (monthly("Europe/Vienna", "2026-01-01"), "2026-01-20", ["2026-01-31T23:00"]),
        (monthly("Nowhere/Abolished"), "2026-01-20", ["2026-02-01T00:00"]),
        (monthly(every=Span(2, "week")), "2026-01-20", ["2026-01-15T00:00", "2026-01-29T00:00"]),
        (monthly(every=Span(1, "quarter")), "2026-04-02", ["2026-04-01T00:00", "2026-07-01T00:00"]),
        (monthly(begins="2024-02-29", every=Span(1, "year")), "2025-01-01", ["2025-02-28T00:00"]),
        (monthly(begins="2027-01-01"), "2026-01-20", []),
    ],
)
def test_periods_end_at_midnight_of_the_zone(commitment: Commitment, until: str, ends: list[str]) -> None:
    assert [end for _begin, end in periods_of(commitment, at(until))] == [at(one) for one in ends]


@pytest.mark.parametrize(
    ("given", "states"),
    [
        ([], ["missed", "missed", "due"]),
        (["2026-01-20"], ["kept", "missed", "due"]),
        (["2026-02-20"], ["missed", "kept", "due"]),
        (["2026-02-20", "2026-02-21"], ["late", "kept", "due"]),
        (["2026-03-02", "2026-03-03", "2026-03-04"], ["late", "late", "kept"]),
        (["2026-01-20", "2026-01-21"], ["kept", "missed", "due"]),
        (["2025-12-31"], ["missed", "missed", "due"]),
        (["2026-01-31T23:59"], ["kept", "missed", "due"]),
        (["2026-02-01T00:00"], ["missed", "kept", "due"]),
    ],
)
def test_what_is_given_counts_for_its_period_and_then_for_the_oldest_missed(
    given: list[str], states: list[str]
) -> None:
    judged = judge_periods(
        monthly(), map(at, given), now=at("2026-03-10"), excused=lambda begins, ends: False
    )
    assert [one.state for one in judged] == states


def test_a_suspension_excuses_only_what_was_not_given() -> None:
    stopped = (at("2026-01-10"), at("2026-02-05"))
    judged = judge_periods(
        monthly(),
        [at("2026-01-05")],
        now=at("2026-04-10"),
        excused=lambda begins, ends: stopped[0] < ends and stopped[1] > begins,
    )
    assert [one.state for one in judged] == ["kept", "excused", "missed", "due"]


@pytest.mark.parametrize(
    ("given", "is_held", "state"),
    [
        ("2026-01-03T09:00", False, Kept.KEPT),
        ("2026-01-03T11:00", False, Kept.LATE),
        (None, False, Kept.MISSED),
        (None, True, Kept.EXCUSED),
        ("2026-01-03T11:00", True, Kept.LATE),
    ],
)
def test_an_answer_is_judged_by_its_question(given: str | None, is_held: bool, state: Kept) -> None:
    asked = at("2026-01-01T10:00")
    due = due_after(within(48, "hour"), asked)
    owed = judge_cause("md", asked, due, at(given) if given else None, is_held=is_held, now=at("2026-02-01"))
    assert owed.state == state


def test_days_are_those_of_the_zone_where_its_clocks_are_changed() -> None:
    asked = at("2026-03-28T12:00")
    assert due_after(within(1, "day", "Europe/Vienna"), asked) - asked == timedelta(hours=23)
    assert due_after(within(24, "hour", "Europe/Vienna"), asked) - asked == timedelta(hours=24)
