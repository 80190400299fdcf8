# SPDX-License-Identifier: Apache-2.0
"""Facts that notices tell."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Min

from notices.models import Notification
from notices.states import NotificationState, Occasion


def first_told(agency_id: str, md: str) -> datetime | None:
    """When the first mail about a new alert went out to anybody of the agency."""
    mails = Notification.objects.filter(recipient=agency_id, subject=md, occasion=Occasion.ALERT)
    first: datetime | None = mails.aggregate(first=Min("sent_at"))["first"]
    return first


def failed_mails(mds: Collection[str]) -> set[tuple[str, str]]:
    """Alert (md) and recipient where mails failed or are held for a person, and none still goes: of this desk's agencies.

    Where somebody was told all the same, the delivery says so.
    """
    failed = (NotificationState.FAILED, NotificationState.HELD)
    mails = Notification.objects.filter(about__in=mds).order_by()
    going = mails.exclude(state__in=(*failed, NotificationState.SUPPRESSED))
    pair = ("about", "recipient_id")
    found = mails.filter(state__in=failed).values_list(*pair).difference(going.values_list(*pair))
    return set(found)
