# SPDX-License-Identifier: Apache-2.0
"""A new alert is told once the desk can show it, so that the mail's link leads to it; or after a while regardless."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import OuterRef, Subquery

from notices.models import Notification
from notices.states import NotificationState, Occasion
from sharing.desk_progress import present_places
from sharing.models import Delivery
from sharing.policy import FLASH

WAITS: Final = timedelta(minutes=2)
FLASH_WAITS: Final = timedelta(seconds=30)


def tell_from(delivery: Delivery, pri: str, shown: dict[str, int], *, now: datetime) -> datetime:
    """When the mail about a new alert may go out; `shown` is what the desk has reached, by agency."""
    if is_shown(delivery, shown):
        return now
    return now + (FLASH_WAITS if pri == FLASH else WAITS)


def is_shown(delivery: Delivery, shown: dict[str, int]) -> bool:
    """Tell whether the desk has taken the feed up to this delivery."""
    return delivery.number is not None and delivery.number <= shown.get(delivery.recipient_id, 0)


def make_shown_due(*, now: datetime) -> int:
    """Makes due what waited for the desk and can be shown now; returns how many notices.

    Asked before each batch of mails and never once and for all: a cursor may move while notices are being written.
    """
    place = present_places().filter(agency=OuterRef("recipient")).values("after")
    waiting = Notification.objects.filter(
        occasion=Occasion.ALERT,
        state=NotificationState.QUEUED,
        cause="",
        not_before__gt=now,
        delivery__number__lte=Subquery(place),
    )
    return waiting.update(not_before=now)
