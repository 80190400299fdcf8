# SPDX-License-Identifier: Apache-2.0
"""Tombstones: what remains of an envelope once its `keep` has passed.

The content columns of the envelope, of its deliveries and of its blobs become null, together and for good. The manifest's
facts, its digest, deliveries and statements stay, so that who was told what, and when, can still be shown.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from callers.actors import SystemActor
from ledger.audit import record_event
from ledger.set_aside import Item, Loop, begin_round
from sharing.locks import lock_deliveries
from sharing.models import Blob, Delivery, Envelope, Release

SWEEPER: Final = SystemActor("exchange-worker")
DELETING: Final = Loop("contents.deleting", SWEEPER.audit_name)


@transaction.atomic
def delete_contents(*, now: datetime, limit: int) -> int:
    """Empty at most `limit` envelopes, longest overdue first, and audit each; return how many."""
    a_round = begin_round(DELETING, now=now)
    a_round.try_again(lambda md: _empty(list(Envelope.objects.filter(pk=md)), now))
    due = Envelope.objects.filter(keep__lte=int(now.timestamp()), manifest__isnull=False)
    due = due.exclude(pk__in=a_round.keys_aside())
    free = due.select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by("keep", "md")
    rows = list(free.only("md", "iss_id", "keep")[:limit])
    return len(a_round.take_all(rows, lambda some: _empty(some, now), name=_named))


def is_deleted_until(moment: datetime, *, now: datetime) -> bool:
    """Tell whether no content is left whose `keep` had passed at this moment, except what is set aside."""
    left = Envelope.objects.filter(keep__lte=int(moment.timestamp()), manifest__isnull=False)
    return not left.exclude(pk__in=begin_round(DELETING, now=now).keys_aside()).exists()


def _named(row: Envelope) -> Item:
    return Item(row.md, row.md, agency=row.iss_id)


def _empty(rows: Sequence[Envelope], now: datetime) -> None:
    mds = [row.md for row in rows]
    Delivery.objects.filter(pk__in=lock_deliveries(Delivery.objects.filter(envelope_id__in=mds))).update(
        entry=None
    )
    Blob.objects.filter(envelope_id__in=mds).update(content=None)
    Release.objects.filter(envelope_id__in=mds).update(leaf_hashes=None)
    Envelope.objects.filter(pk__in=mds).update(
        manifest=None, jwe_head=None, origin_entry=None, leaf_hashes=None
    )
    for row in rows:
        _audit(row, now)


def _audit(row: Envelope, now: datetime) -> None:
    record_event(
        "content.deleted",
        actor=SWEEPER.audit_name,
        agency=row.iss_id,
        subject=row.md,
        detail={"keep": row.keep},
        now=now,
    )
