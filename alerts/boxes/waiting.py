# SPDX-License-Identifier: Apache-2.0
"""Count of the work that waits in each box of an officer, in one read that a full box makes no longer."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Concat

from alerts.boxes.inbox import answer_overdue, overdue_here, still_to_acknowledge
from alerts.boxes.on_the_way import came_back, written_by
from alerts.models import Alert, ReceivedAlert
from alerts.peers.suspensions import Suspensions, suspensions_of
from alerts.replies.answers import still_to_answer
from alerts.states import IN_REVIEW, AlertState
from callers.capabilities import Capability
from officers.models import Officer

MOST: Final = 99
"""Most that a box is counted to; beyond, it is "99+"."""
_ACKNOWLEDGE, _ANSWER, _BOTH = "acknowledge", "answer", "both"
_RELEASE, _RETURNED = "release", "returned"
_OVERDUE, _ANSWER_OVERDUE = "overdue", "answer overdue, "
"""Boxes of what is overdue; that of an answer goes on with its lane."""


@dataclass(frozen=True)
class Waiting:
    """Numbers of alerts that wait. `inbox`: to acknowledge or to answer; `returned`: the officer's own drafts given back.

    An alert to be acknowledged and answered is one of the inbox, and counts in both of its parts. Where the inbox is
    counted to its most, its parts are not known.
    """

    inbox: int = 0
    to_acknowledge: int = 0
    to_answer: int = 0
    inbox_overdue: int = 0
    release: int = 0
    returned: int = 0

    @staticmethod
    def shown(count: int) -> str:
        return f"{MOST}+" if count > MOST else str(count)


NOTHING: Final = Waiting()


def count_waiting(officer: Officer, *, now: datetime) -> Waiting:
    """Count what waits for this officer, as the roles allow. At most one read, of at most 100 rows a box.

    Where an answer is overdue whose lane is suspended with anybody, what is overdue is counted again.
    """
    boxes = list(_boxes(officer, now))
    if not boxes:
        return NOTHING
    rows = boxes[0].union(*boxes[1:], all=True)
    found = Counter(row["box"] for row in rows)
    lanes = {box.removeprefix(_ANSWER_OVERDUE) for box in found if box.startswith(_ANSWER_OVERDUE)}
    overdue = sum(found[box] for box in (_OVERDUE, *(_ANSWER_OVERDUE + lane for lane in lanes)))
    if lanes and lanes & (known := suspensions_of(officer.agency_id or "", now=now)).lanes:
        overdue = _received(officer, now).filter(overdue_here(known, now)).order_by()[: MOST + 1].count()
    return Waiting(
        inbox=found[_ACKNOWLEDGE] + found[_ANSWER] + found[_BOTH],
        to_acknowledge=found[_ACKNOWLEDGE] + found[_BOTH],
        to_answer=found[_ANSWER] + found[_BOTH],
        inbox_overdue=overdue,
        release=found[_RELEASE],
        returned=found[_RETURNED],
    )


def to_release() -> Q:
    """Return the condition: an alert that a second person is to check or to release."""
    return Q(state__in=IN_REVIEW - {AlertState.QUEUED}, submitted_at__isnull=False)


def returned_to(officer: Officer) -> Q:
    """Return the condition: a draft of this officer that a second person gave back."""
    return written_by(officer) & came_back()


def _boxes(officer: Officer, now: datetime) -> Iterator[QuerySet[Any, dict[str, Any]]]:
    can = officer.capabilities
    if _due(can, now):
        received, late = _received(officer, now), overdue_here(Suspensions(officer.agency_id or ""), now)
        yield _first_of(_asked(can, now), received)
        answer = Concat(Value(_ANSWER_OVERDUE), F("lane"))
        which = Case(When(answer_overdue(now), then=answer), default=Value(_OVERDUE))
        yield _first_of(which, received.filter(late))
    own = Alert.objects.visible_to(officer)
    if Capability.QUEUE_READ in can:
        yield _first_of(Value(_RELEASE), own.filter(to_release()))
    if Capability.ALERT_WRITE in can:
        yield _first_of(Value(_RETURNED), own.filter(returned_to(officer)))


def _received(officer: Officer, now: datetime) -> QuerySet[ReceivedAlert]:
    """Select the received alerts that ask for an act of this officer."""
    return ReceivedAlert.objects.visible_to(officer).filter(_due(officer.capabilities, now))


def _asked(can: frozenset[Capability], now: datetime) -> Case:
    """Return which acts of this officer a received alert asks for, of one that asks for any."""
    answer = still_to_answer(now)
    if Capability.ALERT_ACKNOWLEDGE not in can:
        return Case(default=Value(_ANSWER))
    acknowledge = still_to_acknowledge()
    return Case(
        When(acknowledge & answer, then=Value(_BOTH)),
        When(acknowledge, then=Value(_ACKNOWLEDGE)),
        default=Value(_ANSWER),
    )


def _due(can: frozenset[Capability], now: datetime) -> Q:
    """Return which received alerts ask for an act that these capabilities allow; empty where none does."""
    due = Q()
    if Capability.ALERT_ACKNOWLEDGE in can:
        due |= still_to_acknowledge()
    if {Capability.ALERT_ACKNOWLEDGE, Capability.ALERT_WRITE} & can:
        due |= still_to_answer(now)
    return due


def _first_of(box: Case | Value, rows: QuerySet[Any]) -> QuerySet[Any, dict[str, Any]]:
    """Return a row for each of the first of a box, in no order: what is beyond is neither read nor sorted."""
    first: QuerySet[Any, dict[str, Any]] = rows.order_by().annotate(box=box).values("box")
    return first[: MOST + 1]
