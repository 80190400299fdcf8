# SPDX-License-Identifier: Apache-2.0
"""Questions while a lane between two agencies is suspended: answers wait, acknowledgements flow, clocks stand still."""

from datetime import timedelta

import pytest

from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.boxes.inbox import list_received
from alerts.boxes.on_the_way import list_on_the_way
from alerts.boxes.outbox import read_sent
from alerts.boxes.overdue import read_overdue
from alerts.boxes.start import read_start
from alerts.boxes.waiting import count_waiting
from alerts.errors import AlertIncompleteError, SendingStoppedError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.replies.reminding import remind_of_answers
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from casework.tasks import ALL, list_tasks
from notices.models import Notification
from notices.states import ANSWER_OCCASIONS, Occasion
from officers.models import Officer
from peers.models import Agency
from tests.alerts.replies.test_answers import answer, ask, given, state, waits
from tests.pages.desk_world import DeskWorld


def other_of(desk: DeskWorld, agency: Agency) -> str:
    return (desk.lab if agency == desk.health else desk.health).pk


def admin_of(desk: DeskWorld, agency: Agency) -> Officer:
    return desk.sunniva if agency == desk.lab else desk.haitham


def suspend(desk: DeskWorld, agency: Agency, lane: str = "science") -> None:
    """Have one of the two suspend a lane with the other; both desks learn of it."""
    suspend_lanes(admin_of(desk, agency), [other_of(desk, agency)], [lane], now=desk.tick())
    desk.settle()


def resume(desk: DeskWorld, agency: Agency) -> None:
    resume_lanes(admin_of(desk, agency), [other_of(desk, agency)], ["science"], now=desk.tick())
    desk.settle()


def opened(desk: DeskWorld) -> ReceivedAlert:
    row = desk.received(desk.aroha)
    return open_alert(desk.aroha, row, reason="on_duty", now=desk.tick()).received


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

    def test_what_is_no_reply_is_not_submitted_into_a_suspended_lane(self, desk: DeskWorld) -> None:
        suspend(desk, desk.lab)
        draft = desk.draft(lane="science", purpose="science", recipients=[desk.health.pk])
        with pytest.raises(AlertIncompleteError) as stopped:
            submit_alert(desk.ilka, draft, revision=draft.current, now=desk.tick())
        assert set(stopped.value.errors) == {"recipients"}

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
        acknowledge_alert(desk.aroha, opened(desk), now=desk.tick())
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
        assert (state(desk), len(waits(desk))) == ("answer_overdue", 1)
        assert overdue_everywhere(desk) == (1, 1, 1)

    def test_nobody_is_reminded_of_it(self, desk: DeskWorld) -> None:
        ask(desk, recipients=["xb-health"])
        desk.received(desk.aroha)
        suspend(desk, desk.lab)
        desk.hub.now += timedelta(hours=30)
        remind_of_answers(now=desk.hub.now)
        occasions = (*ANSWER_OCCASIONS, Occasion.ANSWERS_MISSING)
        assert not Notification.objects.filter(occasion__in=occasions).exists()
        resume(desk, desk.lab)
        desk.hub.now += timedelta(hours=30)
        remind_of_answers(now=desk.hub.now)
        told = Notification.objects.filter(occasion__in=occasions).values_list("occasion", flat=True)
        assert set(told) == {Occasion.ANSWER_OVERDUE, Occasion.ANSWERS_MISSING}

    def test_what_was_overdue_before_stays_overdue(self, desk: DeskWorld) -> None:
        ask(desk)
        acknowledge_alert(desk.aroha, opened(desk), now=desk.tick())
        desk.hub.now += timedelta(hours=30)
        suspend(desk, desk.lab)
        assert state(desk) == "answer_overdue"
        assert overdue_everywhere(desk) == (1, 1, 1)

    def test_another_lane_and_a_lane_that_survives_run_on(self, desk: DeskWorld) -> None:
        ask(desk)
        acknowledge_alert(desk.aroha, opened(desk), now=desk.tick())
        suspend(desk, desk.lab, "public_health")
        assert ReceivedAlert.objects.get(agency=desk.health).lane == "science"
        desk.hub.now += timedelta(hours=30)
        assert state(desk) == "answer_overdue"
        assert overdue_everywhere(desk) == (1, 1, 1)
