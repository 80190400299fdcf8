# SPDX-License-Identifier: Apache-2.0
"""The sequencer's loop: it halts for its clock, goes on by a person's command, and outlasts a database that fails."""

import io
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from pytest_django.fixtures import Settings

from ledger.clock import WatchedClock
from ledger.entries import CoveredEntry
from ledger.errors import NotHaltedError
from ledger.halting import halt_reason, halt_sequencer, last_vouched, resume_sequencer
from ledger.models import AuditEvent, Leaf
from ledger.running import Work, run_sequencer
from tests.ledger.bench import Bench
from tests.ledger.clocks import START, Elsewhere, SetClock

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Running:
    """A sequencer in this thread; the test acts each time it shows life."""

    bench: Bench
    clock: SetClock = field(default_factory=SetClock)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(
        self,
        each_time: Callable[[], None],
        on_checkpoint: Callable[[list[CoveredEntry], datetime], object] = lambda covered, now: None,
    ) -> None:
        database = Elsewhere("the database server", SetClock())
        run_sequencer(
            Work(
                key=self.bench.key,
                folder=self.bench.folder,
                make_clock=lambda: WatchedClock(self.clock, database=database, last_seen=last_vouched()),
                on_checkpoint=on_checkpoint,
                stop=self.stop,
                show_life=each_time,
            )
        )


@pytest.fixture
def running(bench: Bench) -> Running:
    return Running(bench)


def test_one_reading_ahead_poisons_nothing_and_a_person_lets_it_go_on(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    bench, clock = running.bench, running.clock
    bench.append()

    def act() -> None:
        if halt_reason():
            clock.is_set(days=-400)
            resume_sequencer(because="the clock was set by hand", now=clock.now())
        elif not clock.boot > 100:
            clock.passes(1)
            clock.is_set(days=400)
            bench.append()
        elif Leaf.objects.count() == 3:
            running.stop.set()

    with caplog.at_level(logging.WARNING, logger="ledger.running"):
        running.run(act)
    assert [leaf.t - int(START.timestamp()) for leaf in Leaf.objects.order_by("index")] == [0, 1, 1]
    event = AuditEvent.objects.get(act="sequencer.resumed")
    assert event.reason == "the clock was set by hand"
    assert "400 days forward" in event.detail["halted"]
    assert [record.getMessage() for record in caplog.records] == [
        "sequencer halted",
        "sequencer stands still until a person has looked",
        "sequencer goes on",
    ]


def test_a_clock_behind_does_no_harm(running: Running) -> None:
    """New leaves get the time of the newest one until the clock has caught up with it."""
    bench = running.bench
    bench.now = START
    bench.log()
    running.clock.is_set(days=-400)
    with pytest.raises(NotHaltedError):
        resume_sequencer(because="nothing", now=START)
    bench.now = running.clock.now()
    bench.log()
    bench.now = START + timedelta(seconds=5)
    bench.log()
    assert [leaf.t - int(START.timestamp()) for leaf in Leaf.objects.order_by("index")] == [1, 1, 6]


def test_a_halt_outlasts_the_process(running: Running) -> None:
    halt_sequencer("the clock was set")
    running.bench.append()
    seen: list[str] = []

    def act() -> None:
        seen.append(halt_reason())
        running.stop.set()

    running.run(act)
    assert seen == ["the clock was set"]
    assert not Leaf.objects.exists()


def test_a_database_that_fails_is_two_lines_of_log(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    running.bench.append()
    failures = [OperationalError("the server is away\nand more"), OperationalError("the server is away")]

    def publish(covered: list[CoveredEntry], now: datetime) -> None:
        if failures:
            raise failures.pop()

    def act() -> None:
        if not failures and running.bench.verify().signed_leaves == 1:
            running.stop.set()

    with caplog.at_level(logging.INFO, logger="ledger.running"):
        running.run(act, publish)
    lines = [(record.getMessage(), getattr(record, "attempts", None)) for record in caplog.records]
    assert [line for line in lines if line[0] != "this sequencer leads"] == [
        ("sequencer interrupted", None),
        ("sequencer works again", 2),
    ]
    assert not any(record.exc_info for record in caplog.records)


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("resume_sequencer", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_shows_the_clocks_and_changes_nothing_without_a_reason(bench: Bench) -> None:
    halt_sequencer("the clock was set")
    shown = command()
    assert "Halted: the clock was set" in shown
    assert "the database server: +0 s" in shown or "the database server: -0 s" in shown
    assert halt_reason()
    assert "goes on" in command("--because", "looked at it")
    assert not halt_reason()
    with pytest.raises(CommandError, match="not halted"):
        command("--because", "again")


def test_the_command_names_a_source_of_no_kind(bench: Bench, settings: Settings) -> None:
    settings.TIME_SOURCES = "http://time.example"
    with pytest.raises(CommandError, match="TIME_SOURCES"):
        command()
