# SPDX-License-Identifier: Apache-2.0
"""Lanes that the agency itself has suspended with peers, in its sealed book of pins: neither SQL nor an answer of the exchange
opens one unnoticed.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from accord.suspensions import Suspension
from alerts.peers.pins import Book, Stopped, change_book, read_book
from alerts.peers.suspensions import stated_suspensions
from callers.markings import is_about_life
from peers.agreements import KeptAgreements, kept_agreements


def is_held(book: Book, *, peer: str, ref: str, lane: str, pri: str) -> bool:
    """Tell whether the agency's own suspension holds back what the exchange would deliver to the peer by this agreement."""
    stops = [stop for stop in book.stopped if (stop.peer, stop.lane) == (peer, lane)]
    return any(
        ref not in stop.surviving and not (ref in stop.surviving_flash and is_about_life(pri, lane))
        for stop in stops
    )


def known_suspensions(agency_id: str, *, now: datetime) -> tuple[Suspension, ...]:
    """Return all suspensions that the agency and its peers have stated, and those that only the agency's book still has.

    Raises NotBoundError, SealBrokenError, SecretMissingError.
    """
    stated = stated_suspensions(agency_id, now=now)
    lasting = _lasting(agency_id, stated)
    lost = [stop for stop in read_book(agency_id).stopped if (stop.peer, stop.lane) not in lasting]
    return (*stated, *(Suspension(agency_id, stop.peer, stop.lane, stop.at, None) for stop in lost))


def own_suspensions(agency_id: str, *, now: datetime) -> set[tuple[str, str]]:
    """Return peer and lane of each suspension by the agency itself that is in force; raises as `known_suspensions`."""
    return set(_lasting(agency_id, known_suspensions(agency_id, now=now)))


def settle_stops(agency_id: str, peers: Collection[str], lanes: Collection[str], *, now: datetime) -> None:
    """Bring the book to what the agency has stated of these lanes with these peers; in the caller's transaction.

    Raises SealBrokenError, NotBoundError.
    """
    kept, stated = kept_agreements(agency_id), _lasting(agency_id, stated_suspensions(agency_id, now=now))
    concerned = {(peer, lane) for peer in peers for lane in lanes}

    def change(book: Book) -> Book:
        known = {(stop.peer, stop.lane) for stop in book.stopped}
        stays = [
            stop
            for stop in book.stopped
            if (stop.peer, stop.lane) in stated or (stop.peer, stop.lane) not in concerned
        ]
        begun = [_stop(kept, peer, lane, now) for peer, lane in sorted((concerned & stated.keys()) - known)]
        return replace(book, stopped=(*stays, *begun))

    change_book(agency_id, change, now=now)


def _lasting(agency_id: str, known: Collection[Suspension]) -> dict[tuple[str, str], Suspension]:
    """Return the agency's own suspensions in force, by peer and lane."""
    return {(one.peer, one.lane): one for one in known if one.agency == agency_id and one.until is None}


def _stop(kept: KeptAgreements | None, peer: str, lane: str, now: datetime) -> Stopped:
    covering = [one for one in kept.agreements if peer in one.parties and lane in one.lanes] if kept else []
    return Stopped(
        peer,
        lane,
        int(now.timestamp()),
        surviving=tuple(one.ref for one in covering if lane in one.survive_lanes),
        surviving_flash=tuple(one.ref for one in covering if one.survive_flash),
    )
