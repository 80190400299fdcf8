# SPDX-License-Identifier: Apache-2.0
"""Conclusions of the early-warning board from sightings."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest

from science.board.counting import Board, draw_board, monday_of
from science.board.sightings import Sighting

TODAY = dt.date(2026, 11, 26)
PLAIN = Sighting(
    key="AAAAAAAAAAAAAA",
    name="metonitazene",
    drug_class="nitazene",
    kind="new_substance",
    country="FR",
    region="",
    harm="none_yet",
    non_fatal=None,
    fatal=None,
    day=TODAY,
    known=TODAY,
    is_received=True,
    alert_id=uuid.UUID(int=1),
)


def ago(days: int, **facts: Any) -> Sighting:
    day = TODAY - dt.timedelta(days=days)
    return replace(PLAIN, day=day, known=day, **facts)


def drawn(*seen: Sighting, days: int = 90) -> Board:
    return draw_board(sorted(seen, key=lambda one: one.known), days=days, today=TODAY)


def other(key: str) -> dict[str, Any]:
    return {"key": key, "name": key.lower(), "drug_class": ""}


def test_nothing_seen_is_an_empty_board() -> None:
    board = drawn()
    assert (board.reports, board.first, board.rising, board.clusters) == (0, (), (), ())
    assert len(board.weeks) == 52


def test_a_substance_is_first_seen_once() -> None:
    board = drawn(ago(80), ago(5), ago(200, **other("B")), ago(2, **other("B")))
    assert [(first.sighting.name, first.reports) for first in board.first] == [("metonitazene", 2)]
    assert board.first[0].sighting.known == TODAY - dt.timedelta(days=80)


def test_the_span_begins_with_its_first_day() -> None:
    assert drawn(ago(29), days=30).first
    assert not drawn(ago(30), days=30).first


def test_a_country_is_new_only_for_what_was_known_elsewhere() -> None:
    board = drawn(
        ago(200), ago(20, country="DE"), ago(10, country="DE"), ago(9, country="FR"), ago(8, country="")
    )
    (new,) = board.countries
    assert (new.sighting.country, new.elsewhere) == ("DE", ("FR",))
    assert new.sighting.known == TODAY - dt.timedelta(days=20)
    assert not drawn(ago(3), ago(2, country="DE")).countries


def test_rising_needs_a_past_and_more_than_chance() -> None:
    quiet = [ago(days) for days in (100, 200, 300, 400)]
    burst = [ago(days) for days in (1, 2, 3, 4, 5, 6, 7, 8)]
    board = drawn(*quiet, *burst)
    assert {
        (rise.name, rise.is_class, rise.count, rise.before.total, rise.before.spans) for rise in board.rising
    } == {
        ("metonitazene", False, 8, 3, 3),
        ("nitazene", True, 8, 3, 3),
    }
    assert not drawn(*quiet, ago(1), ago(2)).rising
    assert not drawn(*burst).rising, "without a past nothing is known of what is usual"


def test_a_cluster_is_a_week_of_one_place_against_the_weeks_before() -> None:
    usual = [ago(7 * week, non_fatal=0 if week % 9 else 1) for week in range(2, 30)]
    board = drawn(*usual, ago(3, non_fatal=9, fatal=2), ago(2, non_fatal=1, country="DE"))
    (cluster,) = board.clusters
    assert (cluster.country, cluster.cases, cluster.fatal) == ("FR", 11, 2)
    assert cluster.week == monday_of(TODAY - dt.timedelta(days=3))
    assert cluster.before.total == 3
    assert cluster.chance < 0.001


def test_places_are_told_apart_by_region_whatever_its_case() -> None:
    usual = [ago(7 * week, region="Nord") for week in range(2, 30)]
    cases = [
        ago(1, region="NORD", non_fatal=2),
        ago(1, region="nord", non_fatal=2),
        ago(1, region="Sud", non_fatal=2),
    ]
    (cluster,) = drawn(*usual, *cases).clusters
    assert cluster.cases == 4


def test_no_week_is_compared_without_four_weeks_of_past() -> None:
    assert not drawn(ago(20), ago(1, non_fatal=50)).clusters
    assert drawn(ago(40), ago(1, non_fatal=50)).clusters


def test_cases_nobody_counted_are_not_cases() -> None:
    assert PLAIN.cases == 0
    assert replace(PLAIN, fatal=2).cases == 2


@pytest.mark.parametrize(
    ("seen", "due"),
    [
        ([ago(90)], True),
        ([ago(89)], False),
        ([ago(200), ago(10)], False),
        ([ago(200), ago(120, harm="suspected")], False),
        ([ago(200), ago(120, harm="", non_fatal=1)], False),
        ([ago(200, harm="")], False),
        ([ago(200, harm=""), ago(150)], True),
    ],
)
def test_what_is_due_for_a_second_look(seen: list[Sighting], due: bool) -> None:
    board = drawn(*seen)
    assert bool(board.second_look) is due
    if due:
        assert board.second_look[0].since == seen[-1].known + dt.timedelta(days=90)


def test_weeks_are_counted_by_the_day_of_the_event() -> None:
    late = replace(PLAIN, day=TODAY - dt.timedelta(days=14), known=TODAY, non_fatal=3)
    weeks = drawn(late).weeks
    assert [(week.reports, week.cases) for week in weeks[-3:]] == [(1, 3), (0, 0), (0, 0)]
    assert weeks[-1].monday == monday_of(TODAY)
    assert sum(week.reports for week in weeks) == 1
