# SPDX-License-Identifier: Apache-2.0
"""Turn what reached an agency into notices: once, in one transaction, whoever rings how often.

A new alert tells every reader of its recipients. A retract tells those of agencies that had been told or have
opened; where the first notice is still waiting, it is suppressed instead. A reaffirm tells whoever was told that
its subject is in doubt.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import transaction

from accord.envelope.reaffirming import REAFFIRM
from callers.doorbell import ring
from ledger.set_aside import OF_ALERT, OF_NOTHING, Item, Loop, begin_round
from notices.desk_first import tell_from
from notices.models import Notification
from notices.queueing import by_agency, queue_notices, readers_of, save_notices
from notices.states import Occasion
from officers.visibility import without_sign_in
from sharing.desk_progress import reached
from sharing.models import Delivery, Envelope, StatementDelivery
from sharing.revoked import Doubt
from sharing.states import VISIBLE_STATES

BATCH = 200
ALERTS: Final = Loop("notices.alerts", "system:worker")
STATEMENTS: Final = Loop("notices.statements", "system:worker")
Row = TypeVar("Row", Delivery, StatementDelivery)


def expand_deliveries(*, now: datetime, limit: int = BATCH) -> int:
    """Turns up to `limit` numbered deliveries, and as many statements, into notices; returns how many it took.

    Workers do not wait for each other: rows that another one holds are left to it.
    """
    with transaction.atomic():
        alerts = _tell(ALERTS, _claim_alerts(limit), _named_alert, now)
        statements = _tell(STATEMENTS, _claim_statements(limit), _named_statement, now)
        Delivery.objects.filter(pk__in=[row.pk for row in alerts]).update(expanded_at=now)
        StatementDelivery.objects.filter(pk__in=[row.pk for row in statements]).update(expanded_at=now)
        if alerts or statements:
            transaction.on_commit(lambda: ring("notices.send"))
    return len(alerts) + len(statements)


def tell_again(*, now: datetime) -> int:
    """Turns into notices what was set aside and is due again; returns how many."""
    with transaction.atomic():
        alerts = begin_round(ALERTS, now=now)
        done = alerts.try_again(lambda key: _queue_alerts([Delivery.objects.get(pk=key)], now))
        statements = begin_round(STATEMENTS, now=now)
        rows = StatementDelivery.objects.select_related("statement")
        done += statements.try_again(lambda key: _queue_statements([rows.get(pk=key)], now))
        if done:
            transaction.on_commit(lambda: ring("notices.send"))
    return done


def _tell(loop: Loop, rows: Sequence[Row], name: Callable[[Row], Item], now: datetime) -> list[Row]:
    queue: Callable[[Sequence[Any], datetime], None] = _queue_alerts if loop is ALERTS else _queue_statements
    return begin_round(loop, now=now).take_all(rows, lambda some: queue(some, now), name=name)


def _queue_alerts(alerts: Sequence[Delivery], now: datetime) -> None:
    _queue_new(alerts, now)
    _queue_doubted(alerts, now)


def _queue_statements(statements: Sequence[StatementDelivery], now: datetime) -> None:
    _queue_withdrawn(statements, now)
    _queue_reaffirmed(statements, now)


def _named_alert(row: Delivery) -> Item:
    return Item(str(row.pk), row.envelope_id, agency=row.recipient_id)


def _named_statement(row: StatementDelivery) -> Item:
    """Whoever was not told of a withdrawal must not rely on its alert."""
    distrusts = OF_ALERT if row.statement.k == "retract" else OF_NOTHING
    return Item(str(row.pk), row.statement.sub_d, distrusts, row.recipient_id)


def waits_for_expansion() -> bool:
    """Tell whether anything numbered has not become notices yet."""
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


def _queue_withdrawn(statements: Iterable[StatementDelivery], now: datetime) -> None:
    """To agencies that know of the alert, once for each retract: a second one is taken where the first counts no more."""
    retracts = [row for row in statements if row.statement.k == "retract"]
    known = {
        (row.envelope_id, row.recipient_id): row
        for row in Delivery.objects.filter(envelope_id__in={row.statement.sub_d for row in retracts})
        if row.told_at or row.opened_at
    }
    officers = by_agency(readers_of(recipient for _, recipient in known))
    save_notices(
        notice
        for row in retracts
        if (delivery := known.get((row.statement.sub_d, row.recipient_id))) is not None
        for notice in queue_notices(
            delivery, Occasion.WITHDRAWN, officers[row.recipient_id], subject=row.statement_id, now=now
        )
    )


def _queue_new(deliveries: Sequence[Delivery], now: datetime) -> None:
    """To every reader, due once the desk can show the alert."""
    recipients = {delivery.recipient_id for delivery in deliveries}
    officers, shown = by_agency(readers_of(recipients)), reached(recipients)
    speeds = Envelope.objects.filter(pk__in={delivery.envelope_id for delivery in deliveries})
    speed = dict(speeds.values_list("pk", "pri"))
    save_notices(
        notice
        for delivery in deliveries
        for notice in queue_notices(
            delivery,
            Occasion.ALERT,
            officers[delivery.recipient_id],
            not_before=tell_from(delivery, speed[delivery.envelope_id], shown, now=now),
            now=now,
        )
    )


def _queue(deliveries: Sequence[Delivery], occasion: Occasion, now: datetime) -> None:
    officers = by_agency(readers_of(delivery.recipient_id for delivery in deliveries))
    save_notices(
        notice
        for delivery in deliveries
        for notice in queue_notices(delivery, occasion, officers[delivery.recipient_id], now=now)
    )


def _queue_doubted(alerts: Sequence[Delivery], now: datetime) -> None:
    """What a revocation put in doubt before it became available is told with its own notice beside the first."""
    doubted = set(
        Doubt.objects.filter(pk__in=[row.envelope_id for row in alerts]).values_list("d", flat=True)
    )
    _queue([row for row in alerts if row.envelope_id in doubted], Occasion.REPUDIATED, now)


def _queue_reaffirmed(statements: Iterable[StatementDelivery], now: datetime) -> None:
    """Who was told that something is in doubt hears that its sender stands by it, once for each such word."""
    words = {
        (row.statement.sub_d, row.recipient_id): row for row in statements if row.statement.k == REAFFIRM
    }
    told = Notification.objects.filter(
        occasion=Occasion.REPUDIATED,
        subject__in={d for d, _ in words},
        recipient_id__in={agency for _, agency in words},
        delivery__isnull=False,
    )
    again: list[Notification] = []
    for notice in told.select_related("delivery", "officer").defer(*without_sign_in("officer")):
        word = words.get((notice.subject, notice.recipient_id))
        if word is not None and notice.delivery is not None:
            again += queue_notices(
                notice.delivery, Occasion.REAFFIRMED, [notice.officer], subject=word.statement_id, now=now
            )
    save_notices(again)
