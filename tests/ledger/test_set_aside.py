# SPDX-License-Identifier: Apache-2.0
"""A loop goes on past an item that raises, until too many do so in a row."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from ledger.models import AuditEvent, Distrust, LoopState, SetAside
from ledger.set_aside import STOPS_AFTER, Item, Loop, begin_round, is_met_by_every_item, reason_of

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
LOOP = Loop("test.loop", "system:test")
OTHER_VERSION = Loop("test.loop", "system:test", version="another")

pytestmark = pytest.mark.django_db


def fail() -> None:
    raise ValueError("a text that may hold content")


def succeed() -> None:
    pass


class TestTaking:
    def test_an_item_that_raises_is_set_aside_with_its_reason_and_the_cursor_moves(self) -> None:
        moved: list[str] = []
        a_round = begin_round(LOOP, agency="xa-lab", now=NOW)
        assert not a_round.take(Item("1", "md", Distrust.ALERT), fail, passed=lambda: moved.append("1"))
        assert a_round.take(Item("2"), succeed)
        row = SetAside.objects.get()
        assert (row.loop, row.agency, row.key, row.subject, row.distrusts) == (
            "test.loop",
            "xa-lab",
            "1",
            "md",
            "alert",
        )
        assert row.reason.startswith("ValueError at tests/ledger/test_set_aside.py:")
        assert moved == ["1"]
        event = AuditEvent.objects.get(act="item.set_aside")
        assert (event.agency, event.subject, event.detail["cause"]) == ("xa-lab", "md", row.reason)

    def test_the_text_of_an_error_is_kept_nowhere(self, caplog: pytest.LogCaptureFixture) -> None:
        begin_round(LOOP, now=NOW).take(Item("1"), fail)
        kept = [SetAside.objects.get().reason, str(AuditEvent.objects.get().detail), caplog.text]
        assert not any("content" in text for text in kept)

    @pytest.mark.parametrize(
        "failure", [OperationalError("gone"), MemoryError(), OSError("disk"), TimeoutError()], ids=repr
    )
    def test_what_any_item_would_meet_is_raised_and_nothing_moves(self, failure: Exception) -> None:
        def meet() -> None:
            raise failure

        with pytest.raises(type(failure)):
            begin_round(LOOP, now=NOW).take(Item("1"), meet, passed=fail)
        assert not SetAside.objects.exists()

    def test_a_loop_names_further_failures_that_any_item_would_meet(self) -> None:
        loop = Loop("test.loop", "system:test", lambda error: isinstance(error, ValueError))
        with pytest.raises(ValueError, match="content"):
            begin_round(loop, now=NOW).take(Item("1"), fail)
        assert not SetAside.objects.exists()


@pytest.mark.parametrize(
    ("statement", "is_common"),
    [
        ("SELECT 1 / 0", False),
        ("SELECT repeat('x', 2000000000)", False),
        ("INSERT INTO ledger_loopstate (loop, agency, in_a_row, version) VALUES ('a', '', -1, '')", False),
        ("SELECT * FROM a_table_that_is_not_there", True),
    ],
)
def test_a_database_error_is_the_item_s_where_it_speaks_of_a_value(statement: str, is_common: bool) -> None:
    def ask() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    with pytest.raises((DataError, IntegrityError, OperationalError, Exception)) as raised:
        ask()
    assert is_met_by_every_item(raised.value) is is_common


class TestStopping:
    def stumble(self, loop: Loop = LOOP, times: int = STOPS_AFTER) -> None:
        """Fail once in each of `times` rounds, as in a loop that takes one item at a time."""
        for key in range(times):
            begin_round(loop, now=NOW).take(Item(str(key)), fail)

    def test_ten_in_a_row_stop_the_loop(self) -> None:
        self.stumble()
        assert LoopState.objects.get().stopped_at == NOW
        assert AuditEvent.objects.filter(act="loop.stopped", subject="test.loop").count() == 1
        a_round = begin_round(LOOP, now=NOW)
        assert a_round.is_stopped and not a_round.take(Item("11"), succeed)
        assert SetAside.objects.count() == STOPS_AFTER

    def test_nine_and_one_that_goes_well_do_not(self) -> None:
        self.stumble(times=STOPS_AFTER - 1)
        begin_round(LOOP, now=NOW).take(Item("good"), succeed)
        self.stumble(times=STOPS_AFTER - 1)
        assert LoopState.objects.get().stopped_at is None

    def test_a_stop_is_one_agency_s(self) -> None:
        self.stumble()
        assert not begin_round(LOOP, agency="xa-lab", now=NOW).is_stopped

    def test_another_version_goes_on(self) -> None:
        self.stumble()
        assert not begin_round(OTHER_VERSION, now=NOW).is_stopped
        assert begin_round(OTHER_VERSION, now=NOW).take(Item("11"), succeed)


class TestTryingAgain:
    def aside(self) -> None:
        begin_round(LOOP, now=NOW).take(Item("1"), fail)

    def test_the_same_version_leaves_it_alone(self) -> None:
        self.aside()
        assert begin_round(LOOP, now=NOW).try_again(lambda key: fail()) == 0
        assert SetAside.objects.get().tries == 1

    def test_another_version_tries_it_once(self) -> None:
        self.aside()
        for _ in range(2):
            begin_round(OTHER_VERSION, now=NOW).try_again(lambda key: fail())
        row = SetAside.objects.get()
        assert (row.tries, row.version) == (2, "another")

    def test_what_goes_well_is_set_aside_no_more(self) -> None:
        self.aside()
        tried: list[str] = []
        assert begin_round(OTHER_VERSION, now=NOW).try_again(tried.append) == 1
        assert tried == ["1"] and not SetAside.objects.exists()
        assert AuditEvent.objects.filter(act="item.taken_later").count() == 1

    def test_a_second_failure_does_not_count_towards_a_stop(self) -> None:
        self.aside()
        for _ in range(STOPS_AFTER):
            SetAside.objects.update(retry_asked_at=NOW)
            begin_round(LOOP, now=NOW).try_again(lambda key: fail())
        assert not begin_round(LOOP, now=NOW).is_stopped


class TestMany:
    def takes(self, bad: set[int]) -> Callable[[Sequence[int]], None]:
        def work(numbers: Sequence[int]) -> None:
            if bad & set(numbers):
                fail()

        return work

    def test_one_of_many_is_set_aside_alone(self) -> None:
        done = begin_round(LOOP, now=NOW).take_all(
            [1, 2, 3], self.takes({2}), name=lambda number: Item(str(number))
        )
        assert done == [1, 2, 3]
        assert SetAside.objects.get().key == "2"

    def test_what_comes_after_a_stop_is_left_undone(self) -> None:
        numbers = list(range(STOPS_AFTER + 5))
        done = begin_round(LOOP, now=NOW).take_all(
            numbers, self.takes(set(numbers)), name=lambda number: Item(str(number))
        )
        assert done == numbers[:STOPS_AFTER]


def test_a_reason_names_the_error_s_code() -> None:
    class CodedError(Exception):
        code = "too-large"

    try:
        raise CodedError("octets of a document")
    except CodedError as error:
        assert reason_of(error).startswith("CodedError (too-large) at tests/ledger/")
