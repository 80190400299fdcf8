# SPDX-License-Identifier: Apache-2.0
"""Answers to questions: the state of a question at the agency that owes the answer, and what each agency has answered.

    open -> interim -> answered          open -> answered

- The newest answer of an agency counts. Where that was withdrawn the question is open again: no earlier one takes its place.
- An interim answer keeps the question open. An answer counts for every later version of the question, up to one that asks anew.
- A question that its sender has closed waits no more: its newest version asks nothing.
- An agency for whose attention a question is owes no answer; it may give one.
- Acknowledging a question changes nothing here.
- With each answer the reminders of the question end, or begin again where that was withdrawn (`alerts.replies.reminding`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from accord.document.rules import ASKS_ANEW, DEFERRING, read_day
from alerts.document.display import choice_text
from alerts.models import Alert, ReceivedAlert
from alerts.replies.kinds import ANSWER, CLARIFICATION
from alerts.replies.summary import ReplySummary, open_summaries
from alerts.replies.thread_rows import RepliesHeld, agency_of, md_of, still_counts
from alerts.rows.replies import Reply
from alerts.states import IN_REVIEW, SENT, AlertState
from notices.answers_waiting import settle_waiting_answer
from officers.models import Officer


def still_to_answer(now: datetime) -> Q:
    """Return the condition: an answer is due and the agency has sent none that is final. Past `keep` nothing is left to answer."""
    return Q(
        answered_at=None,
        withdrawn_at=None,
        unopenable=False,
        reply_by__isnull=False,
        for_attention=False,
        replaced_by=None,
        keep__gt=now,
    )


def mds_of_waiting_replies(officer: Officer, mds: Collection[str]) -> set[str]:
    """Return those of these received questions to which a reply of the officer's agency is submitted and not sent yet."""
    if not mds:
        return set()
    replies = Reply.objects.visible_to(officer).filter(re_md__in=mds, alert__state__in=IN_REVIEW)
    return set(replies.order_by().values_list("re_md", flat=True))


def settle_question(agency_id: str, md: str) -> None:
    """Set on every version of this received question whether the agency has answered it. Inside a transaction."""
    asked = ReceivedAlert.objects.filter(agency_id=agency_id, md=md).first()
    if asked is None:
        return
    versions = versions_asked(asked)
    asking = list(versions.order_by("-version", "-number"))
    mds = _mds_counting(asking)
    newest = _newest_sent(agency_id, mds)
    sent_at = newest[0].released_at if newest else None
    is_final = newest is not None and newest[1].code not in DEFERRING
    versions.update(answered_at=sent_at if is_final else None, interim_at=None if is_final else sent_at)
    was_answered = any(row.answered_at or row.interim_at for row in asking)
    if not is_final and (newest is not None or was_answered):
        versions.filter(status="actual").update(remind_at=Coalesce("remind_at", F("answer_by")))
    settle_waiting_answer(agency_id, mds, is_answered=newest is not None)


def day_announced(received: ReceivedAlert) -> date | None:
    """Return the day for which the agency's newest answer, an interim one, announces the next; None where it names none."""
    asking = list(versions_asked(received).order_by("-version", "-number"))
    newest = _newest_sent(received.agency_id, _mds_counting(asking))
    return read_day(newest[1].expected) if newest else None


def settle_answered(alert: Alert) -> None:
    """Settle the question that this own alert answers, if it is a reply. Inside a transaction."""
    reply = Reply.of(alert)
    if reply is not None:
        settle_question(alert.agency_id, reply.re_md)


@dataclass(frozen=True)
class AnswerGiven:
    """Newest answer of one agency. `expected_on` is the day for which it announces the next one, where it is interim."""

    code: str = field(repr=False)
    at: datetime
    is_final: bool
    is_late: bool
    expected_on: date | None = None
    text: str = field(default="", repr=False)
    received: UUID | None = None
    alert: UUID | None = None

    @property
    def words(self) -> str:
        return choice_text("answer_code", self.code)


def answers_given(
    versions: Mapping[str, int], held: RepliesHeld, *, due: Callable[[str], datetime | None]
) -> dict[str, AnswerGiven]:
    """Return what each agency has answered to these versions of one question, by its id.

    `held` are the replies as the reading agency holds them, judged; `due` says when that of an agency was.
    """
    newest: dict[str, Reply] = {}
    for row in sorted(held.rows, key=_said_at):
        summary = held.summaries.get(str(row.pk), ReplySummary())
        if row.re_md in versions and summary.alert_type == ANSWER and not _is_replaced(row):
            newest[agency_of(row)] = row
    return {
        agency: _given(row, held.summaries[str(row.pk)], due(agency))
        for agency, row in newest.items()
        if still_counts(row)
    }


def versions_asked(asked: ReceivedAlert) -> QuerySet[ReceivedAlert]:
    """Select the versions of a received question that ask for an answer."""
    same = Q(md=asked.md)
    if asked.first_md:
        same |= Q(first_md=asked.first_md, issuer_id=asked.issuer_id)
    return ReceivedAlert.objects.filter(same, agency_id=asked.agency_id, reply_by__isnull=False)


def _mds_counting(asking: Sequence[ReceivedAlert]) -> list[str]:
    """Return the addresses of the versions whose answers count; `asking` are newest first."""
    mds = []
    for row in asking:
        mds.append(row.md)
        if row.question_change == ASKS_ANEW:
            break
    return mds


@dataclass(frozen=True)
class AskedBack:
    """Newest request for clarification by an agency that owes an answer, and whether the asking agency has answered it."""

    at: datetime
    is_answered: bool
    text: str = field(repr=False)
    received: UUID | None = None
    alert: UUID | None = None


def asked_back(versions: Mapping[str, int], held: RepliesHeld, *, asker: str) -> dict[str, AskedBack]:
    """Return who of those that owe `asker` an answer to these versions has asked back, by the agency's id."""
    kinds = {str(row.pk): held.summaries.get(str(row.pk), ReplySummary()) for row in held.rows}
    standing = [row for row in held.rows if not _is_replaced(row) and still_counts(row)]
    answers = [row for row in standing if kinds[str(row.pk)].alert_type == ANSWER]
    answered = {row.re_md for row in answers if agency_of(row) == asker}
    found = {}
    for row in sorted(standing, key=_said_at):
        summary = kinds[str(row.pk)]
        if row.re_md in versions and summary.alert_type == CLARIFICATION:
            is_answered = md_of(row) in answered
            found[agency_of(row)] = AskedBack(
                _said_at(row), is_answered, summary.text, row.received_id, row.alert_id
            )
    return found


def _newest_sent(agency_id: str, mds: list[str]) -> tuple[Alert, ReplySummary] | None:
    """Return the agency's newest answer to these addresses and its summary; None where that was withdrawn."""
    rows = Reply.objects.filter(
        agency_id=agency_id, re_md__in=mds, alert__state__in=SENT, alert__replaced_at=None
    )
    replies = list(rows.select_related("alert").order_by("-alert__released_at", "-alert__id"))
    summaries = open_summaries(agency_id, replies)
    for reply in replies:
        summary = summaries.get(str(reply.pk))
        if summary is not None and summary.alert_type == ANSWER:
            assert isinstance(reply.alert, Alert)
            return (reply.alert, summary) if reply.alert.state == AlertState.RELEASED else None
    return None


def _given(row: Reply, summary: ReplySummary, due: datetime | None) -> AnswerGiven:
    at = _said_at(row)
    return AnswerGiven(
        code=summary.code,
        at=at,
        is_final=summary.code not in DEFERRING,
        is_late=due is not None and at > due,
        expected_on=read_day(summary.expected),
        text=summary.text,
        received=row.received_id,
        alert=row.alert_id,
    )


def _said_at(row: Reply) -> datetime:
    if isinstance(row.received, ReceivedAlert):
        return row.received.logged_at
    assert isinstance(row.alert, Alert) and row.alert.released_at is not None
    return row.alert.released_at


def _is_replaced(row: Reply) -> bool:
    if isinstance(row.received, ReceivedAlert):
        return row.received.replaced_by_id is not None
    return isinstance(row.alert, Alert) and row.alert.replaced_at is not None
