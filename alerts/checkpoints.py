# SPDX-License-Identifier: Apache-2.0
"""The newest checkpoint of the ledger that an agency's desk has verified, so that no other ledger passes for it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accord.envelope.slices import parse_slice
from accord.envelope.tree.notes import Checkpoint
from accord.envelope.verifying import KeptCheckpoint, keep_checkpoint
from alerts.models import SeenCheckpoint
from ledger.pins import pinned_keys


def kept_checkpoint(agency_id: str) -> KeptCheckpoint | None:
    """What the agency kept last; None before its first opening."""
    row = SeenCheckpoint.objects.filter(agency_id=agency_id).exclude(checkpoint="").first()
    return None if row is None else KeptCheckpoint(Checkpoint.parse(row.checkpoint), row.kept_at)


def keep_newest(
    agency_id: str, slice_bytes: bytes, *, kept: KeptCheckpoint | None, log_time: int, now: datetime
) -> None:
    """After an opening: the largest checkpoint under which the slice was verified, unless a larger one is kept.

    `kept` is what was kept before it.
    """
    newest = max(_checkpoints(slice_bytes), key=lambda checkpoint: checkpoint.size)
    if kept is not None and kept.checkpoint.size >= newest.size:
        # It only ever grows: most openings of a batch need no lock.
        return
    newly = keep_checkpoint(newest, now=int(now.timestamp()), newest_log_time=log_time)
    with transaction.atomic():
        SeenCheckpoint.objects.get_or_create(agency_id=agency_id)
        row = SeenCheckpoint.objects.select_for_update().get(agency_id=agency_id)
        if not row.checkpoint or Checkpoint.parse(row.checkpoint).size < newest.size:
            row.checkpoint, row.kept_at = newest.text, newly.kept_at
            row.save(update_fields=["checkpoint", "kept_at"])


def _checkpoints(slice_bytes: bytes) -> Iterable[Checkpoint]:
    keys = pinned_keys()
    return [receipt.checkpoint_under(keys) for receipt in parse_slice(slice_bytes).receipts]
