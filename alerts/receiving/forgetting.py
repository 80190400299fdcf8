# SPDX-License-Identifier: Apache-2.0
"""Deletion of what the desk keeps of a received alert once its `keep` has passed: envelope, card, tokens, structure.

The manifest's facts and the record of what was done with the alert stay, as they do at the exchange. Own replies lose what
they keep of it: its marking and its recipients.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from alerts.models import CardToken, ReceivedAlert
from alerts.projections.registry import projections
from alerts.receiving.held_envelopes import forget_envelopes
from alerts.rows.calls import CallNote
from alerts.rows.onward import OnwardRelease
from alerts.rows.replies import Reply, SampleProfile
from callers.actors import Actor
from ledger.audit import record_event
from ledger.restores import note_deleted, waits_for
from ledger.set_aside import Item, Loop, begin_round

FORGOTTEN_AT_MOST: Final = 200
FORGETTING: Final = Loop("desk.forgetting", "system:desk-worker")


@transaction.atomic
def forget_cards(actor: Actor, *, now: datetime, limit: int = FORGOTTEN_AT_MOST) -> int:
    """Delete card, tokens, structure of at most `limit` alerts, longest overdue first; audit each; return how many."""
    a_round = begin_round(FORGETTING, now=now)
    everything = ReceivedAlert.objects.only("pk", "agency_id", "md")
    a_round.try_again(lambda key: _forget(actor, list(everything.filter(pk=key)), now))
    due = ReceivedAlert.objects.filter(keep__lte=now, card__isnull=False).exclude(pk__in=a_round.keys_aside())
    free = due.select_for_update(skip_locked=True).order_by("keep", "pk")
    rows = list(free.only("pk", "agency_id", "md")[:limit])
    _forget_sources(now)
    return len(a_round.take_all(rows, lambda some: _forget(actor, some, now), name=_named))


def forget_what_came_back(actor: Actor, *, now: datetime) -> None:
    """After a restore, delete all that is past its `keep` at once, and note it; nobody signs in before."""
    restore = waits_for("cards_deleted_at")
    if restore is None:
        return
    while forget_cards(actor, now=now):
        pass
    while forget_envelopes(now=now):
        pass
    left = ReceivedAlert.objects.filter(keep__lte=restore.restored_at, card__isnull=False)
    if not left.exclude(pk__in=begin_round(FORGETTING, now=now).keys_aside()).exists():
        note_deleted("cards_deleted_at", restore, now=now)


def _named(row: ReceivedAlert) -> Item:
    return Item(str(row.pk), row.md, agency=row.agency_id)


def _forget(actor: Actor, rows: Sequence[ReceivedAlert], now: datetime) -> None:
    CardToken.objects.filter(received__in=rows).delete()
    for projection in projections():
        projection.on_forgotten(rows)
    ReceivedAlert.objects.filter(pk__in=[row.pk for row in rows]).update(card=None)
    SampleProfile.objects.filter(received__in=rows).delete()
    Reply.objects.filter(received__in=rows).update(summary=None)
    CallNote.objects.filter(received__in=rows).delete()
    OnwardRelease.objects.filter(received__in=rows).delete()
    for row in rows:
        record_event("card.deleted", actor=actor.audit_name, agency=row.agency_id, subject=row.md, now=now)


def _forget_sources(now: datetime) -> None:
    """Empty what own replies keep of a forgotten alert; unsent ones can no longer be sent."""
    answered = ReceivedAlert.objects.filter(agency=OuterRef("agency"), md=OuterRef("re_md"), keep__lte=now)
    Reply.objects.filter(Exists(answered), source__isnull=False).update(source=None)
