# SPDX-License-Identifier: Apache-2.0
"""Reminding of answers: before one is due, along the duty list once it is overdue, and of who has not answered the own question.

- `accord.answer_times` says when. A reminder goes to whoever can answer; then, from when the answer is due, the duty list is told
  in its order, one officer a step, until nobody is left.
- A final answer ends it, and so does the end of the question: withdrawn, replaced, past `keep`. While signatures of the question
  are in doubt nobody is told; it is looked at again each day. An acknowledgement changes nothing.
- An interim answer stops reminder and escalation. Once the day that it announces is over, in the agency's zone, the escalation goes
  on. The day is sealed; this process opens it, and keeps no time made of it. Where none is announced, whoever can answer is told
  once when the answer becomes overdue, and that ends it.
- A call to the asker that an officer has noted ends the escalation; a call to an agency that owes an answer, that who asked is told
  of it (`alerts.replies.calls`).
- Of a routine question nobody is told outside the working time of the agency that owes the answer (`alerts.replies.reminder_times`).
- While a suspension holds an answer back nobody is told, whether its clock stands still or runs on; it is looked at again each day.
  Where suspensions have moved its due time, all goes by the time as moved (`alerts.replies.due_times`).
- An exercise starts no clock. Of RED its named officers are told; who else is told hears only that it waits.
- Who asked is told once, when agencies that got the question have given neither a final answer nor an interim one whose day is
  still to come.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from accord.answer_times import pause_of
from alerts.models import Alert, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.suspensions import AnswerClock, clock_of_received, clock_of_sent, suspensions_of
from alerts.projections.cards import open_alert_cards
from alerts.receiving.retractions import judge_for_display
from alerts.replies.answers import AnswerGiven, answers_given, day_announced, still_to_answer
from alerts.replies.calls import agencies_called, calls_to_asker
from alerts.replies.reminder_times import told_from
from alerts.replies.thread_rows import replies_of_agency
from alerts.sending.amendment import versions_asking, versions_of
from alerts.states import AlertState
from callers.deliveries import REACHED
from callers.markings import strictest
from ledger.set_aside import Item, Loop, begin_round, run_each
from notices.alert_facts import AlertFacts
from notices.answers_waiting import escalate_answer, remind_to_answer, tell_of_late_answer, tell_who_asked
from peers.models import Agency
from peers.sent import sent_by

AT_ONCE: Final = 200
"""Limit of questions looked at in one round; the next takes the rest."""
LOOK_AGAIN: Final = timedelta(days=1)
OWED: Final = Loop("answers.owed", "system:desk-worker")
ASKED: Final = Loop("answers.asked", "system:desk-worker")
Peers = Callable[[str], VerifiedDirectory]


def remind_of_answers(*, now: datetime) -> None:
    """Queue every notice whose time has come; may run at any time and again."""
    peers: Peers = cache(lambda agency_id: VerifiedDirectory(agency_id, now))
    owed = due_to_remind(now).order_by("remind_at")
    asked = Alert.objects.filter(answers_due_at__lte=now).order_by("answers_due_at")
    run_each(
        partial(_look_at_each, OWED, owed, partial(_look_at_owed, peers=peers, now=now), now),
        partial(_look_at_each, ASKED, asked, partial(_look_at_asked, now=now), now),
    )


def due_to_remind(now: datetime) -> QuerySet[ReceivedAlert]:
    """Select the questions of which somebody is to be told now, by the index of those still to be answered."""
    return ReceivedAlert.objects.filter(still_to_answer(now), status="actual", remind_at__lte=now)


def _look_at_each(
    loop: Loop,
    due: QuerySet[ReceivedAlert] | QuerySet[Alert],
    look: Callable[[UUID], None],
    now: datetime,
) -> None:
    a_round = begin_round(loop, now=now)
    a_round.try_again(lambda key: look(UUID(key)))
    rows = due.exclude(pk__in=a_round.keys_aside()).values_list("pk", "md", "agency_id")
    for pk, md, agency_id in list(rows[:AT_ONCE]):
        a_round.take(Item(str(pk), md, agency=agency_id), partial(look, pk))


@transaction.atomic
def _look_at_owed(pk: UUID, *, peers: Peers, now: datetime) -> None:
    rows = due_to_remind(now).select_related("issuer", "agency").select_for_update(of=("self",))
    received = rows.filter(pk=pk).first()
    if received is None:
        return
    may_tell_at = told_from(received, now)
    received.remind_at = _tell_who_owes(received, peers, now) if may_tell_at == now else may_tell_at
    received.save(update_fields=["remind_at", "answer_by"])


def _tell_who_owes(received: ReceivedAlert, peers: Peers, now: datetime) -> datetime | None:
    """Tell whose turn it is; return when to look at the question again, None where nobody is left."""
    clock = clock_of_received(received, suspensions_of(received.agency_id, now=now))
    due = received.answer_by = clock.due
    if _is_in_doubt(received, peers, now) or clock.suspended_since is not None:
        return now + LOOK_AGAIN
    owes, about = received.agency_id, received.about
    if now < due:
        if received.interim_at is None:
            remind_to_answer(owes, about, due, now=now)
        return due
    if received.interim_at is not None:
        day = day_announced(received)
        if day is None:
            tell_of_late_answer(owes, about, due, now=now)
            return None
        if _today_at(received.agency, now) <= day:
            return now + LOOK_AGAIN
    if calls_to_asker(received).exists():
        return None
    is_anybody_left = escalate_answer(owes, about, due, now=now)
    return now + pause_of(received.received_at, due) if is_anybody_left else None


def _is_in_doubt(received: ReceivedAlert, peers: Peers, now: datetime) -> bool:
    judge_for_display(received, peers=peers(received.agency_id), now=now)
    return received.is_in_doubt or received.withdrawn_at is not None


@transaction.atomic
def _look_at_asked(pk: UUID, *, now: datetime) -> None:
    rows = Alert.objects.select_related("agency").select_for_update(of=("self",))
    alert = rows.filter(pk=pk, answers_due_at__lte=now).first()
    if alert is None:
        return
    alert.answers_due_at = _tell_who_asked(alert, now)
    alert.save(update_fields=["answers_due_at"])


def _tell_who_asked(alert: Alert, now: datetime) -> datetime | None:
    """Tell the asking agency if answers are missing; return when to look again, None where it is told or all have answered."""
    if alert.state != AlertState.RELEASED or alert.replaced_at is not None:
        return None
    cards = open_alert_cards(alert.agency_id, [alert])
    passed_over = agencies_called(alert).union(*(card.for_attention for card in cards.values()))
    answers, later = list[AnswerGiven | None](), list[datetime]()
    for agency, answer, clock in _answers_to(alert, now):
        if agency in passed_over:
            continue
        is_owed = answer is None or not answer.is_final
        if is_owed and clock is not None and not clock.is_overdue(now):
            later.append(now + LOOK_AGAIN if clock.due <= now else min(clock.due, now + LOOK_AGAIN))
        else:
            answers.append(answer)
    missing = sum(answer is None or _is_over(answer, alert.agency, now) for answer in answers)
    if missing:
        marking = strictest(alert.tlp, alert.floor)
        named = frozenset[str]().union(*(card.reply_to for card in cards.values()))
        about = AlertFacts(alert.md, "", alert.pri, alert.status, marking, alert.lane, named)
        tell_who_asked(alert.author_id, alert.agency_id, about, missing, now=now)
        return None
    is_all_final = all(answer is not None and answer.is_final for answer in answers)
    return min(later, default=None if is_all_final else now + LOOK_AGAIN)


def _answers_to(alert: Alert, now: datetime) -> list[tuple[str, AnswerGiven | None, AnswerClock | None]]:
    """Return each recipient that the question has reached, with its newest answer and the clock of that.

    Raises NotBoundError.
    """
    sent = sent_by(alert.agency_id, [alert.md])[alert.md]
    versions = versions_asking(versions_of(alert))
    replies = replies_of_agency(alert.agency_id, versions, now=now)
    given = answers_given(versions, replies, due=lambda _agency: None)
    known = suspensions_of(alert.agency_id, now=now)
    return [
        (one, given.get(one), clock_of_sent(alert, sent, one, known))
        for one in (fact.recipient for fact in sent.facts if fact.state in REACHED)
    ]


def _is_over(answer: AnswerGiven, agency: Agency, now: datetime) -> bool:
    """Tell whether an answer was interim, and nothing followed by the day that it announced."""
    if answer.is_final:
        return False
    return answer.expected_on is None or answer.expected_on < _today_at(agency, now)


def _today_at(agency: Agency, now: datetime) -> date:
    return now.astimezone(ZoneInfo(agency.timezone)).date()
