# SPDX-License-Identifier: Apache-2.0
"""Forgets what the desk keeps of a received alert's content once its `keep` has passed: card and tokens.

The manifest's facts and what was done with the alert stay, as they do at the exchange.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from agencies.actors import Actor
from alerts.models import CardToken, ReceivedAlert
from ledger.audit import record_event

FORGOTTEN_AT_MOST: Final = 200


@transaction.atomic
def forget_cards(actor: Actor, *, now: datetime, limit: int = FORGOTTEN_AT_MOST) -> int:
    """Deletes card and tokens of at most `limit` alerts, longest overdue first, and audits each; returns how many."""
    due = ReceivedAlert.objects.filter(keep__lte=now, card__isnull=False)
    free = due.select_for_update(skip_locked=True).order_by("keep", "pk")
    rows = list(free.only("pk", "agency_id", "md")[:limit])
    CardToken.objects.filter(received__in=rows).delete()
    ReceivedAlert.objects.filter(pk__in=[row.pk for row in rows]).update(card=None)
    for row in rows:
        record_event("card.deleted", actor=actor.audit_name, agency=row.agency_id, subject=row.md, now=now)
    return len(rows)
