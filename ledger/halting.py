# SPDX-License-Identifier: Apache-2.0
"""A sequencer that works or has halted for its clock, and the word of a person that lets it go on.

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
    """Why nothing is logged; empty while all is well."""
    return SequencerLease.objects.values_list("halted", flat=True).first() or ""


def last_vouched() -> datetime | None:
    """The newer of the last leaf's time and the last look of a person; None for a ledger that never began."""
    leaf: int | None = Leaf.objects.aggregate(newest=Max("t"))["newest"]
    looked = SequencerLease.objects.values_list("looked_at", flat=True).first()
    moments = [looked, moment_or_none(leaf)]
    return max((moment for moment in moments if moment is not None), default=None)


def mark_beat(covered: Sequence[CoveredEntry], now: datetime) -> None:
    """Note that the sequencer of a desk works; in the transaction of its batch."""
    SequencerLease.objects.filter(pk=1).update(beat=now)


def last_beat() -> datetime | None:
    """The last moment at which a desk's sequencer is known to have worked: of a restored database, that of its backup."""
    return SequencerLease.objects.values_list("beat", flat=True).first()


def halt_sequencer(reason: str) -> None:
    """Log nothing more until a person has looked. No audit event: its log time would be the wrong one."""
    with transaction.atomic():
        lease, _ = SequencerLease.objects.select_for_update().get_or_create(pk=1)
        lease.halted = reason
        lease.save(update_fields=["halted"])


def resume_sequencer(*, because: str, now: datetime) -> None:
    """Let the sequencer go on: a person has looked at the clocks. Raises `NotHaltedError`."""
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
