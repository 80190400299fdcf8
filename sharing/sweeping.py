# SPDX-License-Identifier: Apache-2.0
"""The sweep of the exchange: end held deliveries past `exp`, delete contents past `keep`, repeat lost wake-ups of workers."""

import itertools
from datetime import datetime
from functools import partial

from callers.task_calls import call_task
from ledger.restores import note_deleted, waits_for
from ledger.set_aside import run_each
from sharing.deliveries import expire_held
from sharing.repudiation import waits_for_marking
from sharing.tombstones import delete_contents, is_deleted_until

EXPIRED_A_SWEEP = 1000
DELETED_A_BATCH = 20
"""Envelopes emptied in one transaction; each may have five hundred deliveries."""
BATCHES_A_SWEEP = 25


def sweep_deliveries(*, now: datetime) -> None:
    """End and delete what is past its time, and wake the workers for everything that waits."""
    run_each(
        partial(expire_held, now=now, limit=EXPIRED_A_SWEEP),
        partial(_delete_contents, now),
        partial(_call_if_marks_wait, now),
    )


def _call_if_marks_wait(now: datetime) -> None:
    if waits_for_marking(now=now):
        call_task("sharing.mark_doubts")


def _delete_contents(now: datetime) -> None:
    """Delete contents in bounded batches; the rest waits for the next sweep, and is served to nobody meanwhile.

    After a restore everything is deleted in one sweep: nobody signs in before.
    """
    restore = waits_for("contents_deleted_at")
    for batch in itertools.count(1):
        if delete_contents(now=now, limit=DELETED_A_BATCH) < DELETED_A_BATCH:
            break
        if restore is None and batch == BATCHES_A_SWEEP:
            return
    if restore is not None and is_deleted_until(restore.restored_at, now=now):
        note_deleted("contents_deleted_at", restore, now=now)
