# SPDX-License-Identifier: Apache-2.0
"""Reminders: an originator asks recipients that have not answered once more, through their feeds.

- After a withdrawal that counts, a reminder asks to confirm it; before, to acknowledge.
- A reminder names only its envelope, is unsigned and stops no clock.
- Two reminders of one envelope are at least `REMINDED_EVERY` apart, so that no feed is flooded.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max

from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, ReminderTooSoonError
from callers.identifiers import RANDOM_SIZE_BYTES, uuid7_at
from ledger.audit import record_event
from sharing.intake import require_admitted
from sharing.locks import lock_deliveries
from sharing.models import Delivery, Envelope, FeedReminder
from sharing.policy import Allowed, Terms, judge_recipients
from sharing.recalls import recalls_that_count
from sharing.states import VISIBLE_STATES, DeliveryState

REMINDED_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Reminder:
    """The recipients of an envelope's newest reminder and its time; empty where none was sent."""

    md: str
    recipients: list[str]
    reminded_at: datetime | None

    @property
    def again_at(self) -> datetime | None:
        """The earliest time of the next reminder."""
        return None if self.reminded_at is None else self.reminded_at + REMINDED_EVERY


def remind_recipients(actor: Actor, md: str, *, now: datetime) -> None:
    """Put a reminder of the agency's own envelope into the feed of each recipient that has not answered.

    Does nothing where all have answered. A suspended agency may still ask for confirmations; recipients that policy would now
    deny are not asked to acknowledge. Raises `AbsentError`, `NotPermittedError`, `IssuerSuspendedError` (still entering),
    `ReminderTooSoonError`.
    """
    require(actor, Capability.STATEMENT_SUBMIT)
    require_admitted(actor)
    with transaction.atomic():
        # Locked, so that of two simultaneous reminders the second sees the first.
        own = Envelope.objects.originated_by(actor).select_for_update(no_key=True).filter(pk=md)
        envelope = own.defer("manifest", "jwe_head", "leaf_hashes").first()
        if envelope is None:
            raise AbsentError
        waiting = _unanswered(envelope, now)
        if waiting:
            _require_pause(md, now)
            _remind(envelope, waiting, now)
            _record(actor, md, waiting, now)


def newest_reminder(actor: Actor, md: str) -> Reminder:
    """Return the newest reminder of an envelope of the actor's agency; raise `AbsentError`."""
    if not Envelope.objects.originated_by(actor).filter(pk=md).exists():
        raise AbsentError
    at = _last_reminded(md)
    rows = Delivery.objects.filter(envelope_id=md, reminded_at=at) if at else Delivery.objects.none()
    return Reminder(md, sorted(rows.values_list("recipient_id", flat=True)), at)


def _unanswered(envelope: Envelope, now: datetime) -> list[Delivery]:
    reached = Delivery.objects.filter(
        pk__in=lock_deliveries(Delivery.objects.filter(envelope=envelope)), state__in=VISIBLE_STATES
    ).defer("entry")
    if recalls_that_count([envelope.md], now=now):
        return list(reached.filter(recalled_at__isnull=False, recall_confirmed_at=None))
    if envelope.keep <= int(now.timestamp()):
        return []
    rows = list(reached.exclude(state=DeliveryState.ACKNOWLEDGED))
    terms = Terms.of_envelope(envelope)
    verdicts = judge_recipients(envelope.iss_id, [row.recipient_id for row in rows], terms, now=now)
    return [row for row in rows if isinstance(verdicts[row.recipient_id], Allowed)]


def _last_reminded(md: str) -> datetime | None:
    last: datetime | None = Delivery.objects.filter(envelope_id=md).aggregate(at=Max("reminded_at"))["at"]
    return last


def _require_pause(md: str, now: datetime) -> None:
    last = _last_reminded(md)
    if last is not None and now - last < REMINDED_EVERY:
        raise ReminderTooSoonError(last + REMINDED_EVERY)


def _remind(envelope: Envelope, waiting: Collection[Delivery], now: datetime) -> None:
    own_id = uuid7_at(now, secrets.token_bytes(RANDOM_SIZE_BYTES))
    FeedReminder.objects.bulk_create(
        (
            FeedReminder(
                recipient=row.recipient_id,
                d=envelope.md,
                iss=envelope.iss_id,
                item_id=own_id,
                ref=row.reference,
            )
            for row in waiting
        ),
        # A reminder that still waits for its number serves as well.
        ignore_conflicts=True,
    )
    Delivery.objects.filter(pk__in=[row.pk for row in waiting]).update(reminded_at=now)


def _record(actor: Actor, md: str, waiting: Collection[Delivery], now: datetime) -> None:
    record_event(
        "delivery.reminded",
        actor=actor.audit_name,
        agency=actor.agency_id or "",
        subject=md,
        detail={"agencies": sorted(row.recipient_id for row in waiting)},
        now=now,
    )
