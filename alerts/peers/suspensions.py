# SPDX-License-Identifier: Apache-2.0
"""Suspensions in force between an agency and its peers, as its desk knows them, and the clocks of answers that they freeze.

- A lane with a peer is suspended once it is in every agreement that covers the two: by the agency's own sealed book, and by what
  the exchange last stated of the agreements. What is over is not known here: a clock freezes while the suspension lasts.
- The clock of an answer freezes where it was still running when the lane was suspended. What was overdue before stays overdue.
- Where book or agreements were altered past the program, nothing freezes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from accord.calls.agreements import AgreementAnswer
from accord.moments import moment_of
from alerts.models import ReceivedAlert
from alerts.peers.pins import Book, read_book
from callers.errors import NotBoundError
from callers.markings import is_about_life
from peers.agreements import kept_agreements
from vault.errors import SealBrokenError, SecretMissingError


@dataclass(frozen=True)
class Suspensions:
    """Agreements of one agency that are in force, and its book."""

    book: Book
    agreements: tuple[AgreementAnswer, ...] = ()

    def since(self, peer: str, lane: str, pri: str) -> datetime | None:
        """Return since when nothing passes between the two on this lane; None where something does, or nothing ever did."""
        covering = [one for one in self.agreements if peer in one.parties and lane in one.lanes]
        stopped = [min(self._stops(one, peer, lane, pri), default=None) for one in covering]
        times = [at for at in stopped if at is not None]
        return moment_of(max(times)) if times and len(times) == len(stopped) else None

    def freeze(self, peer: str, lane: str, pri: str, due: datetime | None) -> datetime | None:
        """Return since when the clock of an answer that is due then stands still; None while it runs."""
        since = None if due is None else self.since(peer, lane, pri)
        return since if since is not None and due is not None and since < due else None

    def _stops(self, one: AgreementAnswer, peer: str, lane: str, pri: str) -> Iterator[int]:
        if lane in one.survive_lanes or (one.survive_flash and is_about_life(pri, lane)):
            return
        yield from (
            stop.since
            for stop in one.suspended
            if stop.lane == lane and stop.agency in (self.book.agency, peer)
        )
        yield from (stop.at for stop in self.book.stopped if (stop.ref, stop.lane) == (one.ref, lane))


def suspensions_of(agency_id: str, *, now: datetime) -> Suspensions:
    """Return what is known of the agency's suspensions now."""
    try:
        kept = kept_agreements(agency_id)
        book = read_book(agency_id)
    except (NotBoundError, SealBrokenError, SecretMissingError):
        return Suspensions(Book(agency_id))
    at = int(now.timestamp())
    in_force = (one for one in kept.agreements if one.until is None or one.until > at) if kept else ()
    return Suspensions(book, tuple(in_force))


def mark_frozen(rows: Iterable[ReceivedAlert], *, now: datetime) -> None:
    """Set on each of these rows of one agency since when the clock of its answer stands still."""
    asked = [row for row in rows if row.reply_by is not None and row.answered_at is None and row.keep > now]
    if not asked:
        return
    known = suspensions_of(asked[0].agency_id, now=now)
    for row in asked:
        row.frozen_since = known.freeze(row.issuer_id, row.lane, row.pri, row.reply_by)
