# SPDX-License-Identifier: Apache-2.0
"""Facts about notices that were sent."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Min

from notices.models import Notification
from notices.states import NotificationState, Occasion


def first_told(agency_id: str, md: str) -> datetime | None:
    """Return when the first mail about a new alert was sent to anybody of the agency."""
    mails = Notification.objects.filter(recipient=agency_id, subject=md, occasion=Occasion.ALERT)
    first: datetime | None = mails.aggregate(first=Min("sent_at"))["first"]
    return first


def failed_mails(mds: Collection[str]) -> set[tuple[str, str]]:
    """Return pairs of alert (md) and recipient for which mails failed or are held and none is still to be sent.

    Known for this desk's agencies only. A pair is also listed where another mail was sent; the delivery shows that.
    """
    failed = (NotificationState.FAILED, NotificationState.HELD)
    mails = Notification.objects.filter(about__in=mds).order_by()
    going = mails.exclude(state__in=(*failed, NotificationState.SUPPRESSED))
    pair = ("about", "recipient_id")
    found = mails.filter(state__in=failed).values_list(*pair).difference(going.values_list(*pair))
    return set(found)
