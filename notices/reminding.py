# SPDX-License-Identifier: Apache-2.0
"""An originator's reminder: agencies that have not confirmed a withdrawal are told of it once more.

The mail is the one that told of the withdrawal, in its constant shape. Between two reminders of one withdrawal
lies `REMINDED_EVERY`, so that nobody's mailbox is flooded.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.doorbell import ring
from callers.errors import AbsentError
from ledger.audit import record_event
from notices.models import Notification
from notices.queueing import by_agency, queue_notices, readers_of, save_notices
from notices.states import Occasion
from sharing.errors import ReminderTooSoonError
from sharing.models import Delivery, Envelope, Statement, StatementDelivery
from sharing.recalls import recalls_that_count
from sharing.states import VISIBLE_STATES

REMINDED_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True)
class RecallReach:
    """How far a withdrawal has come at one recipient. `reached`: it has its number in that agency's feed."""

    recipient: str
    reached: bool
    reminded_at: datetime | None


def recall_reach(actor: Actor, mds: Collection[str]) -> dict[str, RecallReach]:
    """By recipient, over these envelopes of the actor's own agency; recipients without a withdrawal are left out."""
    own = Envelope.objects.originated_by(actor).filter(pk__in=mds)
    retracts = Statement.objects.filter(k="retract", sub_d__in=own.values("md"), iss_id=actor.agency_id)
    told = StatementDelivery.objects.filter(statement__in=retracts).values_list("recipient_id", "number")
    numbers: dict[str, bool] = {}
    for recipient, number in told:
        numbers[recipient] = numbers.get(recipient, True) and number is not None
    reminded = _last_reminders(mds)
    return {agency: RecallReach(agency, reached, reminded.get(agency)) for agency, reached in numbers.items()}


def remind_unconfirmed(actor: Actor, mds: Collection[str], *, now: datetime) -> list[str]:
    """Tells the readers of every agency that has not confirmed; returns the agencies, sorted.

    Raises `AbsentError` where no withdrawal counts or nobody is left to remind, `ReminderTooSoonError`.
    """
    require(actor, Capability.ALERT_WITHDRAW)
    with transaction.atomic():
        own = (
            Envelope.objects.originated_by(actor)
            .filter(pk__in=mds)
            .select_for_update(no_key=True)
            .order_by("pk")
        )
        counting = recalls_that_count([row.md for row in own.only("md")], now=now)
        waiting = list(_unconfirmed(counting))
        if not waiting:
            raise AbsentError
        _queue(waiting, now)
        agencies = sorted({row.recipient_id for row in waiting})
        _record(actor, min(counting), agencies, now)
        transaction.on_commit(lambda: ring("notices.send"))
    return agencies


def _unconfirmed(mds: Collection[str]) -> Collection[Delivery]:
    rows = Delivery.objects.filter(envelope_id__in=mds, state__in=VISIBLE_STATES)
    waiting = rows.filter(recalled_at__isnull=False, recall_confirmed_at=None).order_by(
        "recipient_id", "-number"
    )
    newest: dict[str, Delivery] = {}
    for row in waiting:
        newest.setdefault(row.recipient_id, row)
    return newest.values()


def _queue(waiting: Collection[Delivery], now: datetime) -> None:
    retracts = {
        row.sub_d: row.statement_id
        for row in Statement.objects.filter(
            k="retract", sub_d__in={delivery.envelope_id for delivery in waiting}
        ).order_by("received_at")
    }
    last = max(_last_reminders(retracts).values(), default=None)
    if last is not None and now - last < REMINDED_EVERY:
        raise ReminderTooSoonError(last + REMINDED_EVERY)
    officers = by_agency(readers_of(row.recipient_id for row in waiting))
    save_notices(
        notice
        for row in waiting
        for notice in queue_notices(
            row,
            Occasion.WITHDRAWN,
            officers[row.recipient_id],
            subject=_subject(retracts[row.envelope_id], now),
            now=now,
        )
    )


def _subject(statement_id: str, now: datetime) -> str:
    """What an officer hears of once: this reminder of this withdrawal."""
    return f"{statement_id}/{int(now.timestamp())}"


def _last_reminders(mds: Collection[str]) -> dict[str, datetime]:
    """When each agency was last reminded of the withdrawal of these; the first notice of it is no reminder."""
    found: dict[str, datetime] = {}
    rows = Notification.objects.filter(
        delivery__envelope_id__in=mds, occasion=Occasion.WITHDRAWN, subject__contains="/"
    )
    for agency, at in rows.values_list("recipient_id", "queued_at"):
        found[agency] = max(at, found.get(agency, at))
    return found


def _record(actor: Actor, md: str, agencies: list[str], now: datetime) -> None:
    record_event(
        "withdrawal.reminded",
        actor=actor.audit_name,
        agency=actor.agency_id or "",
        subject=md,
        detail={"agencies": agencies},
        now=now,
    )
