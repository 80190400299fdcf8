# SPDX-License-Identifier: Apache-2.0
"""Halting of a sequencer for its clock, and the person's confirmation that resumes it.

The halt is a row, so that a new process, or the standby, halts too.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accord.moments import moment_or_none
from ledger.audit import record_event
from ledger.entries import CoveredEntry
from ledger.errors import NotHaltedError
from ledger.models import HUB_LEVEL, Leaf, SequencerLease

ACTOR = "system:sequencer"


def halt_reason() -> str:
    """Return why nothing is logged; empty while all is well."""
    return SequencerLease.objects.values_list("halted", flat=True).first() or ""


def last_vouched() -> datetime | None:
    """Return the newer of the last leaf's time and the last confirmation by a person; None for a ledger that never began."""
    leaf: int | None = Leaf.objects.aggregate(newest=Max("t"))["newest"]
    looked = SequencerLease.objects.values_list("looked_at", flat=True).first()
    moments = [looked, moment_or_none(leaf)]
    return max((moment for moment in moments if moment is not None), default=None)


def mark_beat(covered: Sequence[CoveredEntry], now: datetime) -> None:
    """Record that the sequencer of a desk works, in the transaction of its batch."""
    SequencerLease.objects.filter(pk=1).update(beat=now)


def last_beat() -> datetime | None:
    """Return the last sign of life of a desk's sequencer; in a restored database, the last one before its backup."""
    return SequencerLease.objects.values_list("beat", flat=True).first()


def halt_sequencer(reason: str) -> None:
    """Log nothing more until a person has checked. Writes no audit event: its log time would be wrong."""
    with transaction.atomic():
        lease, _ = SequencerLease.objects.select_for_update().get_or_create(pk=1)
        lease.halted = reason
        lease.save(update_fields=["halted"])


def resume_sequencer(*, because: str, now: datetime) -> None:
    """Resume the sequencer after a person has checked the clocks. Raises `NotHaltedError`."""
    with transaction.atomic():
        lease = SequencerLease.objects.select_for_update().filter(pk=1).exclude(halted="").first()
        if lease is None:
            raise NotHaltedError
        reason, lease.halted, lease.looked_at = lease.halted, "", now
        lease.save(update_fields=["halted", "looked_at"])
        record_event(
            "sequencer.resumed",
            actor=ACTOR,
            agency=HUB_LEVEL,
            subject="ledger",
            reason=because,
            detail={"halted": reason},
            now=now,
        )
