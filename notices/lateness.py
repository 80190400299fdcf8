# SPDX-License-Identifier: Apache-2.0
"""Lateness of mail, judged by the notices that wait and not by which process should be running.

It returns one time and nothing else, so that whoever runs the hub may know it without seeing any agency's rows.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from notices.models import Notification
from notices.states import Cause, NotificationState

LATE_AFTER: Final = timedelta(minutes=1)


def is_late(since: datetime, *, now: datetime) -> bool:
    """Tell whether mail that could be sent at `since` should have been sent by now."""
    return now - since > LATE_AFTER


def late_since(*, now: datetime) -> datetime | None:
    """Return since when the oldest late mail waits; None while none is late."""
    oldest = _oldest_notice(now)
    return oldest if oldest is not None and is_late(oldest, now=now) else None


def _oldest_notice(now: datetime) -> datetime | None:
    """Return when the oldest late notice was queued; None while none is late.

    Notices that wait for the end of quiet hours are not late. One that a person sends again counts from then.
    """
    before = now - LATE_AFTER
    fresh = Q(state=NotificationState.QUEUED, not_before__lt=before)
    tried = Q(state__in=(NotificationState.DEFERRED, NotificationState.UNCERTAIN))
    left = Q(state=NotificationState.LEASED, leased_until__lt=before)
    waiting = Notification.objects.filter(fresh | tried | left).exclude(cause=Cause.QUIET)
    return waiting.order_by("queued_at").values_list("queued_at", flat=True).first()
