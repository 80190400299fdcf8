# SPDX-License-Identifier: Apache-2.0
"""What Prometheus reads of notices, of a process that knows officers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db.models import Count, Min
from prometheus_client.core import GaugeMetricFamily

from hub.gauges import age, gauge
from notices.models import Notification
from notices.states import SENDABLE, NotificationState

SHOWN_STATES: Final = (*SENDABLE, NotificationState.LEASED, NotificationState.HELD, NotificationState.FAILED)


def notice_facts(now: datetime) -> Iterator[GaugeMetricFamily]:
    states = GaugeMetricFamily("accord_notices", "Notices that are not settled, by state.", labels=["state"])
    counted = Notification.objects.filter(state__in=SHOWN_STATES).order_by().values_list("state")
    found = dict(counted.annotate(Count("pk")))
    for state in SHOWN_STATES:
        states.add_metric([str(state)], found.get(state, 0))
    yield states
    due = Notification.objects.filter(state__in=SENDABLE, not_before__lte=now)
    oldest = due.aggregate(oldest=Min("not_before"))["oldest"]
    yield gauge("notice_oldest_seconds", "Oldest notice that is due and has not gone out.", age(oldest, now))
    overdue = Notification.objects.filter(state=NotificationState.LEASED, leased_until__lt=now).count()
    yield gauge("leases_overdue", "Notices whose lease has run out and was not taken back.", overdue)
