# SPDX-License-Identifier: Apache-2.0
"""Notices of changes of power that wait, and when somebody was first told of one. A mail says only that one waits.

The waiting time of a change (`officers.powers`) begins when a mail server first accepts a notice to somebody who can
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
"""Time after a weaker policy came into force in which its releasers are still told of it, for a worker that was away."""
Kind, Outcome = PowerChange.Kind, PowerChange.Outcome


def tell_power_changes(*, now: datetime) -> None:
    """Queue notices that are not queued yet; may run at any time and again."""
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
    """Return when a mail server first accepted a notice of each change to somebody who can still stop it.

    A change of which no such officer was told is left out. A reset on the machine counts notices to officers whose
    powers are withheld, too, since all may be. A notice sent before a restore counts from the restore: whoever stopped
    the change after the backup needs time to stop it again.
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
    """Return why a notice must not be sent now, None if it may: the change is decided, or the officer is no longer told of it."""
    change = _with_people(PowerChange.objects.all()).get(pk=_change_id(notice.subject))
    if change.outcome != Outcome.WAITING:
        return Cause.SETTLED
    return None if notice.officer in told_of(change, now=now) else Cause.NO_RIGHT


def _with_people(changes: QuerySet[PowerChange]) -> QuerySet[PowerChange]:
    joined = changes.select_related("agency", "asked_by", "officer")
    return joined.defer(*without_sign_in("asked_by", "officer"))


def subject_of(change: PowerChange) -> str:
    """Return the subject of a change's notices."""
    return f"power{BETWEEN}{change.pk}"


def _change_id(subject: str) -> UUID:
    return UUID(subject.rpartition(BETWEEN)[2])
