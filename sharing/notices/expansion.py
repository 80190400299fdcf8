# SPDX-License-Identifier: Apache-2.0
"""Here is how what reached an agency becomes notices: once, in one transaction, whoever rings how often.

A new alert tells every reader of its recipients. A retract tells those of agencies that had been told or have
opened; where the first notice is still waiting, it is suppressed instead.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from agencies.models import Officer
from sharing.doorbell import ring
from sharing.models import Delivery, Notification, StatementDelivery
from sharing.notices.queueing import queue_notices, readers_of
from sharing.notices.states import Occasion
from sharing.states import VISIBLE_STATES

BATCH = 200


def expand_deliveries(*, now: datetime, limit: int = BATCH) -> int:
    """Turns up to `limit` numbered deliveries, and as many statements, into notices; returns how many it took.

    Workers do not wait for each other: rows that another one holds are left to it.
    """
    with transaction.atomic():
        alerts, statements = _claim_alerts(limit), _claim_statements(limit)
        _queue(alerts, Occasion.ALERT, now)
        _queue(_withdrawn(statements), Occasion.WITHDRAWN, now)
        Delivery.objects.filter(pk__in=[row.pk for row in alerts]).update(expanded_at=now)
        StatementDelivery.objects.filter(pk__in=[row.pk for row in statements]).update(expanded_at=now)
        if alerts or statements:
            transaction.on_commit(lambda: ring("sharing.send"))
    return len(alerts) + len(statements)


def waits_for_expansion() -> bool:
    """Whether anything numbered has not become notices yet."""
    return (
        Delivery.objects.filter(expanded_at__isnull=True, state__in=VISIBLE_STATES).exists()
        or StatementDelivery.objects.filter(expanded_at__isnull=True, number__isnull=False).exists()
    )


def _claim_alerts(limit: int) -> list[Delivery]:
    waiting = Delivery.objects.filter(expanded_at__isnull=True, state__in=VISIBLE_STATES)
    return list(waiting.select_for_update(skip_locked=True).order_by("id")[:limit])


def _claim_statements(limit: int) -> list[StatementDelivery]:
    waiting = StatementDelivery.objects.filter(expanded_at__isnull=True, number__isnull=False)
    locked = waiting.select_related("statement").select_for_update(skip_locked=True, of=("self",))
    return list(locked.order_by("id")[:limit])


def _withdrawn(statements: Iterable[StatementDelivery]) -> list[Delivery]:
    """The deliveries of alerts that a retract took back from an agency that knows of them."""
    retracts = [row for row in statements if row.statement.k == "retract"]
    known = {
        (row.envelope_id, row.recipient_id): row
        for row in Delivery.objects.filter(envelope_id__in={row.statement.sub_d for row in retracts})
        if row.told_at or row.opened_at
    }
    pairs = [(row.statement.sub_d, row.recipient_id) for row in retracts]
    return [known[pair] for pair in pairs if pair in known]


def _queue(deliveries: Sequence[Delivery], occasion: Occasion, now: datetime) -> None:
    officers = _by_agency(readers_of(delivery.recipient_id for delivery in deliveries))
    notices = [
        notice
        for delivery in deliveries
        for notice in queue_notices(delivery, occasion, officers[delivery.recipient_id], now=now)
    ]
    Notification.objects.bulk_create(notices, ignore_conflicts=True, batch_size=1000)


def _by_agency(officers: list[Officer]) -> dict[str | None, list[Officer]]:
    grouped: dict[str | None, list[Officer]] = defaultdict(list)
    for officer in officers:
        grouped[officer.agency_id].append(officer)
    return grouped
