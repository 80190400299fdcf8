# SPDX-License-Identifier: Apache-2.0
"""Repair of rows on deliveries that were changed past the program: they are dropped and asked for anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from alerts.models import Alert
from alerts.states import SENT
from callers.binding import keep_bound
from ledger.audit import record_event
from peers.models import DeliveriesPlace, SentDelivery
from peers.sent import deliveries_of, envelopes_of


@dataclass(frozen=True)
class Altered:
    """Altered rows of an agency on its deliveries.

    `envelopes` are those whose recipients were altered, which no exchange can restore. `deliveries` are altered rows, `missing`
    those that were deleted or moved to another agency.
    """

    envelopes: tuple[str, ...]
    deliveries: tuple[SentDelivery, ...]
    missing: tuple[tuple[str, str], ...]


def altered_deliveries(agency_id: str) -> Altered:
    """Check every row that the agency keeps of its deliveries."""
    sent, broken = dict[str, list[str]](), list[str]()
    for row in envelopes_of(agency_id).iterator():
        if row.is_bound:
            sent[row.md] = row.recipients
        else:
            broken.append(row.md)
    broken += sorted(set(_sent(agency_id)) - {*sent, *broken})
    altered, here = list[SentDelivery](), set[tuple[str, str]]()
    for delivery in deliveries_of(agency_id).iterator():
        if delivery.is_bound:
            here.add((delivery.md, delivery.recipient))
        else:
            altered.append(delivery)
    kept = {(md, recipient) for md, recipients in sent.items() for recipient in recipients}
    return Altered(tuple(broken), tuple(altered), tuple(sorted(kept - here)))


@transaction.atomic
def drop_altered_deliveries(agency_id: str, *, now: datetime) -> int:
    """Drop altered rows and recreate missing ones, so that the exchange is asked for all of them; return how many were dropped.

    For an operator with a shell on the hub.
    """
    found = altered_deliveries(agency_id)
    deliveries_of(agency_id).filter(pk__in=[row.pk for row in found.deliveries]).delete()
    keep_bound(SentDelivery(reader=agency_id, md=md, recipient=recipient) for md, recipient in found.missing)
    DeliveriesPlace.objects.filter(reader=agency_id).delete()
    record_event(
        "deliveries.dropped",
        actor="system:install",
        agency=agency_id,
        subject=agency_id,
        detail={"rows": len(found.deliveries), "missing": len(found.missing)},
        now=now,
    )
    return len(found.deliveries)


def _sent(agency_id: str) -> Iterator[str]:
    sent = Alert.objects.filter(agency_id=agency_id, state__in=SENT, released_at__isnull=False)
    return sent.values_list("md", flat=True).iterator()
