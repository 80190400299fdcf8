# SPDX-License-Identifier: Apache-2.0
"""An agency's calendar: working time in its zone, lists of holidays, and who may state it."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from callers.errors import InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.calendars import (
    MOST_HOLIDAYS,
    Calendar,
    calendar_of,
    change_calendar,
    holidays_text,
    read_holidays,
    working_time_of,
)
from officers.working_time import WorkingTime
from tests.pages.desk_world import DeskWorld

WEEK = frozenset({1, 2, 3, 4, 5})
BERLIN = WorkingTime("Europe/Berlin", WEEK, time(9), time(17), frozenset({date(2027, 1, 1)}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "following", "last"),
    [
        ("2027-01-05T10:00", "2027-01-05T10:00", "2027-01-05T10:00"),
        ("2027-01-05T05:00", "2027-01-05T08:00", "2027-01-04T15:59"),
        ("2027-01-05T20:00", "2027-01-06T08:00", "2027-01-05T15:59"),
        ("2027-01-02T12:00", "2027-01-04T08:00", "2026-12-31T15:59"),
        ("2027-01-01T12:00", "2027-01-04T08:00", "2026-12-31T15:59"),
        ("2027-07-02T15:30", "2027-07-05T07:00", "2027-07-02T14:59"),
    ],
    ids=["working", "early", "night", "weekend", "holiday", "summer time"],
)
def test_working_time_is_kept_in_the_agencys_zone(moment: str, following: str, last: str) -> None:
    assert (BERLIN.next_from(at(moment)), BERLIN.last_before(at(moment))) == (at(following), at(last))
    assert BERLIN.covers(at(moment)) == (moment == following)


def test_a_day_that_begins_in_a_skipped_hour_begins_when_the_clock_goes_on() -> None:
    sunday = WorkingTime("Europe/Berlin", frozenset({7}), time(2, 30), time(6))
    assert sunday.next_from(at("2027-03-28T00:00")) == at("2027-03-28T01:30"), "03:30 by the clock"
    within = WorkingTime("Europe/Berlin", frozenset({7}), time(2), time(2, 30))
    assert within.covers(at("2027-03-28T01:15")), "a span inside the skipped hour is moved whole"


def test_an_agency_without_a_working_day_is_taken_to_work_always() -> None:
    never = WorkingTime("UTC", frozenset(), time(9), time(17))
    moment = at("2027-01-05T05:00")
    assert (never.next_from(moment), never.last_before(moment)) == (moment, moment)


LIST = "day;name\n2027-12-25;Christmas\n\n2027-01-01\tNew Year\n2027-06-01\n"


def test_a_list_of_holidays_is_read_with_headings_empty_lines_and_other_marks() -> None:
    read = read_holidays("\ufeff" + LIST)
    assert read == ((date(2027, 1, 1), "New Year"), (date(2027, 6, 1), ""), (date(2027, 12, 25), "Christmas"))
    assert read_holidays(holidays_text(read)) == read
    assert read_holidays("") == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("2027-01-01\n2027-02-30,None", 2),
        ("2027-01-01\n\nChristmas", 3),
        ("01.01.2027", 1),
        (f"2027-01-01,{'x' * 81}", 1),
        ("2027-01-01,a\u202eb", 1),
        (
            "\n".join(f"{2000 + n // 28}-01-{n % 28 + 1:02}" for n in range(MOST_HOLIDAYS + 1)),
            MOST_HOLIDAYS + 1,
        ),
    ],
    ids=["no such day", "no day", "another form", "long name", "hidden", "too many"],
)
def test_a_bad_line_is_named_by_its_number(text: str, line: int) -> None:
    with pytest.raises(InputError) as refused:
        read_holidays(text)
    assert refused.value.field == "holidays" and f"line {line}:" in refused.value.problem


@pytest.fixture
def desk(db: None, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger")


def test_an_admin_states_the_calendar_of_the_own_agency(desk: DeskWorld) -> None:
    assert calendar_of(desk.lab) is None and working_time_of(desk.lab) is None
    stated = Calendar((1, 2, 3), time(8), time(12), ((date(2027, 1, 1), "New Year"),))
    change_calendar(desk.sunniva, stated, now=desk.tick())
    assert calendar_of(desk.lab) == stated and calendar_of(desk.health) is None
    without = Calendar((7,), time(8), time(12))
    change_calendar(desk.sunniva, without, now=desk.tick())
    work = working_time_of(desk.lab)
    assert work is not None and (work.holidays, work.zone) == (frozenset(), desk.lab.timezone)
    assert AuditEvent.objects.filter(act="agency.calendar_stated", agency="xa-lab").count() == 2


def test_others_and_wrong_hours_are_refused(desk: DeskWorld) -> None:
    with pytest.raises(NotPermittedError):
        change_calendar(desk.ilka, Calendar(), now=desk.tick())
    for wrong, field in ((Calendar(()), "working_days"), (Calendar((1,), time(9), time(9)), "closes")):
        with pytest.raises(InputError) as refused:
            change_calendar(desk.sunniva, wrong, now=desk.tick())
        assert refused.value.field == field
    assert calendar_of(desk.lab) is None
