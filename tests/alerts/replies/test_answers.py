# SPDX-License-Identifier: Apache-2.0
"""Answers to questions: the state of a question at who owes the answer, and what the asking agency reads."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.boxes.inbox import Owed, list_received
from alerts.boxes.outbox import read_sent
from alerts.boxes.overdue import read_overdue
from alerts.boxes.start import read_start
from alerts.drafting.drafts import attach_file, save_revision
from alerts.drafting.revisions import read_revision
from alerts.errors import (
    AlertIncompleteError,
    AmendmentRefusedError,
    ReplyRefusedError,
    SecondPersonNeededError,
)
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import OpeningReason
from alerts.replies.answers import AnswerGiven, asked_back
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.replies.summary import ReplySummary
from alerts.replies.thread_rows import RepliesHeld
from alerts.rows.replies import Reply
from alerts.sending.amendment import amend_alert
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import withdraw_alert
from callers.binding import keep_bound
from callers.capabilities import Role
from callers.errors import AbsentError
from officers.models import AgencyPolicy, Officer
from peers.models import Agency, SentDelivery, SentEnvelope
from tests.bound_rows import rewrite
from tests.pages.desk_world import CONTENT, DeskWorld
from tests.pages.test_in_doubt import lose_key
from tests.stages import act

ON_DUTY = OpeningReason.ON_DUTY.value
QUESTION: Mapping[str, Any] = {
    "alert_type": "request_for_information",
    "title": "Who has met this powder",
    "question": f"Have you seen this? {CONTENT}",
    "request_priority": "urgent_direct",
    "lane": "science",
    "purpose": "science",
    "pri": "routine",
}


@act
def ask(desk: DeskWorld, **changes: Any) -> Alert:
    return desk.send(desk.draft(**{**QUESTION, **changes}))


@act
def answer(desk: DeskWorld, code: str = "no_hit", **data: Any) -> Alert:
    """Draft the health authority's answer to the question that it received last."""
    asked = ReceivedAlert.objects.filter(agency=desk.health, reply_by__isnull=False).latest("number")
    opened = open_to_answer(desk.aroha, asked, reason=ON_DUTY, now=desk.tick())
    return start_reply(
        desk.aroha, opened, alert_type="answer", data={"answer_code": code} | data, now=desk.tick()
    )


@act
def sent_answer(desk: DeskWorld, code: str = "no_hit", **data: Any) -> Alert:
    return desk.send(answer(desk, code, **data), desk.haitham)


def state(desk: DeskWorld) -> str:
    """Return the state of the newest question in the inbox of who owes the answer."""
    rows = list_received(desk.aroha, now=desk.hub.now).rows
    return next(row.state.value for row in rows if row.received.reply_by is not None)


def given(desk: DeskWorld, asked: Alert) -> AnswerGiven | None:
    """Return what the asking agency reads as the answer."""
    recipients = read_sent(desk.ilka, asked, now=desk.hub.now).recipients
    return next(row.answer for row in recipients if row.agency == "xb-health")


def waits(desk: DeskWorld) -> list[str]:
    return [row.received.reference for row in read_start(desk.aroha, now=desk.hub.now).answer.rows]


def overdue(desk: DeskWorld) -> list[str]:
    """Return the questions whose time is past and to which the health authority owes an answer."""
    owed = read_overdue(desk.aroha, now=desk.hub.now).we_owe
    return [one.row.received.reference for one in owed if one.owed is Owed.ANSWER]


def test_a_question_waits_for_its_answer_whatever_was_acknowledged_and_ends_with_it(desk: DeskWorld) -> None:
    asked = ask(desk)
    received = desk.received(desk.aroha)
    assert waits(desk) == [received.reference]
    open_to_answer(desk.aroha, received, reason=ON_DUTY, now=desk.tick())
    acknowledge_alert(desk.aroha, received, now=desk.tick())
    assert (state(desk), waits(desk)) == ("to_answer", [received.reference])
    assert [row.state for row in list_received(desk.aroha, to_answer=True, now=desk.hub.now).rows] == [
        "to_answer"
    ]
    assert given(desk, asked) is None
    sent = sent_answer(desk)
    assert (state(desk), waits(desk)) == ("answered", [])
    assert list_received(desk.aroha, to_answer=True, now=desk.hub.now).rows == ()
    seen = given(desk, asked)
    assert seen is not None and (seen.code, seen.is_final, seen.is_late) == ("no_hit", True, False)
    received.refresh_from_db()
    assert received.answered_at == sent.released_at


def test_who_answers_has_acknowledged_in_the_name_of_the_author(desk: DeskWorld) -> None:
    ask(desk)
    sent_answer(desk)
    received = ReceivedAlert.objects.get(agency=desk.health, reply_by__isnull=False)
    assert (received.acknowledged_by, received.answer) == (desk.aroha, "opened")


def test_an_interim_answer_keeps_the_question_open_and_says_when_more_comes(desk: DeskWorld) -> None:
    asked = ask(desk)
    day = (desk.hub.now + timedelta(days=9)).date()
    sent_answer(desk, "needs_judicial_authorisation", expected_at=day.isoformat())
    received = ReceivedAlert.objects.get(agency=desk.health, reply_by__isnull=False)
    assert received.answered_at is None and received.interim_at is not None
    assert (state(desk), waits(desk)) == ("to_answer", [received.reference])
    seen = given(desk, asked)
    assert seen is not None and (seen.is_final, seen.expected_on) == (False, day)
    sent_answer(desk, "hit", narrative="Two cases since May.")
    assert state(desk) == "answered"
    seen = given(desk, asked)
    assert seen is not None and (seen.code, seen.text) == ("hit", "Two cases since May.")


def test_a_withdrawn_answer_opens_the_question_again_and_no_earlier_one_takes_its_place(
    desk: DeskWorld,
) -> None:
    asked = ask(desk)
    sent_answer(desk, "partial", narrative="Half of the laboratories have looked.")
    second = sent_answer(desk, "hit")
    withdraw_alert(desk.haitham, second, code="error", now=desk.tick())
    desk.settle()
    assert (state(desk), given(desk, asked)) == ("to_answer", None)


def test_an_amended_answer_takes_the_place_of_the_first(desk: DeskWorld) -> None:
    asked = ask(desk)
    first = sent_answer(desk)
    with pytest.raises(ReplyRefusedError, match=r"^answered$"):
        answer(desk, "hit")
    draft = amend_alert(desk.aroha, first, now=desk.tick())
    save_revision(desk.aroha, draft, data={"answer_code": "hit"}, base=draft.current, now=desk.tick())
    draft.refresh_from_db()
    desk.send(draft, desk.haitham)
    seen = given(desk, asked)
    assert seen is not None and seen.code == "hit"
    assert state(desk) == "answered"


def test_a_question_past_the_time_for_which_it_is_kept_waits_no_longer(desk: DeskWorld) -> None:
    ask(desk)
    received = desk.received(desk.aroha)
    open_to_answer(desk.aroha, received, reason=ON_DUTY, now=desk.tick())
    acknowledge_alert(desk.aroha, received, now=desk.tick())
    desk.hub.now = received.keep - timedelta(seconds=1)
    assert (state(desk), len(waits(desk)), len(overdue(desk))) == ("answer_overdue", 1, 1)
    desk.tick()
    assert (state(desk), waits(desk), overdue(desk)) == ("acknowledged", [], [])


def test_an_answer_counts_for_the_next_version_of_the_question(desk: DeskWorld) -> None:
    asked = ask(desk)
    sent_answer(desk)
    draft = amend_alert(desk.ilka, asked, now=desk.tick())
    save_revision(
        desk.ilka,
        draft,
        data={"question": "Have you seen this blue one?"},
        base=draft.current,
        now=desk.tick(),
    )
    draft.refresh_from_db()
    newest = desk.send(draft)
    assert (state(desk), waits(desk)) == ("answered", [])
    seen = given(desk, newest)
    assert seen is not None and seen.code == "no_hit"


def next_version(desk: DeskWorld, asked: Alert, change: str = "", **data: Any) -> Alert:
    draft = amend_alert(desk.ilka, asked, question_change=change, now=desk.tick())
    if data:
        save_revision(desk.ilka, draft, data=data, base=draft.current, now=desk.tick())
        draft.refresh_from_db()
    return desk.send(draft)


def test_a_version_that_asks_anew_takes_no_earlier_answer(desk: DeskWorld) -> None:
    asked = ask(desk)
    sent_answer(desk)
    newest = next_version(desk, asked, "asks_anew", question="Have you seen this blue one?")
    assert (state(desk), len(waits(desk)), given(desk, newest)) == ("unread", 1, None)
    sent_answer(desk, "hit")
    seen = given(desk, newest)
    assert (state(desk), seen is not None and seen.code) == ("answered", "hit")
    third = next_version(desk, newest)
    assert read_revision(third).data["question_change"] is None, "what one version changed the next does not"
    assert (state(desk), given(desk, third)) == ("answered", seen)


def test_a_closed_question_waits_for_nobody_and_keeps_what_was_answered(desk: DeskWorld) -> None:
    asked = ask(desk)
    sent_answer(desk, "partial", narrative="Half of the laboratories have looked.")
    closing = next_version(desk, asked, "closed")
    rows = list_received(desk.aroha, now=desk.hub.now).rows
    assert (rows[0].state, waits(desk)) == ("closed", [])
    desk.hub.now += timedelta(days=2)
    assert overdue(desk) == []
    assert not [one for one in read_overdue(desk.ilka, now=desk.hub.now).they_owe if one.owed is Owed.ANSWER]
    received = desk.received(desk.aroha)
    assert (received.reply_by, received.ack_by) == (None, None), "nobody owes anything for the closing itself"
    seen = given(desk, closing)
    assert seen is not None and (seen.code, seen.is_late) == ("partial", False)


@pytest.mark.parametrize(("change", "code"), [("closed", "closed"), ("asks_anew", "asked-anew")])
def test_an_answer_begun_before_is_refused_and_its_text_kept(desk: DeskWorld, change: str, code: str) -> None:
    asked = ask(desk)
    begun = answer(desk, "information_supplied", narrative="Two cases since May.")
    next_version(desk, asked, change)
    with pytest.raises(ReplyRefusedError, match=rf"^{code}$"):
        desk.submit(begun)
    assert read_revision(begun).data["narrative"] == "Two cases since May."
    opened = open_to_answer(desk.aroha, desk.received(desk.aroha), reason=ON_DUTY, now=desk.tick())
    if change == "closed":
        with pytest.raises(ReplyRefusedError, match=r"^closed$"):
            start_reply(desk.aroha, opened, alert_type="answer", data={"answer_code": "hit"}, now=desk.tick())
    in_words = start_reply(
        desk.aroha, opened, alert_type="reply", data={"narrative": "Sorry."}, now=desk.tick()
    )
    desk.send(in_words, desk.haitham)


def withdraw_it(desk: DeskWorld, asked: Alert) -> None:
    withdraw_alert(desk.benno, asked, code="error", now=desk.tick())
    desk.settle()


def repudiate_it(desk: DeskWorld, asked: Alert) -> None:
    lose_key(desk, desk.benno)


@pytest.mark.parametrize(("act", "code"), [(withdraw_it, "withdrawn"), (repudiate_it, "in-doubt")])
def test_a_question_that_counts_no_more_takes_no_answer_and_the_text_is_kept(
    desk: DeskWorld, act: Callable[[DeskWorld, Alert], None], code: str
) -> None:
    asked = ask(desk)
    begun = answer(desk, "information_supplied", narrative="Two cases since May.")
    act(desk, asked)
    with pytest.raises(ReplyRefusedError, match=rf"^{code}$"):
        answer(desk)
    with pytest.raises(ReplyRefusedError, match=rf"^{code}$"):
        desk.submit(begun)
    assert read_revision(begun).data["narrative"] == "Two cases since May."


def test_an_agency_that_was_not_asked_finds_no_question(desk: DeskWorld) -> None:
    ask(desk)
    with pytest.raises(AbsentError):
        open_to_answer(desk.ilka, desk.received(desk.aroha), reason=ON_DUTY, now=desk.tick())


def test_five_hundred_recipients_are_read_in_as_many_queries_as_two(desk: DeskWorld) -> None:
    asked = ask(desk)
    with CaptureQueriesContext(connection) as of_two:
        read_sent(desk.ilka, asked, now=desk.hub.now)
    keep_bound(
        Agency(
            id=f"xe-n{n:03}", name=f"Agency {n}", kind=desk.lab.kind, country="XE", custody=desk.lab.custody,
            admitted_at=desk.hub.now,
        )
        for n in range(498)
    )  # fmt: skip
    envelope = SentEnvelope.objects.get(reader="xa-lab", md=asked.md)
    recipients = [*envelope.recipients, *(f"xe-n{n:03}" for n in range(498))]
    rewrite(SentEnvelope.objects.filter(pk=envelope.pk), recipients=recipients)
    keep_bound(SentDelivery(reader="xa-lab", md=asked.md, recipient=one) for one in recipients[2:])
    with CaptureQueriesContext(connection) as of_many:
        seen = read_sent(desk.ilka, asked, now=desk.hub.now)
    assert len(seen.recipients) == len(recipients) == 500
    assert len(of_many) <= len(of_two)


def test_an_answer_to_a_version_before_one_that_changes_nothing_is_taken(desk: DeskWorld) -> None:
    asked = ask(desk)
    begun = answer(desk)
    newest = next_version(desk, asked, title="Who has met this blue powder")
    desk.send(begun, desk.haitham)
    seen = given(desk, newest)
    assert (state(desk), seen is not None and seen.code) == ("answered", "no_hit")


def test_only_a_next_version_changes_its_question(desk: DeskWorld) -> None:
    with pytest.raises(AlertIncompleteError) as refused:
        desk.submit(desk.draft(**{**QUESTION, "question_change": "closed"}))
    assert "only a next version" in refused.value.errors["question_change"][0]


def test_a_question_whose_own_time_is_over_can_be_closed(desk: DeskWorld) -> None:
    due = f"{desk.hub.now + timedelta(hours=2):%Y-%m-%dT%H:%MZ}"
    asked = ask(desk, request_priority="custom", due_at=due, due_reason="The court sits.")
    desk.hub.now += timedelta(hours=3)
    next_version(desk, asked, "closed")
    assert waits(desk) == []


def test_an_expired_question_is_closed_and_takes_no_other_version(desk: DeskWorld) -> None:
    asked = ask(desk, expiry=f"{desk.hub.now + timedelta(days=2):%Y-%m-%d}")
    kept = read_revision(asked).data["review_date"]
    desk.hub.now += timedelta(days=4)
    for change in ("", "asks_anew"):
        with pytest.raises(AmendmentRefusedError):
            amend_alert(desk.ilka, asked, question_change=change, now=desk.tick())
    closing = next_version(desk, asked, "closed")
    assert waits(desk) == []
    assert desk.received(desk.aroha).question_change == "closed"
    data = read_revision(closing).data
    assert data["review_date"] == kept and data["expiry"] > f"{desk.hub.now:%Y-%m-%d}"


def test_who_is_asked_for_attention_owes_no_answer_and_may_give_one(desk: DeskWorld) -> None:
    asked = ask(desk, for_attention=["xb-health"])
    received = desk.received(desk.aroha)
    assert (state(desk), waits(desk), received.for_attention) == ("unread", [], True)
    desk.hub.now += timedelta(days=2)
    assert overdue(desk) == []
    owed = [one for one in read_overdue(desk.ilka, now=desk.hub.now).they_owe if one.owed is Owed.ANSWER]
    assert [one.agency.pk for one in owed] == ["xd-reg"]
    seen = read_sent(desk.ilka, asked, now=desk.hub.now)
    assert {row.agency: row.for_attention for row in seen.recipients} == {"xb-health": True, "xd-reg": False}
    assert [row.agency for row in seen.receipts.asked] == ["xd-reg"]
    sent_answer(desk)
    assert state(desk) == "answered"
    seen_answer = given(desk, asked)
    assert seen_answer is not None and seen_answer.code == "no_hit"


@pytest.mark.parametrize("marked", [["xa-lab"], ["xb-health", "xd-reg"]], ids=["no recipient", "all of them"])
def test_for_attention_are_some_of_the_recipients(desk: DeskWorld, marked: list[str]) -> None:
    with pytest.raises(AlertIncompleteError) as refused:
        desk.submit(desk.draft(**{**QUESTION, "for_attention": marked}))
    assert "among the recipients, not all" in refused.value.errors["for_attention"][0]


def alone(desk: DeskWorld, draft: Alert) -> Alert:
    """Have the author, who may release as well, submit, check and send the draft without anybody else."""
    rewrite(Officer.objects.filter(pk=desk.aroha.pk), roles=[Role.AUTHOR, Role.RELEASER])
    desk.aroha.refresh_from_db()
    draft.refresh_from_db()
    return desk.send(draft, desk.aroha)


def allow_bare_codes(desk: DeskWorld, **more: Any) -> None:
    rewrite(AgencyPolicy.objects.filter(pk="xb-health"), bare_code_single_releaser=True, **more)


def test_a_bare_code_is_sent_by_one_where_the_agency_allows_it_and_nobody_looks_twice(
    desk: DeskWorld,
) -> None:
    asked = ask(desk)
    begun = answer(desk)
    with pytest.raises(SecondPersonNeededError):
        alone(desk, begun)
    allow_bare_codes(desk)
    desk.aroha.refresh_from_db()
    fresh = Alert.objects.get(pk=begun.pk)
    sent = release_alert(
        desk.aroha, desk.validate(fresh, desk.aroha), revision=fresh.current, now=desk.tick()
    )
    desk.settle()
    seen = given(desk, asked)
    assert (sent.second_look_by, seen is not None and seen.code) == (None, "no_hit")


@pytest.mark.parametrize(
    "said",
    [
        {"narrative": "Two cases since May."},
        {"title": "Two cases since May."},
        {"contact": "Two cases since May."},
        {"review_reason": "Two cases since May."},
        {"preferred_name": "caffeine"},
    ],
    ids=lambda said: next(iter(said)),
)
def test_an_answer_with_any_text_takes_two(desk: DeskWorld, said: dict[str, Any]) -> None:
    ask(desk)
    allow_bare_codes(desk)
    with pytest.raises(SecondPersonNeededError):
        alone(desk, answer(desk, **said))


def test_an_answer_with_a_file_takes_two(desk: DeskWorld) -> None:
    ask(desk)
    allow_bare_codes(desk)
    begun = answer(desk)
    attach_file(desk.aroha, begun, base=begun.current, filename="a.txt", data=b"Two cases.", now=desk.tick())
    with pytest.raises(SecondPersonNeededError):
        alone(desk, begun)


def test_what_is_no_answer_takes_two(desk: DeskWorld) -> None:
    ask(desk)
    allow_bare_codes(desk)
    opened = open_to_answer(desk.aroha, desk.received(desk.aroha), reason=ON_DUTY, now=desk.tick())
    reply = start_reply(desk.aroha, opened, alert_type="reply", data={"narrative": "Ours."}, now=desk.tick())
    with pytest.raises(SecondPersonNeededError):
        alone(desk, reply)


def ask_back(desk: DeskWorld, question: str = "Which of the two parcels?") -> Alert:
    """Send the health authority's question to who asked it."""
    asked = ReceivedAlert.objects.filter(agency=desk.health, reply_by__isnull=False).latest("number")
    opened = open_to_answer(desk.aroha, asked, reason=ON_DUTY, now=desk.tick())
    draft = start_reply(
        desk.aroha, opened, alert_type="clarification", data={"question": question}, now=desk.tick()
    )
    return desk.send(draft, desk.haitham)


def test_who_asks_back_still_owes_the_answer_and_the_asker_owes_one(desk: DeskWorld) -> None:
    asked = ask(desk)
    back = ask_back(desk)
    assert (state(desk), waits(desk)) != ("answered", [])
    theirs = ReceivedAlert.objects.get(agency=desk.lab, md=back.md)
    assert theirs.reply_by is not None
    assert [row.received.pk for row in read_start(desk.ilka, now=desk.hub.now).answer.rows] == [theirs.pk]
    (row,) = [row for row in read_sent(desk.ilka, asked, now=desk.hub.now).recipients if row.asked_back]
    assert row.asked_back is not None
    assert (row.agency, row.answer, row.asked_back.is_answered) == ("xb-health", None, False)
    opened = open_to_answer(desk.ilka, theirs, reason=ON_DUTY, now=desk.tick())
    with pytest.raises(ReplyRefusedError, match=r"^asked-back$"):
        start_reply(
            desk.ilka,
            opened,
            alert_type="clarification",
            data={"question": "Which do you have?"},
            now=desk.tick(),
        )
    said = {"answer_code": "information_supplied", "narrative": "The blue one."}
    desk.send(start_reply(desk.ilka, opened, alert_type="answer", data=said, now=desk.tick()))
    (row,) = [row for row in read_sent(desk.ilka, asked, now=desk.hub.now).recipients if row.asked_back]
    assert row.asked_back is not None and row.asked_back.is_answered
    assert read_start(desk.ilka, now=desk.hub.now).answer.rows == ()
    sent_answer(desk)
    seen = given(desk, asked)
    assert seen is not None and seen.code == "no_hit"


def test_a_late_answer_is_taken_and_marked(desk: DeskWorld) -> None:
    asked = ask(desk)
    desk.hub.now += timedelta(hours=9)
    assert state(desk) in ("answer_overdue", "overdue")
    assert read_start(desk.aroha, now=desk.hub.now).answers_overdue == 1
    sent_answer(desk)
    seen = given(desk, asked)
    assert seen is not None and seen.is_late


def test_an_alert_without_a_question_takes_no_answer(desk: DeskWorld) -> None:
    desk.send(desk.draft())
    opened = open_to_answer(desk.aroha, desk.received(desk.aroha), reason=ON_DUTY, now=desk.tick())
    with pytest.raises(ReplyRefusedError, match=r"^no-question$"):
        start_reply(desk.aroha, opened, alert_type="answer", data={"answer_code": "hit"}, now=desk.tick())


@pytest.mark.parametrize(
    ("data", "field", "text"),
    [
        ({"answer_code": "refused"}, "refusal_reason", "Reason for refusing: choose one."),
        (
            {"answer_code": "hit", "refusal_reason": "security"},
            "refusal_reason",
            "Reason for refusing: empty it",
        ),
        (
            {"answer_code": "refused", "refusal_reason": "other"},
            "narrative",
            "this answer says nothing without one",
        ),
        ({"answer_code": "information_supplied"}, "narrative", "this answer says nothing without one"),
        ({"answer_code": "needs_judicial_authorisation"}, "expected_at", "say when you expect"),
        ({"answer_code": "hit", "expected_at": "2199-01-01"}, "expected_at", "nothing follows"),
        (
            {"answer_code": "needs_judicial_authorisation", "expected_at": "2020-01-01"},
            "expected_at",
            "a day from today on",
        ),
        ({"answer_code": None}, "answer_code", "choose one"),
    ],
)
def test_an_answer_says_what_its_code_promises(
    desk: DeskWorld, data: dict[str, Any], field: str, text: str
) -> None:
    ask(desk)
    with pytest.raises(AlertIncompleteError) as refused:
        desk.submit(answer(desk, **{"code": data.pop("answer_code")} | data))
    assert text in refused.value.errors[field][0]


def test_what_was_asked_back_is_answered_by_the_asker_alone() -> None:
    now = timezone.now()
    asking = ReceivedAlert(issuer_id="xb-health", md="back", logged_at=now)
    back = Reply(re_md="asked", received=asking)
    kinds = {str(back.pk): ReplySummary("clarification", text="Which one?")}

    def is_answered_by(agency_id: str) -> bool:
        said = Reply(re_md="back", received=ReceivedAlert(issuer_id=agency_id, md=agency_id, logged_at=now))
        held = RepliesHeld([back, said], kinds | {str(said.pk): ReplySummary("answer", code="hit")})
        return asked_back({"asked": 1}, held, asker="xa-lab")["xb-health"].is_answered

    assert (is_answered_by("xd-reg"), is_answered_by("xa-lab")) == (False, True)
