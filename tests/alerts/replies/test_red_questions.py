# SPDX-License-Identifier: Apache-2.0
"""RED questions: their named officers answer them, RED, to the officers whom the question names for its answers."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accord.envelope.content import NamedOfficer
from accord.envelope.seal import SealedEnvelope
from alerts.access import find_received
from alerts.boxes.inbox import list_received
from alerts.boxes.outbox import read_sent
from alerts.boxes.overdue import read_overdue
from alerts.boxes.start import read_start
from alerts.boxes.thread import read_thread
from alerts.boxes.waiting import count_waiting
from alerts.drafting.drafts import read_draft, save_revision
from alerts.errors import AlertIncompleteError, ReplyRefusedError, SecondPersonNeededError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.following import follow_feed
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.replies.reminding import remind_of_answers
from alerts.replies.summary import open_summaries
from alerts.rows.replies import Reply
from alerts.sending.amendment import amend_alert
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import withdraw_alert
from callers.capabilities import Role
from callers.errors import AbsentError
from notices.models import Notification
from notices.states import Occasion
from officers.models import AgencyPolicy, Officer
from tests.builders import reference_to
from tests.own_desk import ASKED, CONTENT, RedDesk

OFFICER_7 = "xe-drugs officer-7"
QUESTION: Mapping[str, Any] = {
    "alert_type": "request_for_information",
    "question": f"Have you seen it? {CONTENT}",
    "request_priority": "urgent_direct",
    "pri": "routine",
}


@pytest.fixture
def red(db: None, settings: Settings, tmp_path: Path) -> RedDesk:
    settings.OWN_DESK = True
    return RedDesk.kept(tmp_path / "ledger")


def answer(red: RedDesk, row: ReceivedAlert, code: str = "no_hit", **data: Any) -> Alert:
    opened = open_to_answer(red.named, row, reason="on_duty", now=red.hub.now)
    kind = data.pop("alert_type", "answer")
    return start_reply(red.named, opened, alert_type=kind, data={"answer_code": code} | data, now=red.hub.now)


def ask(red: RedDesk, **changes: Any) -> Alert:
    """Ask the partner's officer 7; the author `named` may open the answers."""
    return red.sent(OFFICER_7, **{**QUESTION, "reply_to": [red.named.public_id], **changes})


def states(red: RedDesk, officer: Officer) -> list[str]:
    return [row.state.value for row in list_received(officer, now=red.hub.now).rows]


def waits(red: RedDesk, officer: Officer) -> list[str]:
    return [row.received.md for row in read_start(officer, now=red.hub.now).answer.rows]


def later(red: RedDesk, hours: float) -> None:
    red.hub.now += timedelta(hours=hours)


class TestAnswering:
    def test_whom_it_names_answers_red_to_whom_the_question_names_for_that(self, red: RedDesk) -> None:
        row = red.asked()
        assert (states(red, red.named), waits(red, red.named)) == (["unread"], [row.md])
        draft = answer(red, row, "hit", narrative=f"Twice. {CONTENT}")
        data = read_draft(red.named, draft).data
        assert (data["tlp"], data["named_officers"], data["recipients"]) == ("RED", [OFFICER_7], ["xe-drugs"])
        sent = red.release(draft)
        opened = red.open_elsewhere(red.partner, sent)
        assert opened.names == (NamedOfficer("xe-drugs", "officer-7"),)
        assert (opened.audience, opened.manifest.terms.kind) == (("xe-drugs",), "reply")
        row.refresh_from_db()
        assert (row.answered_at, row.acknowledged_by) == (sent.released_at, red.named)
        assert (states(red, red.named), waits(red, red.named)) == (["answered"], [])

    def test_nobody_else_meets_a_count_a_row_or_a_mark_of_it(self, red: RedDesk) -> None:
        row = red.asked(hours=1)
        answer(red, row, "partial", narrative="More follows.")
        later(red, 30)
        roles = (Role.AUTHOR, Role.RELEASER, Role.AGENCY_ADMIN)
        others = [(red.hub.make_officer(red.agency, role), 0) for role in roles]
        for officer, seen in (*others, (red.named, 1)):
            found = list_received(officer, to_answer=True, now=red.hub.now).rows
            overdue = list_received(officer, overdue=True, now=red.hub.now).rows
            assert (len(found), len(overdue), len(waits(red, officer))) == (seen, seen, seen), officer.roles
            assert len({one.row.received.md for one in read_overdue(officer, now=red.hub.now).we_owe}) == seen
            assert count_waiting(officer, now=red.hub.now).inbox_overdue == seen
            if not seen:
                with pytest.raises(AbsentError):
                    find_received(officer, row.pk)

    def test_an_interim_answer_and_its_withdrawal_show_as_for_any_question(self, red: RedDesk) -> None:
        row = red.asked()
        interim = red.release(answer(red, row, "partial", narrative="More follows."))
        row.refresh_from_db()
        assert (row.interim_at, row.answered_at) == (interim.released_at, None)
        assert waits(red, red.named) == [row.md]
        later(red, 0.1)
        final = red.release(answer(red, row, "no_hit"))
        assert waits(red, red.named) == []
        withdraw_alert(red.releaser, final, code="error", now=red.hub.now)
        assert waits(red, red.named) == [row.md]

    @pytest.mark.parametrize(
        ("allowed", "pri"), [("bare_code_single_releaser", "routine"), ("flash_single_releaser", "flash")]
    )
    def test_it_takes_two_persons_whatever_the_policy(self, red: RedDesk, allowed: str, pri: str) -> None:
        policy = AgencyPolicy.objects.get(pk=red.agency.pk)
        setattr(policy, allowed, True)
        policy.save()
        red.named.roles = [*red.named.roles, Role.RELEASER.value]
        red.named.save()
        draft = red.validate(answer(red, red.asked(), pri=pri))
        with pytest.raises(SecondPersonNeededError):
            release_alert(red.named, draft, revision=draft.current, now=red.hub.now)

    def test_it_goes_red_to_those_officers_alone(self, red: RedDesk) -> None:
        """Each change stops on its own: before the next, the draft is as the question asks for it."""
        draft = answer(red, red.asked())
        data = read_draft(red.named, draft).data
        begun = {name: data[name] for name in ("tlp", "named_officers", "recipients")}
        for changes, field in (
            ({"tlp": "AMBER+STRICT"}, "tlp"),
            ({"named_officers": ["xe-drugs officer-8"]}, "named_officers"),
            ({"named_officers": []}, "named_officers"),
            (
                {"recipients": ["xd-reg", "xe-drugs"], "named_officers": [OFFICER_7, "xd-reg officer-1"]},
                "recipients",
            ),
        ):
            save_revision(red.named, draft, data=begun | changes, base=draft.current, now=red.hub.now)
            draft.refresh_from_db()
            with pytest.raises(AlertIncompleteError) as stopped:
                red.validate(draft)
            assert field in stopped.value.errors, changes

    def test_who_asks_back_reads_what_is_answered_to_that(self, red: RedDesk) -> None:
        row = red.asked()
        back = answer(red, row, "", alert_type="clarification", question="Which batch?", answer_code=None)
        assert read_draft(red.named, back).data["reply_to"] == [red.named.public_id]
        save_revision(
            red.named, back, data={"request_priority": "urgent_direct"}, base=back.current, now=red.hub.now
        )
        sent = red.release(back)
        assert red.open_elsewhere(red.partner, sent).alert["reply_to"] == [red.named.public_id]
        assert waits(red, red.named) == [row.md]
        red.answered(sent, "information_supplied", narrative="Batch 4.")
        (told,) = read_sent(red.named, sent, now=red.hub.now).recipients
        assert told.answer is not None and told.answer.code == "information_supplied"

    def test_the_asker_closes_and_asks_anew_by_a_next_version(self, red: RedDesk) -> None:
        first = red.asked()
        red.release(answer(red, first))
        due = int(red.hub.now.timestamp()) + 8 * 3600
        sealed = SealedEnvelope("xe-drugs", first.jti, first.md, b"", b"", ())
        anew = red.asked(
            kind="update",
            re=reference_to(sealed),
            reply_by=due,
            alert={**ASKED, "question_change": "asks_anew"},
        )
        assert waits(red, red.named) == [anew.md]
        sealed = SealedEnvelope("xe-drugs", anew.jti, anew.md, b"", b"", ())
        terms: dict[str, Any] = {
            "kind": "update",
            "re": reference_to(sealed),
            "reply_by": None,
            "ack_by": None,
        }
        closed = red.asked(alert={**ASKED, "question_change": "closed"}, **terms)
        assert closed.question_change == "closed" and waits(red, red.named) == []
        with pytest.raises(ReplyRefusedError) as refused:
            answer(red, closed)
        assert refused.value.cause == "closed"


class TestAsking:
    def test_a_question_names_an_officer_who_may_read_it_before_it_goes_out(self, red: RedDesk) -> None:
        """Not nobody, nor an author who did not write it, nor anybody of another agency."""
        for named in ([], [red.other.public_id], ["officer-7"]):
            draft = red.draft(OFFICER_7, **QUESTION, reply_to=named)
            with pytest.raises(AlertIncompleteError) as stopped:
                red.validate(draft)
            assert set(stopped.value.errors) == {"reply_to"}, named
            assert "choose an officer of yours" in stopped.value.errors["reply_to"][0]

    def test_those_whom_it_names_see_who_has_answered_and_nobody_else(self, red: RedDesk) -> None:
        asked = ask(red)
        row = red.answered(asked, "partial", narrative=f"Seen once. {CONTENT}")
        later(red, 30)
        view = read_sent(red.named, asked, now=red.hub.now)
        (told,) = view.recipients
        assert told.answer is not None and (told.answer.code, told.answer.received) == ("partial", row.pk)
        assert view.shows_answers and told.answer.text == ""
        view = read_sent(red.releaser, asked, now=red.hub.now)
        assert (view.shows_answers, view.recipients[0].answer) == (False, None)
        with pytest.raises(AbsentError):
            find_received(red.releaser, row.pk)
        owed = [
            one.alert.pk for one in read_overdue(red.named, now=red.hub.now).they_owe if one.owed == "answer"
        ]
        assert owed == [asked.pk]
        assert not [
            one for one in read_overdue(red.releaser, now=red.hub.now).they_owe if one.owed == "answer"
        ]
        thread = read_thread(red.releaser, {asked.md: 1}, names={}, now=red.hub.now)
        assert "answered" not in str(thread)

    def test_nothing_that_the_answer_says_in_words_is_kept_beside_it(self, red: RedDesk) -> None:
        row = red.answered(ask(red), "hit", narrative=f"Twice. {CONTENT}", contact="A. Boll")
        reply = Reply.objects.get(received=row)
        (summary,) = open_summaries(red.agency.pk, [reply]).values()
        assert (summary.alert_type, summary.code, summary.text, summary.contact) == ("answer", "hit", "", "")

    def test_a_question_that_is_not_red_sends_no_names_for_its_answers(self, red: RedDesk) -> None:
        sent = red.sent(**QUESTION, tlp="AMBER", reply_to=[red.named.public_id])
        assert red.open_elsewhere(red.partner, sent).alert["reply_to"] == []

    def test_the_question_is_closed_by_a_next_version(self, red: RedDesk) -> None:
        asked = ask(red)
        closed = red.release(amend_alert(red.named, asked, question_change="closed", now=red.hub.now))
        assert red.open_elsewhere(red.partner, closed).names == (NamedOfficer("xe-drugs", "officer-7"),)
        assert read_sent(red.named, closed, now=red.hub.now).reply_by is None


class TestReminders:
    def test_named_officers_are_reminded_and_the_duty_list_hears_that_it_waits(self, red: RedDesk) -> None:
        red.other.duty_rank = 1
        red.other.save()
        row = red.asked()
        Notification.objects.all().delete()
        for hours in (4.1, 4, 4):
            later(red, hours)
            remind_of_answers(now=red.hub.now)
        found = Notification.objects.filter(about=row.md).values_list("officer", "occasion", "reference")
        assert set(found) == {
            (red.named.pk, Occasion.ANSWER_DUE, row.reference),
            (red.named.pk, Occasion.ANSWER_OVERDUE, row.reference),
            (red.other.pk, Occasion.RED_WAITS, ""),
        }

    def test_those_whom_the_question_names_hear_that_answers_are_missing(self, red: RedDesk) -> None:
        for rank, officer in enumerate((red.other, red.releaser), 1):
            officer.duty_rank = rank
            officer.save()
        asked = ask(red)
        follow_feed(red.agency, now=red.hub.now)
        Notification.objects.all().delete()
        later(red, 400)
        remind_of_answers(now=red.hub.now)
        found = Notification.objects.filter(about=asked.md).values_list("officer", "occasion")
        assert set(found) == {(red.named.pk, Occasion.ANSWERS_MISSING)}

    def test_of_its_arrival_whom_it_names_hears_by_its_reference(self, red: RedDesk) -> None:
        red.other.duty_rank = 1
        red.other.save()
        row = red.asked()
        found = Notification.objects.filter(about=row.md).values_list("officer", "occasion", "reference")
        assert set(found) == {
            (red.named.pk, Occasion.ALERT, row.reference),
            (red.other.pk, Occasion.RED_WAITS, ""),
        }
        admin = red.hub.make_officer(red.agency, Role.AGENCY_ADMIN)
        assert not Notification.objects.visible_to(admin).exclude(reference="").exists()
