# SPDX-License-Identifier: Apache-2.0
"""Suspensions in force between an agency and its peers, as its desk knows them, and the clocks of answers that they freeze.

- A lane with a peer is suspended once it is in every agreement that covers the two: by the agency's own sealed book, and by what
  the exchange last stated of the agreements. What is over is not known here: a clock freezes while the suspension lasts.
- The clock of an answer freezes where it was still running when the lane was suspended. What was overdue before stays overdue.
- Where book or agreements were altered past the program, nothing freezes.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db.models import Q

from accord.calls.agreements import AgreementAnswer, suspended_since
from accord.calls.answers import SuspendedLane
from accord.moments import moment_of
from alerts.models import ReceivedAlert
from alerts.peers.pins import Book, read_book
from callers.errors import NotBoundError
from peers.agreements import kept_agreements
from vault.errors import SealBrokenError, SecretMissingError

FLASH: Final = "flash"
ROUTINE: Final = "routine"


@dataclass(frozen=True)
class Suspensions:
    """Agreements of one agency that are in force, with the lanes that it has suspended itself among the suspended."""

    agency: str
    agreements: tuple[AgreementAnswer, ...] = ()

    def since(self, peer: str, lane: str, pri: str) -> datetime | None:
        """Return since when nothing passes between the two on this lane; None where something does, or nothing ever did."""
        since = suspended_since(self.agreements, self.agency, peer, lane, pri)
        return None if since is None else moment_of(since)

    def freeze(self, peer: str, lane: str, pri: str, due: datetime | None) -> datetime | None:
        """Return since when the clock of an answer that is due then stands still; None while it runs."""
        since = None if due is None else self.since(peer, lane, pri)
        return since if since is not None and due is not None and since < due else None

    @property
    def frozen(self) -> Q:
        """Condition for received alerts: the clock of the answer stands still."""
        found = Q(pk__in=())
        for (lane, pri, since), peers in self._stopped().items():
            of_speed = Q(pri=FLASH) if pri == FLASH else ~Q(pri=FLASH)
            found |= Q(of_speed, issuer__in=sorted(peers), lane=lane, reply_by__gt=since)
        return found

    @property
    def has_any(self) -> bool:
        """Tell whether any lane is suspended with anybody."""
        return any(one.suspended for one in self.agreements)

    def _stopped(self) -> dict[tuple[str, str, datetime], set[str]]:
        """Return with whom a lane is suspended, by lane, speed (flash or any other) and time."""
        found = defaultdict[tuple[str, str, datetime], set[str]](set)
        stops = [(one, stop) for one in self.agreements for stop in one.suspended]
        pairs = {
            (peer, stop.lane)
            for one, stop in stops
            for peer in (one.parties if stop.agency == self.agency else (stop.agency,))
        }
        for peer, lane in pairs:
            for pri in (FLASH, ROUTINE):
                if (since := self.since(peer, lane, pri)) is not None:
                    found[lane, pri, since].add(peer)
        return found


def suspensions_of(agency_id: str, *, now: datetime) -> Suspensions:
    """Return what is known of the agency's suspensions now."""
    try:
        kept = kept_agreements(agency_id)
        book = read_book(agency_id)
    except (NotBoundError, SealBrokenError, SecretMissingError):
        return Suspensions(agency_id)
    at = int(now.timestamp())
    in_force = [one for one in kept.agreements if one.until is None or one.until > at] if kept else []
    return Suspensions(agency_id, tuple(_with_own(one, book) for one in in_force))


def _with_own(one: AgreementAnswer, book: Book) -> AgreementAnswer:
    own = [SuspendedLane(stop.lane, book.agency, stop.at) for stop in book.stopped if stop.ref == one.ref]
    return replace(one, suspended=(*one.suspended, *own)) if own else one


def mark_frozen(rows: Iterable[ReceivedAlert], *, now: datetime) -> None:
    """Set on each of these rows of one agency since when the clock of its answer stands still."""
    asked = [row for row in rows if row.reply_by is not None and row.answered_at is None and row.keep > now]
    if not asked:
        return
    known = suspensions_of(asked[0].agency_id, now=now)
    for row in asked:
        row.frozen_since = known.freeze(row.issuer_id, row.lane, row.pri, row.reply_by)
