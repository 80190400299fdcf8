# SPDX-License-Identifier: Apache-2.0
"""Deliveries: what became of an envelope, as its originator sees it, and the facts that a recipient adds."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import ExpressionWrapper, Q, QuerySet, Value
from django.db.models.fields import BooleanField

from callers.actors import Actor
from callers.capabilities import Capability
from callers.errors import AbsentError
from sharing.errors import NotFetchedError
from sharing.locks import lock_deliveries
from sharing.models import Delivery, Envelope, FeedHeld
from sharing.references import is_reference
from sharing.states import DeliveryState, move

OWN = frozenset({Capability.ENVELOPE_SUBMIT, Capability.ENVELOPE_READ, Capability.ALERT_READ})
"""Who of an agency may see what became of its own envelopes."""

_FACTS = (
    "recipient_id",
    "state",
    "told_at",
    "fetched_at",
    "opened_at",
    "acknowledged_at",
    "answer",
    "recalled_at",
    "recall_confirmed_at",
)


@dataclass(frozen=True)
class DeliveryFact:
    """One recipient's row; `answer` is what its last acknowledgement said: opened, refused, unopenable or "".

    `mail_failed`, where a condition was given for it: every mail about it failed, so that nobody there was told.
    """

    recipient: str
    state: str
    told_at: datetime | None
    fetched_at: datetime | None
    opened_at: datetime | None
    acknowledged_at: datetime | None
    answer: str
    recalled_at: datetime | None
    recall_confirmed_at: datetime | None
    mail_failed: bool = False


def delivery_facts(actor: Actor, md: str) -> list[DeliveryFact]:
    """What became of an envelope of the actor's own agency, by recipient; `AbsentError` for any other."""
    if not OWN & actor.capabilities:
        raise AbsentError
    if not Envelope.objects.originated_by(actor).filter(pk=md).exists():
        raise AbsentError
    return delivery_facts_of(actor, [md])[md]


def delivery_facts_of(
    actor: Actor, mds: Collection[str], *, failed: Q | None = None
) -> dict[str, list[DeliveryFact]]:
    """The same for many, in one query; envelopes of others are left out."""
    if not OWN & actor.capabilities:
        return defaultdict(list)
    rows = Delivery.objects.originated_by(actor).filter(envelope_id__in=mds)
    return facts_about(rows, failed=failed)


def facts_about(rows: QuerySet[Delivery], *, failed: Q | None = None) -> dict[str, list[DeliveryFact]]:
    """The facts of these deliveries, by envelope, for a caller that was let see them."""
    facts: defaultdict[str, list[DeliveryFact]] = defaultdict(list)
    found = Value(False) if failed is None else ExpressionWrapper(failed, BooleanField())
    ordered = rows.order_by("recipient_id").annotate(failed=found)
    for md, *columns in ordered.values_list("envelope_id", *_FACTS, "failed"):
        facts[md].append(DeliveryFact(*columns))
    return facts


def find_delivery(actor: Actor, reference: str) -> Delivery:
    """The delivery a mail's reference names, for its recipient only; raises `AbsentError`."""
    known = reference.strip().upper()
    visible = Delivery.objects.visible_to(actor).select_related("envelope__iss")
    found = visible.filter(reference=known).first() if is_reference(known) else None
    if found is None:
        raise AbsentError
    return found


@transaction.atomic
def mark_opened(actor: Actor, delivery: Delivery, *, now: datetime) -> None:
    """An officer has opened it, for the first time or again; only the first time is kept."""
    row = _lock_visible(actor, delivery)
    if row.state == DeliveryState.AVAILABLE:
        raise NotFetchedError
    if row.opened_at is None:
        row.opened_at = now
        row.save(update_fields=["opened_at"])


def mark_told(delivery: Delivery, *, now: datetime) -> None:
    """A notice about it was sent to an officer of the recipient; the first one counts."""
    Delivery.objects.filter(pk=delivery.pk, told_at__isnull=True).update(told_at=now)


@transaction.atomic
def expire_held(*, now: datetime, limit: int) -> int:
    """End at most `limit` held deliveries whose time has passed; returns how many."""
    late = FeedHeld.objects.filter(delivery__envelope__exp__lte=int(now.timestamp()))
    rows = list(late.select_for_update(of=("self",), skip_locked=True).order_by("position")[:limit])
    ids = lock_deliveries(Delivery.objects.filter(pk__in=[row.delivery_id for row in rows]))
    FeedHeld.objects.filter(pk__in=ids).delete()
    expired = move(DeliveryState.HELD, "expire")
    Delivery.objects.filter(pk__in=ids, state=DeliveryState.HELD).update(state=expired)
    return len(ids)


def _lock_visible(actor: Actor, delivery: Delivery) -> Delivery:
    row = Delivery.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=delivery.pk).first()
    if row is None:
        raise AbsentError
    return row
