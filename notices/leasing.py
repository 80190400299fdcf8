# SPDX-License-Identifier: Apache-2.0
"""Leases of notices: a worker leases rows for one connection and renews the lease; if it dies, they return to the queue.

A lease holds rows in the order in which they are sent over one connection. The outcome of each is committed before the
next mail begins, so that when a lease runs out at most its first unrecorded row is in doubt.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Case, Q, When

from callers.closed_lists import FLASH
from notices.models import Notification
from notices.states import NEWS, SENDABLE, NotificationState, Occasion

LEASE: Final = timedelta(minutes=2)
RENEW_BEFORE: Final = timedelta(seconds=40)
BATCH: Final = 50

SHARE_BY_AGE: Final = 5
"""One row in this many of a lease is chosen by age, whatever it is about."""

URGENT: Final = Q(occasion__in=NEWS, pri=FLASH) | Q(occasion__in=(Occasion.RELEASE_WAITS, Occasion.UNSENT))
URGENCY: Final = Case(
    When(URGENT, then=0),
    When(occasion__in=[*NEWS, Occasion.KEY_REVOKED], then=1),
    default=2,
)
"""Flash alerts from release to withdrawal come first, then other news; the many repudiated alerts of a revoked key come last."""


class LeaseLostError(Exception):
    """Another process took these rows back; this one must not record what it sent since."""


@dataclass
class Lease:
    """Rows of one connection, in sending order."""

    id: UUID
    until: datetime
    length: timedelta
    rows: list[Notification] = field(default_factory=list)

    def keep(self, now: datetime) -> None:
        """Renew a lease that ends soon. Raises LeaseLostError when it has been taken back."""
        if now < self.until - min(RENEW_BEFORE, self.length / 3):
            return
        self.until = now + self.length
        held = Notification.objects.filter(lease=self.id, state=NotificationState.LEASED)
        if not held.update(leased_until=self.until):
            raise LeaseLostError

    def record(self, notice: Notification, state: NotificationState, **facts: Any) -> None:
        """Write one row's outcome. Raises LeaseLostError when the row is no longer this lease's."""
        mine = Notification.objects.filter(pk=notice.pk, lease=self.id, state=NotificationState.LEASED)
        if not mine.update(state=state, lease=None, leased_until=None, lease_position=None, **facts):
            raise LeaseLostError

    def give_back(self, notices: Iterable[Notification]) -> None:
        """Return to the queue what was not begun. Raises LeaseLostError when none of it is this lease's."""
        keys = [notice.pk for notice in notices]
        mine = Notification.objects.filter(pk__in=keys, lease=self.id, state=NotificationState.LEASED)
        queued: dict[str, Any] = {"state": NotificationState.QUEUED, "lease": None}
        queued |= {"leased_until": None, "lease_position": None}
        if keys and not mine.update(**queued):
            raise LeaseLostError


def lease_batch(
    *, now: datetime, length: timedelta = LEASE, limit: int = BATCH, urgent_only: bool = False
) -> Lease:
    """Lease up to `limit` due rows that nobody else holds: the urgent first, and a fifth by age, so that none waits for ever."""
    lease = Lease(uuid4(), now + length, length)
    with transaction.atomic():
        due = Notification.objects.filter(state__in=SENDABLE, not_before__lte=now)
        if urgent_only:
            due = due.filter(URGENT)
        free = due.select_for_update(skip_locked=True, of=("self",))
        urgent = list(free.order_by(URGENCY, "not_before", "id")[: limit - limit // SHARE_BY_AGE])
        others = free.exclude(pk__in=[row.pk for row in urgent]).order_by("not_before", "id")
        rows = urgent + list(others[: limit - len(urgent)])
        for position, row in enumerate(rows):
            row.state = NotificationState.LEASED
            row.lease, row.leased_until, row.lease_position = lease.id, lease.until, position
        Notification.objects.bulk_update(rows, ["lease_position"])
        taken = Notification.objects.filter(pk__in=[row.pk for row in rows])
        taken.update(state=NotificationState.LEASED, lease=lease.id, leased_until=lease.until)
    lease.rows = rows
    return lease


def return_leases(*, now: datetime) -> int:
    """Take back the unrecorded rows of leases that ran out; return how many."""
    with transaction.atomic():
        rows = list(
            Notification.objects.select_for_update(skip_locked=True)
            .filter(state=NotificationState.LEASED, leased_until__lt=now)
            .order_by("lease", "lease_position")
        )
        seen: set[UUID | None] = set()
        for row in rows:
            in_doubt = row.lease not in seen
            seen.add(row.lease)
            row.state = NotificationState.UNCERTAIN if in_doubt else NotificationState.QUEUED
            row.uncertain = row.uncertain or in_doubt
            row.lease = row.leased_until = row.lease_position = None
            row.not_before = now
        Notification.objects.bulk_update(
            rows, ["state", "uncertain", "lease", "leased_until", "lease_position", "not_before"]
        )
    return len(rows)
