# SPDX-License-Identifier: Apache-2.0
"""Lanes that the agency suspends and resumes: reported to the exchange, and held here whatever the exchange says later.

The agency's own suspension is in its sealed book of pins: neither SQL nor an answer of the exchange removes it unnoticed.
It is not signed, so the agency cannot prove it to others.
"""

import contextlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accord.calls.agreements import AgreementAnswer
from accord.calls.errors import AbsentError as NoSuchAgreementError
from accord.calls.errors import ClientError, RefusedError
from accord.calls.exchange import Exchange
from alerts.access import agency_of
from alerts.errors import ExchangeAwayError, LaneRefusedError
from alerts.exchange_errors import away_error_for
from alerts.peers.agreements import ask_for_agreements, known_agreements
from alerts.peers.comparing import change_own_book
from alerts.peers.pins import Book, Stopped, read_book
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from callers.markings import is_about_life
from ledger.audit import record_event
from peers.agreements import KeptAgreements
from peers.exchange import exchange_of
from peers.models import Agency

Call = Callable[[Exchange], object]


def suspend_lanes(actor: Actor, ref: str, lanes: Collection[str], *, now: datetime) -> None:
    """Suspend lanes of an agreement with every other party; the exchange is told first, lane by lane.

    What was stopped stands, here and there, also where the next lane is refused. Not inside a transaction. Raises
    AbsentError, LaneRefusedError, ExchangeAwayError (of it ExchangeRefusedError), NotPermittedError.
    """
    own, agreement = _own(actor, ref, now)
    _require_among(lanes, agreement.lanes)
    surviving = sorted(set(lanes).intersection(agreement.survive_lanes))
    if surviving:
        raise LaneRefusedError("lanes", f"agreed to survive a suspension: {', '.join(surviving)}")
    for lane in sorted(set(lanes)):
        tell_exchange(own.pk, lambda exchange, lane=lane: exchange.suspend_lane(ref, lane), now=now)  # type: ignore[misc]
        _keep(actor, own, agreement, lane, now)
    _ask_again(actor, own, now)


def resume_lanes(actor: Actor, ref: str, lanes: Collection[str], *, now: datetime) -> None:
    """Resume lanes that the agency has suspended; raises as `suspend_lanes`. Other parties' suspensions stay."""
    own, agreement = _own(actor, ref, now)
    _require_among(lanes, stopped_by_own(read_book(own.pk), agreement))
    for lane in sorted(set(lanes)):
        tell_exchange(own.pk, lambda exchange, lane=lane: exchange.resume_lane(ref, lane), now=now)  # type: ignore[misc]
        _let_go(actor, own, ref, lane, now)
    _ask_again(actor, own, now)


def stopped_by_own(book: Book, agreement: AgreementAnswer) -> set[str]:
    """Return the lanes of an agreement that the agency has suspended, by its own book or by the exchange's word."""
    told = {stop.lane for stop in agreement.suspended if stop.agency == book.agency}
    return told | {stop.lane for stop in book.stopped if stop.ref == agreement.ref}


def is_held(book: Book, kept: KeptAgreements, *, peer: str, ref: str, lane: str, pri: str) -> bool:
    """Tell whether the agency's own suspension holds back what the exchange would deliver to the peer by this agreement.

    If the lane with the peer was suspended under another agreement, this one passes only if it is known here and covers peer and
    lane.
    """
    stops = [stop for stop in book.stopped if stop.lane == lane and not _survives(stop, pri)]
    if any(stop.ref == ref for stop in stops):
        return True
    if not any(peer in stop.parties for stop in stops):
        return False
    other = kept.agreement(ref)
    return other is None or peer not in other.parties or lane not in other.lanes


def tell_exchange(agency_id: str, call: Call, *, now: datetime) -> None:
    """Make one call; raises as `suspend_lanes` for what the exchange refuses."""
    try:
        call(exchange_of(agency_id))
    except NoSuchAgreementError:
        raise AbsentError from None
    except ClientError as trouble:
        if isinstance(trouble, RefusedError) and trouble.slug == "agreement-refused":
            raise LaneRefusedError("lanes", str(trouble.members.get("problem", ""))) from trouble
        raise away_error_for(trouble, agency_id) from trouble


def _survives(stop: Stopped, pri: str) -> bool:
    return stop.survives_flash and is_about_life(pri, stop.lane)


def _own(actor: Actor, ref: str, now: datetime) -> tuple[Agency, AgreementAnswer]:
    require(actor, Capability.AGENCY_MANAGE)
    own = agency_of(actor)
    agreement = known_agreements(actor, own.pk, now=now).agreement(ref)
    if agreement is None:
        raise AbsentError
    return own, agreement


def _require_among(lanes: Collection[str], offered: Iterable[str]) -> None:
    unknown = sorted(set(lanes) - set(offered))
    if unknown or not lanes:
        raise LaneRefusedError("lanes", _("Lanes: choose from the list; it may have changed."))


@transaction.atomic
def _keep(actor: Actor, own: Agency, agreement: AgreementAnswer, lane: str, now: datetime) -> None:
    stop = Stopped(
        agreement.ref,
        lane,
        actor.audit_name,
        int(now.timestamp()),
        tuple(party for party in agreement.parties if party != own.pk),
        agreement.survive_flash,
    )

    def change(book: Book) -> Book:
        known = any((one.ref, one.lane) == (stop.ref, stop.lane) for one in book.stopped)
        return book if known else replace(book, stopped=(*book.stopped, stop))

    change_own_book(own, change, now=now)
    _record("lane.suspended", actor, own, agreement.ref, lane, now)


@transaction.atomic
def _let_go(actor: Actor, own: Agency, ref: str, lane: str, now: datetime) -> None:
    def change(book: Book) -> Book:
        left = tuple(one for one in book.stopped if (one.ref, one.lane) != (ref, lane))
        return replace(book, stopped=left)

    change_own_book(own, change, now=now)
    _record("lane.resumed", actor, own, ref, lane, now)


def _ask_again(actor: Actor, own: Agency, now: datetime) -> None:
    """Ask for the agreements again; if the exchange is away now, the worker asks later."""
    with contextlib.suppress(ExchangeAwayError):
        ask_for_agreements(actor, own.pk, now=now)


def _record(act: str, actor: Actor, own: Agency, ref: str, lane: str, now: datetime) -> None:
    record_event(
        act,
        actor=actor.audit_name,
        agency=own.pk,
        subject=f"agreement:{ref}",
        detail={"lanes": [lane]},
        now=now,
    )
