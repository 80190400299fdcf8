# SPDX-License-Identifier: Apache-2.0
"""Words by which officers see the state of an alert: received, sent, and per recipient."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.calls.answers import PreviewAnswer
from accord.document.rules import CLOSED
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.signature_state import SignatureState
from alerts.review.verdicts import worded
from alerts.states import AlertState
from callers.deliveries import DeliveryState
from callers.problems import REFUSED_AT_EXCHANGE
from callers.timezones import moment_text
from notices.states import NotificationState
from peers.models import Agency
from peers.outgoing import TOO_OLD
from peers.sent import DeliveryFact

HELD_SINCE: Final = "held-since"


class ReceivedState(StrEnum):
    WITHDRAWN = "withdrawn"
    UNRELIABLE = "unreliable"
    REFUSED = "refused"
    REPUDIATED = "repudiated"
    REPLACED = "replaced"
    UNOPENABLE = "unopenable"
    OVERDUE = "overdue"
    CLOSED = "closed"
    ANSWERED = "answered"
    FROZEN = "frozen"
    OVERDUE_SUSPENDED = "overdue_suspended"
    ANSWER_OVERDUE = "answer_overdue"
    TO_ANSWER = "to_answer"
    ACKNOWLEDGED = "acknowledged"
    EXPIRED = "expired"
    OPENED = "opened"
    UNREAD = "unread"


def received_state(received: ReceivedAlert, now: datetime) -> ReceivedState:
    """Return the most important state of a received alert, its signatures judged before; computed, never stored."""
    s = ReceivedState
    standing = received.standing.state if received.standing else SignatureState.VALID
    owes = received.keep > now and not received.for_attention
    answer_by = received.answer_by if owes else None
    is_late = is_past(answer_by, now)
    checks = (
        (s.WITHDRAWN, received.withdrawn_at),
        (s.UNRELIABLE, received.is_distrusted),
        (s.REFUSED, standing is SignatureState.REFUSED),
        (s.REPUDIATED, standing is SignatureState.REPUDIATED),
        (s.REPLACED, received.replaced_by_id),
        (s.UNOPENABLE, received.unopenable),
        (s.OVERDUE, received.acknowledged_at is None and is_past(received.ack_by, now)),
        (s.CLOSED, received.question_change == CLOSED),
        (s.ANSWERED, received.answered_at),
        (s.FROZEN, received.frozen_since and received.acknowledged_at and answer_by),
        (s.OVERDUE_SUSPENDED, is_late and received.suspended_since and received.runs_on),
        (s.ANSWER_OVERDUE, is_late and not received.suspended_since),
        (s.TO_ANSWER, received.acknowledged_at and answer_by),
        (s.ACKNOWLEDGED, received.acknowledged_at),
        (s.OPENED, received.first_opened_at),
        (s.EXPIRED, received.exp <= now),
    )
    return next((state for state, holds in checks if holds), s.UNREAD)


def is_past(due: datetime | None, now: datetime) -> bool:
    """Tell whether a time by which something was asked is over; False where nothing is asked."""
    return due is not None and due <= now


def received_text(received: ReceivedAlert, state: ReceivedState) -> str:
    """Return the word of a state; an overdue one says since when, a repudiated one both its times."""
    if state in (ReceivedState.REFUSED, ReceivedState.REPUDIATED) and received.standing is not None:
        return received.standing.short
    if state is ReceivedState.OVERDUE and received.ack_by is not None:
        return overdue_text(received.ack_by)
    if state is ReceivedState.ANSWER_OVERDUE and received.answer_by is not None:
        return _("Answer due since %(time)s") % {"time": moment_text(received.answer_by)}
    if received.suspended_since is not None and state is ReceivedState.OVERDUE_SUSPENDED:
        return _("Overdue, suspended since %(time)s") % {"time": moment_text(received.suspended_since)}
    if received.frozen_since is not None and state is ReceivedState.FROZEN:
        return held_text(received.frozen_since, runs=False)
    return {
        ReceivedState.WITHDRAWN: _("Withdrawn"),
        ReceivedState.UNRELIABLE: _("Do not rely on it"),
        ReceivedState.REPLACED: _("Older version"),
        ReceivedState.UNOPENABLE: _("Cannot be opened"),
        ReceivedState.CLOSED: _("Question closed"),
        ReceivedState.ANSWERED: _("Answered"),
        ReceivedState.TO_ANSWER: _("More to answer") if received.interim_at else _("To answer"),
        ReceivedState.ACKNOWLEDGED: _("Acknowledged"),
        ReceivedState.EXPIRED: _("Expired"),
        ReceivedState.OPENED: _("Opened"),
    }.get(state, _("Not opened"))


def held_text(since: datetime, *, runs: bool) -> str:
    """Return words about a suspension that holds an answer back; `runs`: its clock runs on meanwhile."""
    words = _("Suspended since %(time)s") if runs else _("Frozen: suspended since %(time)s")
    return words % {"time": moment_text(since)}


def sent_text(alert: Alert) -> str:
    """Return the word for the state of an own sent alert."""
    if alert.state == AlertState.RELEASED and alert.replaced_at is not None:
        return _("Older version")
    return str(AlertState(alert.state).label)


def refusal_text(
    cause: str, denials: Sequence[Mapping[str, Any]] = (), names: Mapping[str, str] | None = None
) -> str:
    """Say why the exchange refused what was handed in, and what to do; `cause` is the slug of its problem.

    `names` are agencies' names by id, where the caller has read them already.
    """
    if denials:
        names = names_of_denied([denials]) if names is None else names
        rows = [PreviewAnswer(row["agency"], False, row["code"], row["args"]) for row in denials]
        return " ".join(worded(row, names.get(row.agency, row.agency)) for row in rows)
    if cause in REFUSED_AT_EXCHANGE:
        return REFUSED_AT_EXCHANGE[cause].words_for()
    return {
        TOO_OLD: _("It waited for the exchange for too long. Do it once more: it is signed anew."),
        HELD_SINCE: _(
            "Since its release your agency has stopped the lane with a recipient, or trusts its keys no more. Check it again."
        ),
    }.get(cause, _("The exchange did not take it. Try again; if it stays so, call whoever runs this desk."))


def names_of_denied(refusals: Iterable[Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """Return by id the names of the agencies that these refusals deny."""
    ids = {row["agency"] for denials in refusals for row in denials}
    return dict(Agency.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def overdue_text(due: datetime) -> str:
    return _("Overdue since %(time)s") % {"time": moment_text(due)}


def delivery_text(fact: DeliveryFact, due: datetime | None, now: datetime) -> str:
    """Return the state of an alert at one recipient, in words for its originator."""
    if fact.recall_confirmed_at is not None:
        return _("Withdrawal confirmed")
    if fact.recalled_at is not None:
        return _("Withdrawn")
    if fact.acknowledged_at is not None:
        return _("Not accepted") if fact.answer == "refused" else _("Acknowledged")
    if fact.answer == "unopenable":
        return _("Cannot be opened there, phone them")
    return _running_text(fact, due, now)


def must_be_phoned(fact: DeliveryFact) -> bool:
    """Tell whether no mail reached anybody there and nobody has looked without one."""
    untouched = fact.opened_at is None and fact.acknowledged_at is None and fact.recalled_at is None
    return fact.mail_failed and untouched


def _running_text(fact: DeliveryFact, due: datetime | None, now: datetime) -> str:
    if must_be_phoned(fact):
        return str(NotificationState.FAILED.label)
    if due is not None and due <= now and fact.state in (DeliveryState.AVAILABLE, DeliveryState.FETCHED):
        return overdue_text(due)
    if fact.opened_at is not None:
        return _("Opened")
    if fact.state == DeliveryState.AVAILABLE and fact.told_at is not None:
        return _("Told")
    return str(DeliveryState(fact.state).label)
