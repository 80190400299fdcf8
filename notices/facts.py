# SPDX-License-Identifier: Apache-2.0
"""Facts of a delivery that its notices tell."""

from django.db.models import Exists, OuterRef, Q

from notices.models import Notification
from notices.states import NotificationState


def mail_failed() -> Q:
    """A condition on deliveries: nobody was told, mails failed or are held for a person, and none still goes."""
    failed = (NotificationState.FAILED, NotificationState.HELD)
    mails = Notification.objects.filter(delivery=OuterRef("pk"))
    going = mails.exclude(state__in=(*failed, NotificationState.SUPPRESSED))
    return Q(told_at=None) & Q(Exists(mails.filter(state__in=failed))) & ~Q(Exists(going))
