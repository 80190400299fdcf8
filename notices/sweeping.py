# SPDX-License-Identifier: Apache-2.0
"""The sweep that makes lost doorbells harmless: every half minute it looks at the rows themselves.

The same look ends what has run out: leases, held deliveries past `exp`, contents past `keep`.
"""

import itertools
from datetime import datetime
from functools import partial

from callers.doorbell import ring
from ledger.restores import note_deleted, waits_for
from ledger.set_aside import run_each
from notices.expansion import waits_for_expansion
from notices.leasing import return_leases
from notices.models import Notification
from notices.power_changes import tell_power_changes
from notices.repudiation import waits_for_telling
from notices.states import SENDABLE
from sharing.deliveries import expire_held
from sharing.tombstones import delete_contents, is_deleted_until

EXPIRED_A_SWEEP = 1000
DELETED_A_BATCH = 20
"""Envelopes emptied in one transaction; each may have five hundred deliveries."""
BATCHES_A_SWEEP = 25


def sweep_notices(*, now: datetime) -> None:
    """Takes back leases that ran out, ends and deletes what is past its time, and rings for whatever waits."""
    run_each(
        partial(return_leases, now=now),
        partial(expire_held, now=now, limit=EXPIRED_A_SWEEP),
        partial(_delete_contents, now),
        partial(tell_power_changes, now=now),
        partial(_ring, now),
    )


def _ring(now: datetime) -> None:
    if waits_for_expansion() or waits_for_telling(now=now):
        ring("notices.expand")
    if Notification.objects.filter(state__in=SENDABLE, not_before__lte=now).exists():
        ring("notices.send")


def _delete_contents(now: datetime) -> None:
    """In bounded batches; what is left waits for the next sweep, and is served to nobody meanwhile.

    After a restore all of it in one sweep: nobody signs in before.
    """
    restore = waits_for("contents_deleted_at")
    for batch in itertools.count(1):
        if delete_contents(now=now, limit=DELETED_A_BATCH) < DELETED_A_BATCH:
            break
        if restore is None and batch == BATCHES_A_SWEEP:
            return
    if restore is not None and is_deleted_until(restore.restored_at, now=now):
        note_deleted("contents_deleted_at", restore, now=now)
