# SPDX-License-Identifier: Apache-2.0
"""Notices of changes of power that wait, and since when somebody was told. A mail says that one waits, and no more.

A change's own time (`officers.powers`) runs from the first notice that a mail server has taken for somebody who can
still stop it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Min, Q, QuerySet

from ledger.restores import newest_restore
from notices.models import Notification
from notices.queueing import queue_plain_notices, save_notices
from notices.states import Cause, NotificationState, Occasion
from officers.power_rows import PowerChange
from officers.powers import told_of
from officers.releasers import releasers_of
from officers.visibility import without_sign_in

BETWEEN: Final = ":"
TOLD_AFTERWARDS: Final = timedelta(days=1)
"""How long after a looser policy came into force its releasers are still told of it, where the worker was away."""
Kind, Outcome = PowerChange.Kind, PowerChange.Outcome


def tell_power_changes(*, now: datetime) -> None:
    """Queues what nobody was told of yet; may run at any time and twice."""
    waiting = PowerChange.objects.filter(outcome=Outcome.WAITING).exclude(cause=PowerChange.Cause.INVITED)
    for change in _with_people(waiting):
        save_notices(
            queue_plain_notices(subject_of(change), Occasion.POWER_ASKED, told_of(change, now=now), now=now)
        )
    loosened = PowerChange.objects.filter(kind=Kind.POLICY, outcome__in=(Outcome.AGREED, Outcome.APPLIED))
    for change in loosened.filter(decided_at__gt=now - TOLD_AFTERWARDS):
        save_notices(
            queue_plain_notices(
                subject_of(change), Occasion.POLICY_WEAKENED, releasers_of([change.agency_id]), now=now
            )
        )


def first_told(changes: Collection[PowerChange]) -> dict[UUID, datetime]:
    """Return when a mail server first took a notice of each change for somebody who can still stop it.

    Changes of which no such officer was told are left out. A reset on the machine goes on where all are without powers.
    A notice of before a restore counts from the restore: who stopped the change after the backup needs time to do it again.
    """
    subjects = {subject_of(change): change.pk for change in changes}
    resets = [subject_of(change) for change in changes if change.cause == PowerChange.Cause.MACHINE_RESET]
    can_stop = Q(officer__powers_withheld_at=None) | Q(subject__in=resets)
    sent = Notification.objects.filter(
        can_stop,
        subject__in=subjects,
        occasion=Occasion.POWER_ASKED,
        state=NotificationState.SENT,
        officer__is_active=True,
    )
    times = sent.values("subject").annotate(first=Min("sent_at")).values_list("subject", "first")
    restore = newest_restore()
    earliest = restore.restored_at if restore is not None else None
    return {subjects[subject]: max(first, earliest or first) for subject, first in times}


def objection(notice: Notification, *, now: datetime) -> Cause | None:
    """Why a notice must not go out now: it was decided on, or the officer is not told of it any more; None if it may."""
    change = _with_people(PowerChange.objects.all()).get(pk=_change_id(notice.subject))
    if change.outcome != Outcome.WAITING:
        return Cause.SETTLED
    return None if notice.officer in told_of(change, now=now) else Cause.NO_RIGHT


def _with_people(changes: QuerySet[PowerChange]) -> QuerySet[PowerChange]:
    joined = changes.select_related("agency", "asked_by", "officer")
    return joined.defer(*without_sign_in("asked_by", "officer"))


def subject_of(change: PowerChange) -> str:
    """What a notice is about."""
    return f"power{BETWEEN}{change.pk}"


def _change_id(subject: str) -> UUID:
    return UUID(subject.rpartition(BETWEEN)[2])
