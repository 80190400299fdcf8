# SPDX-License-Identifier: Apache-2.0
"""Suspensions between an agency and its peers, by the signed statements of both, and the clocks of answers that they stop.

- A suspension is of a lane and a pair. Nothing passes on the lane while either of the two suspends it, but what survives by an
  agreement in force.
- Statements count in the order of the ledger, by the present worth of their signatures; one of the agency that waits for the
  exchange comes last.
- How a clock stands still, and when it runs on, is said in `accord.suspensions`. What was overdue before stays overdue.
- Where statements or agreements were altered past the program, no clock stops.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from accord.moments import moment_of, moment_or_none
from accord.suspensions import RESUME, SUSPEND, KnownSuspensions, SaidOfLanes, Suspension, read_suspensions
from alerts.models import Alert, ReceivedAlert
from alerts.peers.signed_agreements import signed_versions
from alerts.receiving.signature_judging import statements_that_count
from callers.errors import NotBoundError
from peers.agreements import kept_agreements
from peers.sent import Sent
from vault.errors import SecretMissingError

FLASH: Final = "flash"
ROUTINE: Final = "routine"


@dataclass(frozen=True)
class AnswerClock:
    """Time by which an answer is due as it counts, and since when a suspension holds it back, as `accord.suspensions.Clock`.

    `stopped_by`: which of the two agencies suspend the lane then.
    """

    due: datetime
    suspended_since: datetime | None = None
    runs: bool = True
    stopped_by: tuple[str, ...] = ()

    @property
    def frozen_since(self) -> datetime | None:
        """Moment since which it stands still; None while it runs."""
        return None if self.runs else self.suspended_since

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether the answer could have been given in time and was not."""
        return self.due <= now and self.suspended_since is None


class Suspensions(KnownSuspensions):
    """Knowledge of the suspensions between one agency and its peers, in moments."""

    def since(self, peer: str, lane: str, pri: str) -> datetime | None:
        """Return since when nothing of this speed passes between the two on this lane; None where something does."""
        return moment_or_none(self.suspended_since(peer, lane, pri))

    def stopped_by(self, peer: str, lane: str) -> tuple[str, ...]:
        """Return which of the two have suspended the lane and not resumed it."""
        lasting = (one for one in self.stated if one.until is None and one.lane == lane)
        return tuple(sorted(one.agency for one in lasting if one.other(self.reader) == peer))

    def clock_of(
        self, peer: str, lane: str, pri: str, *, due: datetime, came: datetime, keep: datetime | None
    ) -> AnswerClock:
        """Return the clock of an answer between the two; as `clock`."""
        found = self.clock(
            peer,
            lane,
            pri,
            due=int(due.timestamp()),
            came=int(came.timestamp()),
            keep=None if keep is None else int(keep.timestamp()),
        )
        # A time that nothing moved keeps what a row may have below a second.
        moved = due if found.due == int(due.timestamp()) else moment_of(found.due)
        since = moment_or_none(found.suspended_since)
        return AnswerClock(moved, since, found.runs, self.stopped_by(peer, lane) if since else ())

    @property
    def held(self) -> Q:
        """Condition for received alerts: the answer was not due when the lane was suspended, which still is."""
        found = Q(pk__in=())
        for (lane, pri, since), peers in self._stopped().items():
            of_speed = Q(pri=FLASH) if pri == FLASH else ~Q(pri=FLASH)
            found |= Q(of_speed, issuer__in=sorted(peers), lane=lane, answer_by__gt=since)
        return found

    @property
    def lanes(self) -> frozenset[str]:
        """Lanes that are suspended with anybody."""
        return frozenset(one.lane for one in self.stated if one.until is None)

    def _stopped(self) -> dict[tuple[str, str, datetime], set[str]]:
        """Return with whom a lane is suspended, by lane, speed (flash or any other) and time."""
        found = defaultdict[tuple[str, str, datetime], set[str]](set)
        for peer, lane in {(one.other(self.reader), one.lane) for one in self.stated if one.until is None}:
            for pri in (FLASH, ROUTINE):
                if (since := self.since(peer, lane, pri)) is not None:
                    found[lane, pri, since].add(peer)
        return found


def suspensions_of(agency_id: str, *, now: datetime) -> Suspensions:
    """Return what is known of the agency's suspensions; without one no agreement is read."""
    try:
        stated = stated_suspensions(agency_id, now=now)
        if not stated:
            return Suspensions(agency_id)
        kept, versions = kept_agreements(agency_id), signed_versions(agency_id, now=now)
    except (NotBoundError, SecretMissingError):
        return Suspensions(agency_id)
    at = int(now.timestamp())
    in_force = (one for one in kept.agreements if one.until is None or one.until > at) if kept else ()
    return Suspensions(agency_id, tuple(in_force), stated, versions)


def stated_suspensions(agency_id: str, *, now: datetime) -> tuple[Suspension, ...]:
    """Return the suspensions that the agency and its peers have stated, by statements whose signatures count now.

    Raises NotBoundError for an altered statement.
    """
    rows = statements_that_count(agency_id, (SUSPEND, RESUME), now=now)
    return read_suspensions(agency_id, (SaidOfLanes(row.k, row.iss, row.body, row.stated_at) for row in rows))


def mark_clocks(rows: Iterable[ReceivedAlert], *, now: datetime) -> None:
    """Set on each of these rows of one agency whether a suspension holds its answer back, since when and whose."""
    asked = [row for row in rows if row.reply_by is not None and row.answered_at is None and row.keep > now]
    if not asked:
        return
    known = suspensions_of(asked[0].agency_id, now=now)
    for row in asked:
        clock = clock_of_received(row, known)
        row.suspended_since, row.runs_on, row.stopped_by = clock.suspended_since, clock.runs, clock.stopped_by


def clock_of_sent(alert: Alert, sent: Sent, recipient: str, known: Suspensions) -> AnswerClock | None:
    """Return the clock of a recipient's answer to an own question; None where nothing is asked."""
    if sent.reply_by is None:
        return None
    came = alert.logged_at or alert.released_at or sent.reply_by
    return known.clock_of(recipient, alert.lane, alert.pri, due=sent.reply_by, came=came, keep=sent.keep)


def clock_of_received(row: ReceivedAlert, known: Suspensions) -> AnswerClock:
    """Return the clock of the answer to a question."""
    assert row.reply_by is not None
    return known.clock_of(
        row.issuer_id, row.lane, row.pri, due=row.reply_by, came=row.logged_at, keep=row.keep
    )
