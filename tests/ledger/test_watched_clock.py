# SPDX-License-Identifier: Apache-2.0
"""The sequencer's clock is refused when it was set or when another clock contradicts it."""

import logging
from datetime import timedelta

import pytest

from devtool.processes import wait_until
from ledger.clock import COMPARE_EVERY_SECS, MAX_DIFFERENCE, SystemClock, WatchedClock
from ledger.errors import ClockDiffersError, ClockError, ClockSteppedError, LongSilenceError
from tests.ledger.clocks import START, Elsewhere, SetClock

SECOND = timedelta(seconds=1)
LONG_AGO = START - timedelta(days=8)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def true() -> SetClock:
    """The true time for the other clocks; a test that lets time pass moves both."""
    return SetClock()


@pytest.fixture
def database(true: SetClock) -> Elsewhere:
    return Elsewhere("the database server", true)


@pytest.fixture
def source(true: SetClock) -> Elsewhere:
    return Elsewhere("ntp://time.example", true)


def pass_time(seconds: float, *clocks: SetClock) -> None:
    for each in clocks:
        each.passes(seconds)


def test_a_clock_that_nobody_contradicts_is_read(
    clock: SetClock, true: SetClock, database: Elsewhere
) -> None:
    watched = WatchedClock(clock, database=database)
    pass_time(30, clock, true)
    assert watched.read() == clock.time


@pytest.mark.parametrize("days", [400, -400])
def test_a_clock_that_was_set_is_refused_before_anything_is_compared(
    clock: SetClock, database: Elsewhere, days: int
) -> None:
    watched = WatchedClock(clock, database=database)
    clock.is_set(days=days)
    with pytest.raises(ClockSteppedError) as refused:
        watched.read()
    assert refused.value.step == timedelta(days=days)
    assert database.asked == 1


def test_many_small_steps_are_one_large(clock: SetClock, true: SetClock, database: Elsewhere) -> None:
    watched = WatchedClock(clock, database=database)
    for _ in range(2):
        clock.is_set(minutes=2)
        pass_time(1, clock, true)
        watched.read()
    clock.is_set(minutes=2)
    with pytest.raises(ClockSteppedError):
        watched.read()


def test_a_small_correction_is_taken(clock: SetClock, database: Elsewhere) -> None:
    watched = WatchedClock(clock, database=database)
    clock.is_set(seconds=MAX_DIFFERENCE.total_seconds())
    assert watched.read() == START + MAX_DIFFERENCE


@pytest.mark.parametrize("ahead", [MAX_DIFFERENCE + SECOND, -MAX_DIFFERENCE - SECOND])
def test_at_the_start_another_clock_contradicts(
    clock: SetClock, database: Elsewhere, source: Elsewhere, ahead: timedelta
) -> None:
    source.ahead = ahead
    with pytest.raises(ClockDiffersError, match=r"ntp://time\.example.*the database server agrees") as named:
        WatchedClock(clock, database=database, sources=[source])
    assert named.value.source == source.name
    source.ahead = ahead - SECOND if ahead > timedelta(0) else ahead + SECOND
    WatchedClock(clock, database=database, sources=[source])


def test_every_minute_the_database_is_asked_again(
    clock: SetClock, true: SetClock, database: Elsewhere
) -> None:
    watched = WatchedClock(clock, database=database)
    database.ahead = -timedelta(hours=1)
    pass_time(COMPARE_EVERY_SECS - 1, clock, true)
    watched.read()
    pass_time(1, clock, true)
    with pytest.raises(ClockDiffersError):
        watched.read()


def test_every_minute_sources_are_asked_beside_the_work(
    clock: SetClock, true: SetClock, database: Elsewhere, source: Elsewhere
) -> None:
    watched = WatchedClock(clock, database=database, sources=[source])
    source.ahead = timedelta(hours=1)
    pass_time(COMPARE_EVERY_SECS, clock, true)

    def is_refused() -> bool:
        try:
            watched.read()
        except ClockDiffersError as refused:
            return refused.source == source.name
        return False

    wait_until(is_refused, "the source's answer", timeout_seconds=30)


def test_after_a_sleep_all_are_asked_before_anything_is_read(
    clock: SetClock, true: SetClock, database: Elsewhere, source: Elsewhere
) -> None:
    watched = WatchedClock(clock, database=database, sources=[source])
    source.ahead = timedelta(hours=1)
    clock.sleeps(10)
    with pytest.raises(ClockDiffersError):
        watched.read()


def test_a_source_that_is_away_refuses_nothing_and_is_named_once(
    clock: SetClock, true: SetClock, database: Elsewhere, source: Elsewhere, caplog: pytest.LogCaptureFixture
) -> None:
    source.is_away = True
    with caplog.at_level(logging.WARNING, logger="ledger.clock"):
        watched = WatchedClock(clock, database=database, sources=[source], last_seen=START)
        for _ in range(3):
            clock.sleeps(10)
            true.sleeps(10)
            watched.read()
        source.is_away = False
        clock.sleeps(10)
        true.sleeps(10)
        watched.read()
    assert [record.getMessage() for record in caplog.records] == [
        "time source does not answer",
        "time source answers again",
    ]


def test_a_start_long_after_the_last_leaf_asks_a_person_unless_a_source_vouches(
    clock: SetClock, database: Elsewhere, source: Elsewhere, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(LongSilenceError):
        WatchedClock(clock, database=database, last_seen=LONG_AGO)
    source.is_away = True
    with pytest.raises(LongSilenceError):
        WatchedClock(clock, database=database, sources=[source], last_seen=LONG_AGO)
    source.is_away = False
    WatchedClock(clock, database=database, sources=[source], last_seen=LONG_AGO)
    WatchedClock(clock, database=database, last_seen=LONG_AGO + timedelta(days=1))
    WatchedClock(clock, database=database, last_seen=None)
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="ledger.clock"):
        WatchedClock(clock, database=database, last_seen=LONG_AGO, waits_for_person=False)
    assert [record.getMessage() for record in caplog.records] == ["no time source vouches for the clock"]


def test_a_refusal_names_the_way_on(clock: SetClock, database: Elsewhere) -> None:
    database.ahead = timedelta(days=3)
    with pytest.raises(ClockError, match=r"3 days ahead of this sequencer's.*manage\.py resume_sequencer"):
        WatchedClock(clock, database=database)


def test_the_clocks_of_this_machine_agree() -> None:
    clock = SystemClock()
    WatchedClock(clock, database=Elsewhere("itself", clock)).read()  # type: ignore[arg-type]
