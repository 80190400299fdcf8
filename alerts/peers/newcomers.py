# SPDX-License-Identifier: Apache-2.0
"""Confirmation of a peer that is new in a circle, once, by an officer who validates alerts.

The confirmation is in the agency's sealed book of pins, so that it cannot be written by SQL.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.access import agency_of
from alerts.peers.circles import new_places
from alerts.peers.comparing import change_own_book
from alerts.peers.pins import Book, Pin
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import InputError
from ledger.audit import record_event
from peers.agreements import kept_agreements
from peers.models import Agency


def may_confirm(actor: Actor) -> bool:
    """Tell whether the actor may confirm circle members for the own agency."""
    return Capability.ALERT_VALIDATE in actor.capabilities


@transaction.atomic
def confirm_circle_member(actor: Actor, peer: Agency, circles: Collection[str], *, now: datetime) -> None:
    """Confirm the peer in these circles; raises NotPermittedError, InputError where it is not new in one of them."""
    own = agency_of(actor)
    require(actor, Capability.ALERT_VALIDATE)
    kept = kept_agreements(own.pk)

    def change(book: Book) -> Book:
        new = {place.circle for place in new_places(book, kept).get(peer.pk, ())}
        if not circles or not new.issuperset(circles):
            raise InputError("circles", _("Choose circles in which the agency is new."))
        pin = book.pins.get(peer.pk, Pin())
        return book.with_pin(peer.pk, replace(pin, circles=tuple(sorted({*pin.circles, *circles}))))

    change_own_book(own, change, now=now)
    record_event(
        "circle.member_confirmed",
        actor=actor.audit_name,
        agency=own.pk,
        subject=peer.pk,
        detail={"circles": sorted(circles)},
        now=now,
    )
