# SPDX-License-Identifier: Apache-2.0
"""Metrics of the desk for Prometheus: its feeds and its notices. Only for processes that know officers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db.models import Count, Min
from prometheus_client.core import GaugeMetricFamily

from hub.gauges import age, gauge
from notices.models import Notification
from notices.states import SENDABLE, NotificationState
from peers.progress import desk_depth

SHOWN_STATES: Final = (*SENDABLE, NotificationState.LEASED, NotificationState.HELD, NotificationState.FAILED)


def desk_facts(now: datetime) -> Iterator[GaugeMetricFamily]:
    """Yield gauges of what waits for the desk, and of notices that are not settled."""
    depth = desk_depth()
    yield gauge("desk_items_behind", "Heads of feeds minus the desk's places, of all feeds.", depth.items)
    yield gauge("desk_feeds_behind", "Feeds that the desk has not taken to their end.", depth.feeds)
    yield gauge("desk_oldest_seconds", "Oldest item that waits for the desk.", age(depth.since, now))
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
