# SPDX-License-Identifier: Apache-2.0
"""The overdue board: what an agency owes, what others owe it, and nothing that was kept in time."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.boxes.inbox import Owed
from alerts.boxes.overdue import Overdue, read_overdue
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import OpeningReason, open_alert
from alerts.sending.withdrawal import withdraw_alert
from officers.models import Officer
from tests.alerts.replies.test_answers import ask, sent_answer
from tests.pages.desk_world import DeskWorld

QUERIES_AT_MOST = 24


def board(desk: DeskWorld, officer: Officer) -> Overdue:
    return read_overdue(officer, now=desk.hub.now)


def ours(desk: DeskWorld, officer: Officer) -> list[Owed]:
    return [one.owed for one in board(desk, officer).we_owe]


def theirs(desk: DeskWorld, officer: Officer) -> list[tuple[str, Owed]]:
    return sorted((one.agency.pk, one.owed) for one in board(desk, officer).they_owe)


def test_both_sides_read_the_same_until_each_debt_is_settled(desk: DeskWorld) -> None:
    ask(desk)
    assert ours(desk, desk.aroha) == [] and theirs(desk, desk.ilka) == []
    desk.hub.now += timedelta(hours=9)
    assert ours(desk, desk.aroha) == [Owed.ANSWER], "the acknowledgement has a day"
    assert theirs(desk, desk.ilka) == [("xb-health", Owed.ANSWER), ("xd-reg", Owed.ANSWER)]
    desk.hub.now += timedelta(days=1)
    assert ours(desk, desk.aroha) == [Owed.ANSWER, Owed.ACKNOWLEDGEMENT], "the longest overdue first"
    received = desk.received(desk.aroha)
    open_alert(desk.aroha, received, reason=OpeningReason.ON_DUTY.value, now=desk.tick())
    acknowledge_alert(desk.aroha, received, now=desk.tick())
    desk.settle()
    assert ours(desk, desk.aroha) == [Owed.ANSWER]
    assert ("xb-health", Owed.ACKNOWLEDGEMENT) not in theirs(desk, desk.ilka)
    sent_answer(desk)
    assert ours(desk, desk.aroha) == []
    assert theirs(desk, desk.ilka) == [("xd-reg", Owed.ACKNOWLEDGEMENT), ("xd-reg", Owed.ANSWER)]


def test_what_was_withdrawn_is_owed_by_nobody(desk: DeskWorld) -> None:
    asked = ask(desk)
    desk.hub.now += timedelta(days=2)
    withdraw_alert(desk.benno, asked, code="error", now=desk.tick())
    desk.settle()
    assert ours(desk, desk.aroha) == [] and theirs(desk, desk.ilka) == []


def test_nothing_is_owed_of_what_is_deleted(desk: DeskWorld) -> None:
    ask(desk)
    keep = desk.received(desk.aroha).keep
    desk.hub.now = keep - timedelta(seconds=1)
    assert ours(desk, desk.aroha) == [Owed.ANSWER, Owed.ACKNOWLEDGEMENT]
    desk.hub.now = keep
    assert ours(desk, desk.aroha) == []


def test_its_queries_do_not_grow_with_what_is_overdue(desk: DeskWorld) -> None:
    ask(desk)
    desk.hub.now += timedelta(days=2)
    with CaptureQueriesContext(connection) as one:
        board(desk, desk.ilka)
    for n in range(3):
        ask(desk, title=f"Who has met powder {n}")
    desk.hub.now += timedelta(days=2)
    with CaptureQueriesContext(connection) as four:
        assert len(board(desk, desk.ilka).they_owe) == 16
    assert len(four) <= len(one) <= QUERIES_AT_MOST
