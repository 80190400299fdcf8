# SPDX-License-Identifier: Apache-2.0
"""Questions while a lane between two agencies is suspended: answers wait, acknowledgements flow, clocks stand still."""

import json
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accord.envelope.statements.form import SubjectRef
from alerts.agency.agreement_versions import Terms, answer_version, propose_agreement
from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.boxes.inbox import list_received
from alerts.boxes.on_the_way import list_on_the_way
from alerts.boxes.outbox import read_sent
from alerts.boxes.overdue import read_overdue
from alerts.boxes.start import read_start
from alerts.boxes.waiting import count_waiting
from alerts.errors import SendingStoppedError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.replies.reminding import remind_of_answers
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.hand_in import send_waiting
from alerts.sending.release import release_alert
from callers.closed_lists import Lane, Purpose
from casework.tasks import ALL, list_tasks
from notices.models import Notification
from notices.states import ANSWER_OCCASIONS, Occasion
from officers.models import Officer
from peers.models import Agency, HeldStatement
from tests.agreements import take_in_agreements
from tests.alerts.replies.test_answers import QUESTION, answer, ask, given, sent_answer, state, waits
from tests.desk_calls import the_exchange
from tests.pages.desk_world import DeskWorld
from tests.stages import act


def other_of(desk: DeskWorld, agency: Agency) -> str:
    return (desk.lab if agency == desk.health else desk.health).pk


def admin_of(desk: DeskWorld, agency: Agency) -> Officer:
    return desk.sunniva if agency == desk.lab else desk.haitham


@act
def suspend(desk: DeskWorld, agency: Agency, lane: str = "science") -> None:
    """Have one of the two suspend a lane with the other; both desks learn of it."""
    suspend_lanes(admin_of(desk, agency), [other_of(desk, agency)], [lane], now=desk.tick())
    desk.settle()


@act
def resume(desk: DeskWorld, agency: Agency) -> None:
    resume_lanes(admin_of(desk, agency), [other_of(desk, agency)], ["science"], now=desk.tick())
    desk.settle()


@act
def opened(desk: DeskWorld) -> ReceivedAlert:
    row = desk.received(desk.aroha)
    return open_alert(desk.aroha, row, reason="on_duty", now=desk.tick()).received


@act
def acknowledged(desk: DeskWorld) -> None:
    acknowledge_alert(desk.aroha, opened(desk), now=desk.tick())


@act
def submitted(desk: DeskWorld) -> Alert:
    draft = answer(desk)
    submit_alert(desk.aroha, draft, revision=draft.current, now=desk.tick())
    draft.refresh_from_db()
    return draft


def overdue_everywhere(desk: DeskWorld) -> tuple[int, int, int]:
    """Return how much is overdue by the inbox's filter, by the menu, and by the tasks."""
    filtered = list_received(desk.aroha, overdue=True, now=desk.hub.now).rows
    waiting = count_waiting(desk.aroha, now=desk.hub.now)
    return (
        len(filtered),
        waiting.inbox_overdue,
        list_tasks(desk.aroha, whose=ALL, now=desk.hub.now).overdue,
    )


def due_at_both(desk: DeskWorld, asked: Alert) -> tuple[datetime, datetime]:
    """Return when the health authority's answer is due, as it says itself and as the laboratory does."""
    told = {one.agency: one for one in read_sent(desk.ilka, asked, now=desk.hub.now).recipients}
    here, there = ReceivedAlert.objects.get(agency=desk.health).answer_by, told["xb-health"].answer_by
    assert here is not None and there is not None
    return here, there


def span_of(desk: DeskWorld) -> timedelta:
    """Return the time from the first suspension to the last resumption in the ledger."""
    times = HeldStatement.objects.filter(reader="xb-health", k__in=("suspend", "resume"))
    logged = [at for at in times.values_list("log_time", flat=True) if at is not None]
    return timedelta(seconds=max(logged) - min(logged))


def refuse_statements() -> None:
    refusal = {"type": "urn:accord:problem:agreement-refused", "title": "Refused.", "status": 422}
    octets = json.dumps(refusal).encode()
    the_exchange.answers = lambda path: (422, octets) if path.endswith("/statements") else None


@act
def agree_that_clocks_run(desk: DeskWorld) -> None:
    """Have the parties of G1 sign it, with clocks that run on."""
    agreed = Terms(
        ref="G1",
        parties=frozenset({"xa-lab", "xb-health", "xd-reg"}),
        lanes=frozenset(Lane.values),
        tlp="AMBER",
        purposes=frozenset(Purpose.values),
        begins=desk.hub.now,
        until=desk.hub.now + timedelta(days=365),
        clocks="run",
    )
    od = propose_agreement(desk.sunniva, agreed, now=desk.tick())
    desk.settle()
    answer_version(desk.haitham, od, "accept", now=desk.tick())
    proposal = HeldStatement.objects.get(reader="xb-health", od=od)
    about = SubjectRef("agreement", proposal.statement_id, od)
    said = desk.hub.statement(desk.reg, "accept", about, body={"st": "accept"}, act="officer-1")
    desk.hub.submit(desk.reg, said)
    desk.settle()
    take_in_agreements(now=desk.tick())


class TestAnAnswerWaits:
    @pytest.mark.parametrize("by", ["health", "lab"])
    def test_it_is_submitted_held_in_words_and_sent_by_a_person_once_the_lane_is_open(
        self, desk: DeskWorld, by: str
    ) -> None:
        asked, agency = ask(desk), getattr(desk, by)
        desk.received(desk.aroha)
        suspend(desk, agency)
        draft = submitted(desk)
        (row,) = list_on_the_way(desk.aroha, now=desk.hub.now).rows
        assert (row.state, row.text.startswith("Held by suspension since ")) == ("submitted", True)
        with pytest.raises(SendingStoppedError) as stopped:
            validate_alert(desk.haitham, draft, revision=draft.current, now=desk.tick())
        assert stopped.value.text.startswith("Held by suspension: ")
        resume(desk, agency)
        assert list_on_the_way(desk.aroha, now=desk.hub.now).rows[0].text == ""
        validate_alert(desk.haitham, draft, revision=draft.current, now=desk.tick())
        release_alert(desk.haitham, draft, revision=draft.current, now=desk.tick())
        desk.settle()
        seen = given(desk, asked)
        assert seen is not None and seen.code == "no_hit"

    def test_one_that_was_checked_before_goes_out_unchanged_after_it(self, desk: DeskWorld) -> None:
        ask(desk)
        draft = submitted(desk)
        validate_alert(desk.haitham, draft, revision=draft.current, now=desk.tick())
        suspend(desk, desk.lab)
        with pytest.raises(SendingStoppedError) as stopped:
            release_alert(desk.haitham, draft, revision=draft.current, now=desk.tick())
        assert stopped.value.text.startswith("Held by suspension: ")
        resume(desk, desk.lab)
        assert release_alert(desk.haitham, draft, revision=draft.current, now=desk.tick()).released_at

    def test_acknowledgements_flow(self, desk: DeskWorld) -> None:
        asked = ask(desk)
        row = opened(desk)
        suspend(desk, desk.lab)
        acknowledge_alert(desk.aroha, row, now=desk.tick())
        desk.settle()
        told = read_sent(desk.ilka, asked, now=desk.hub.now).recipients
        assert next(one for one in told if one.agency == "xb-health").fact.acknowledged_at


class TestItsClock:
    def test_it_stands_still_on_every_list_while_the_suspension_lasts(self, desk: DeskWorld) -> None:
        asked = ask(desk)
        acknowledged(desk)
        suspend(desk, desk.health)
        since = desk.hub.now.replace(microsecond=0)
        desk.hub.now += timedelta(hours=30)
        (row,) = list_received(desk.aroha, now=desk.hub.now).rows
        assert (row.state, row.due, row.state_text[:24]) == ("frozen", None, "Frozen: suspended since ")
        start = read_start(desk.aroha, now=desk.hub.now)
        assert (len(start.answer.rows), start.answers_overdue) == (1, 0), "it waits, and is not overdue"
        told = {one.agency: one for one in read_sent(desk.ilka, asked, now=desk.hub.now).recipients}
        frozen = told["xb-health"].frozen_since
        assert frozen is not None and abs(frozen - since) < timedelta(seconds=5)
        assert told["xd-reg"].frozen_since is None
        owed = [one.owed for one in read_overdue(desk.aroha, now=desk.hub.now).we_owe]
        assert owed == []
        assert overdue_everywhere(desk) == (0, 0, 0)
        (task,) = list_tasks(desk.aroha, whose=ALL, now=desk.hub.now).rows
        assert (task.due_at, task.frozen_since) == (None, row.received.frozen_since)
        theirs = read_overdue(desk.ilka, now=desk.hub.now).they_owe
        assert {one.agency.pk for one in theirs if one.owed == "answer"} == {"xd-reg"}
        resume(desk, desk.health)
        assert (state(desk), len(waits(desk))) == ("to_answer", 1), "it goes on where it stood"
        assert overdue_everywhere(desk) == (0, 0, 0)

    def test_once_it_is_over_the_due_time_has_moved_by_it_at_both_sides(self, desk: DeskWorld) -> None:
        asked = ask(desk)
        acknowledged(desk)
        signed = due_at_both(desk, asked)[0]
        suspend(desk, desk.lab)
        desk.hub.now += timedelta(hours=2)
        suspend(desk, desk.health)
        desk.hub.now += timedelta(hours=26)
        resume(desk, desk.health)
        assert due_at_both(desk, asked) == (signed, signed), "the other side still suspends it"
        desk.hub.now += timedelta(hours=2)
        resume(desk, desk.lab)
        took = span_of(desk)
        assert took > timedelta(hours=30)
        assert due_at_both(desk, asked) == (signed + took,) * 2
        row = ReceivedAlert.objects.get(agency=desk.health)
        assert (row.reply_by, row.moved_from) == (signed, signed), "what was signed stays"
        (task,) = list_tasks(desk.aroha, whose=ALL, now=desk.hub.now).rows
        (start,) = read_start(desk.aroha, now=desk.hub.now).answer.rows
        assert task.due_at == start.due == signed + took
        theirs = read_overdue(desk.ilka, now=desk.hub.now).they_owe
        assert {one.agency.pk for one in theirs if one.owed == "answer"} == {"xd-reg"}
        sent_answer(desk)
        reply = given(desk, asked)
        assert reply is not None and not reply.is_late

    def test_it_is_late_by_the_moved_time(self, desk: DeskWorld) -> None:
        asked = ask(desk)
        acknowledged(desk)
        suspend(desk, desk.lab)
        desk.hub.now += timedelta(hours=30)
        resume(desk, desk.lab)
        desk.hub.now += timedelta(hours=9)
        assert state(desk) == "answer_overdue"
        assert overdue_everywhere(desk) == (1, 1, 1)
        theirs = read_overdue(desk.ilka, now=desk.hub.now).they_owe
        assert {one.agency.pk for one in theirs if one.owed == "answer"} == {"xb-health", "xd-reg"}
        sent_answer(desk)
        reply = given(desk, asked)
        assert reply is not None and reply.is_late

    def test_what_is_unsaid_moves_it_back(self, desk: DeskWorld) -> None:
        asked = ask(desk, recipients=["xb-health"])
        desk.received(desk.aroha)
        signed = due_at_both(desk, asked)[0]
        suspend(desk, desk.health)
        desk.hub.now += timedelta(hours=30)
        the_exchange.is_away = True
        try:
            resume_lanes(desk.haitham, [desk.lab.pk], ["science"], now=desk.tick())
            assert due_at_both(desk, asked)[0] > signed, "it counts at once at the own desk"
            the_exchange.behave()
            refuse_statements()
            send_waiting(now=desk.hub.later(minutes=5))
        finally:
            the_exchange.behave()
        assert due_at_both(desk, asked) == (signed, signed)
        (row,) = list_received(desk.aroha, now=desk.hub.now).rows
        assert row.received.frozen_since is not None

    def test_nobody_is_reminded_of_it(self, desk: DeskWorld) -> None:
        ask(desk, recipients=["xb-health"])
        desk.received(desk.aroha)
        suspend(desk, desk.lab)
        desk.hub.now += timedelta(hours=30)
        remind_of_answers(now=desk.hub.now)
        occasions = (*ANSWER_OCCASIONS, Occasion.ANSWERS_MISSING)
        assert not Notification.objects.filter(occasion__in=occasions).exists()
        resume(desk, desk.lab)
        remind_of_answers(now=desk.hub.now)
        assert not Notification.objects.filter(occasion__in=occasions).exists(), "there is time again"
        desk.hub.now += timedelta(hours=5)
        remind_of_answers(now=desk.hub.now)
        told = Notification.objects.filter(occasion__in=occasions).values_list("occasion", flat=True)
        assert set(told) == {Occasion.ANSWER_DUE}
        desk.hub.now += timedelta(hours=30)
        remind_of_answers(now=desk.hub.now)
        told = Notification.objects.filter(occasion__in=occasions).values_list("occasion", flat=True)
        assert set(told) == {Occasion.ANSWER_DUE, Occasion.ANSWER_OVERDUE, Occasion.ANSWERS_MISSING}

    def test_what_was_overdue_before_stays_overdue(self, desk: DeskWorld) -> None:
        ask(desk)
        acknowledged(desk)
        desk.hub.now += timedelta(hours=30)
        suspend(desk, desk.lab)
        assert state(desk) == "answer_overdue"
        assert overdue_everywhere(desk) == (1, 1, 1)

    def test_another_lane_and_a_lane_that_survives_run_on(self, desk: DeskWorld) -> None:
        ask(desk)
        acknowledged(desk)
        suspend(desk, desk.lab, "public_health")
        assert ReceivedAlert.objects.get(agency=desk.health).lane == "science"
        desk.hub.now += timedelta(hours=30)
        assert state(desk) == "answer_overdue"
        assert overdue_everywhere(desk) == (1, 1, 1)
        table = f'FROM "{ReceivedAlert._meta.db_table}"'
        with CaptureQueriesContext(connection) as asked:
            count_waiting(desk.aroha, now=desk.hub.now)
        assert sum(table in query["sql"] for query in asked.captured_queries) == 1, "nothing is counted twice"

    def test_one_that_the_exchange_held_meanwhile_comes_with_its_due_time_moved(
        self, desk: DeskWorld
    ) -> None:
        draft = desk.draft(**{**QUESTION, "recipients": ["xb-health"]})
        alert = desk.validate(desk.submit(draft))
        release_alert(desk.benno, alert, revision=alert.current, now=desk.tick())
        suspend(desk, desk.lab)
        assert not ReceivedAlert.objects.exists()
        desk.hub.now += timedelta(hours=30)
        resume(desk, desk.lab)
        row = ReceivedAlert.objects.get()
        assert row.reply_by is not None and row.answer_by is not None and row.remind_at is not None
        assert row.answer_by - row.reply_by >= timedelta(hours=30)
        assert row.remind_at > desk.hub.now


class TestItsClockRunsOn:
    def test_what_falls_due_meanwhile_is_overdue_and_counted_by_nobody(self, desk: DeskWorld) -> None:
        agree_that_clocks_run(desk)
        asked = ask(desk, recipients=["xb-health"])
        acknowledged(desk)
        suspend(desk, desk.health)
        (row,) = list_received(desk.aroha, now=desk.hub.now).rows
        signed = row.received.reply_by
        assert (row.state, row.due, row.held_text[:15]) == ("to_answer", signed, "Suspended since")
        desk.hub.now += timedelta(hours=30)
        (row,) = list_received(desk.aroha, now=desk.hub.now).rows
        assert (row.state, row.due, row.state_text[:18]) == ("overdue_suspended", None, "Overdue, suspended")
        assert overdue_everywhere(desk) == (0, 0, 0)
        assert read_start(desk.aroha, now=desk.hub.now).answers_overdue == 0
        for officer in (desk.aroha, desk.ilka):
            owed = read_overdue(officer, now=desk.hub.now)
            assert "answer" not in [*(one.owed for one in owed.we_owe), *(one.owed for one in owed.they_owe)]
        remind_of_answers(now=desk.hub.now)
        assert not Notification.objects.filter(
            occasion__in=[*ANSWER_OCCASIONS, Occasion.ANSWERS_MISSING]
        ).exists()
        resume(desk, desk.health)
        assert due_at_both(desk, asked) == (signed, signed)
        assert (state(desk), overdue_everywhere(desk)) == ("answer_overdue", (1, 1, 1))
