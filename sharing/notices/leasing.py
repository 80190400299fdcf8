# SPDX-License-Identifier: Apache-2.0
"""Here is how a worker takes notices for one connection, keeps them, and what becomes of them if it dies.

A lease is a set of rows in the order in which they go over one connection. The outcome of each is committed
before the next mail begins, so when a lease runs out at most its first unrecorded row is in doubt.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction

from sharing.models import Notification
from sharing.notices.states import SENDABLE
from sharing.states import NotificationState

LEASE: Final = timedelta(minutes=2)
RENEW_BEFORE: Final = timedelta(seconds=40)
BATCH: Final = 50


class LeaseLostError(Exception):
    """Another process took these rows back; what this one sent since is not recorded by it."""


@dataclass
class Lease:
    """The rows of one connection, in sending order."""

    id: UUID
    until: datetime
    length: timedelta
    rows: list[Notification] = field(default_factory=list)

    def keep(self, now: datetime) -> None:
        """Renews a lease that ends soon. Raises LeaseLostError when it has been taken back."""
        if now < self.until - min(RENEW_BEFORE, self.length / 3):
            return
        self.until = now + self.length
        held = Notification.objects.filter(lease=self.id, state=NotificationState.LEASED)
        if not held.update(leased_until=self.until):
            raise LeaseLostError

    def record(self, notice: Notification, state: NotificationState, **facts: Any) -> None:
        """Writes one row's outcome. Raises LeaseLostError when the row is no longer this lease's."""
        mine = Notification.objects.filter(pk=notice.pk, lease=self.id, state=NotificationState.LEASED)
        if not mine.update(state=state, lease=None, leased_until=None, lease_position=None, **facts):
            raise LeaseLostError


def lease_batch(*, now: datetime, length: timedelta = LEASE, limit: int = BATCH) -> Lease:
    """Takes up to `limit` due rows that nobody else holds, oldest first."""
    lease = Lease(uuid4(), now + length, length)
    with transaction.atomic():
        rows = list(
            Notification.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state__in=SENDABLE, not_before__lte=now)
            .order_by("not_before", "id")[:limit]
        )
        for position, row in enumerate(rows):
            row.state = NotificationState.LEASED
            row.lease, row.leased_until, row.lease_position = lease.id, lease.until, position
        Notification.objects.bulk_update(rows, ["state", "lease", "leased_until", "lease_position"])
    lease.rows = rows
    return lease


def return_leases(*, now: datetime) -> int:
    """Takes back what leases that ran out left unrecorded; returns how many rows."""
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
