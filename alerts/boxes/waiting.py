# SPDX-License-Identifier: Apache-2.0
"""Count of the work that waits in each box of an officer, in one read that a full box makes no longer."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q, QuerySet, Value

from alerts.boxes.inbox import overdue_here, still_to_acknowledge
from alerts.boxes.on_the_way import came_back, written_by
from alerts.models import Alert, ReceivedAlert
from alerts.replies.answers import still_to_answer
from alerts.states import IN_REVIEW, AlertState
from callers.capabilities import Capability
from officers.models import Officer

MOST: Final = 99
"""Most that a box is counted to; beyond, it is "99+"."""
_INBOX, _OVERDUE, _RELEASE, _RETURNED = "inbox", "overdue", "release", "returned"


@dataclass(frozen=True)
class Waiting:
    """Numbers of alerts that wait. `inbox`: to acknowledge or to answer; `returned`: the officer's own drafts given back."""

    inbox: int = 0
    inbox_overdue: int = 0
    release: int = 0
    returned: int = 0

    @staticmethod
    def shown(count: int) -> str:
        return f"{MOST}+" if count > MOST else str(count)


NOTHING: Final = Waiting()


def count_waiting(officer: Officer, *, now: datetime) -> Waiting:
    """Count what waits for this officer, as the roles allow. At most one read, of at most 100 rows a box."""
    boxes = list(_boxes(officer, now))
    if not boxes:
        return NOTHING
    rows = boxes[0].union(*boxes[1:], all=True)
    found = Counter(row["box"] for row in rows)
    return Waiting(
        inbox=found[_INBOX],
        inbox_overdue=found[_OVERDUE],
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
    if due := _due(can, now):
        received = ReceivedAlert.objects.visible_to(officer).filter(due)
        yield _first_of(_INBOX, received)
        yield _first_of(_OVERDUE, received.filter(overdue_here(now)))
    own = Alert.objects.visible_to(officer)
    if Capability.QUEUE_READ in can:
        yield _first_of(_RELEASE, own.filter(to_release()))
    if Capability.ALERT_WRITE in can:
        yield _first_of(_RETURNED, own.filter(returned_to(officer)))


def _due(can: frozenset[Capability], now: datetime) -> Q:
    """Return which received alerts ask for an act that these capabilities allow; empty where none does."""
    due = Q()
    if Capability.ALERT_ACKNOWLEDGE in can:
        due |= still_to_acknowledge()
    if {Capability.ALERT_ACKNOWLEDGE, Capability.ALERT_WRITE} & can:
        due |= still_to_answer(now)
    return due


def _first_of(box: str, rows: QuerySet[Any]) -> QuerySet[Any, dict[str, Any]]:
    """Return a row for each of the first of a box, in no order: what is beyond is neither read nor sorted."""
    first: QuerySet[Any, dict[str, Any]] = rows.order_by().annotate(box=Value(box)).values("box")
    return first[: MOST + 1]
