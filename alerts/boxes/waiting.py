# SPDX-License-Identifier: Apache-2.0
"""How much work waits in each box of an officer, counted in one read that a full box makes no longer."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from alerts.boxes.inbox import still_to_acknowledge
from alerts.models import Alert, ReceivedAlert
from alerts.replies.answers import still_to_answer
from alerts.states import IN_REVIEW, AlertState
from callers.capabilities import Capability
from officers.models import Officer

MOST: Final = 99
"""Most that a box is counted to; beyond, it is "99+"."""
_INBOX, _RELEASE, _RETURNED = "inbox", "release", "returned"


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
    found = Counter((row["box"], row["is_late"]) for row in rows)
    return Waiting(
        inbox=found[_INBOX, False] + found[_INBOX, True],
        inbox_overdue=found[_INBOX, True],
        release=found[_RELEASE, False],
        returned=found[_RETURNED, False],
    )


def to_release() -> Q:
    """Return the condition: an alert that a second person is to check or to release."""
    return Q(state__in=IN_REVIEW - {AlertState.QUEUED}, submitted_at__isnull=False)


def returned_to(officer: Officer) -> Q:
    """Return the condition: a draft of this officer that a second person gave back."""
    return Q(state=AlertState.DRAFT, author=officer, return_note__isnull=False)


def _boxes(officer: Officer, now: datetime) -> Iterator[QuerySet[Any, dict[str, Any]]]:
    can = officer.capabilities
    if due := _due(can):
        late = still_to_acknowledge() & Q(ack_by__lte=now) | still_to_answer() & Q(reply_by__lte=now)
        received = ReceivedAlert.objects.visible_to(officer).filter(due)
        # What is overdue comes first, so that no cut leaves it out.
        yield _marked(received, _INBOX, late & due).order_by("-is_late")[: MOST + 1]
    own = Alert.objects.visible_to(officer)
    if Capability.QUEUE_READ in can:
        yield _marked(own.filter(to_release()), _RELEASE)[: MOST + 1]
    if Capability.ALERT_WRITE in can:
        yield _marked(own.filter(returned_to(officer)), _RETURNED)[: MOST + 1]


def _due(can: frozenset[Capability]) -> Q:
    """Return which received alerts ask for an act that these capabilities allow; empty where none does."""
    due = Q()
    if Capability.ALERT_ACKNOWLEDGE in can:
        due |= still_to_acknowledge()
    if {Capability.ALERT_ACKNOWLEDGE, Capability.ALERT_WRITE} & can:
        due |= still_to_answer()
    return due


def _marked(rows: QuerySet[Any], box: str, late: Q | None = None) -> QuerySet[Any, dict[str, Any]]:
    is_late = Value(value=False, output_field=BooleanField())
    mark = Case(When(late, then=Value(value=True)), default=is_late) if late else is_late
    marked: QuerySet[Any, dict[str, Any]] = (
        rows.order_by().annotate(box=Value(box), is_late=mark).values("box", "is_late")
    )
    return marked
