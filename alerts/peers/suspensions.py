# SPDX-License-Identifier: Apache-2.0
"""Suspensions between an agency and its peers, by the signed statements of both, and the clocks of answers that they freeze.

- A suspension is of a lane and a pair. Nothing passes on the lane while either of the two suspends it, but what survives by an
  agreement in force.
- Statements count in the order of the ledger, by the present worth of their signatures; one of the agency that waits for the
  exchange comes last.
- The clock of an answer freezes where it was still running when the lane was suspended. What was overdue before stays overdue.
- Where statements or agreements were altered past the program, nothing freezes.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from accord.calls.agreements import AgreementAnswer
from accord.moments import moment_or_none
from accord.suspensions import RESUME, SUSPEND, SaidOfLanes, Suspension, read_suspensions, suspended_since
from alerts.models import ReceivedAlert
from alerts.receiving.signature_judging import statements_that_count
from callers.errors import NotBoundError
from peers.agreements import kept_agreements
from vault.errors import SecretMissingError

FLASH: Final = "flash"
ROUTINE: Final = "routine"


@dataclass(frozen=True)
class Suspensions:
    """Agreements of one agency that are in force, and every suspension between it and a peer, past and present."""

    agency: str
    agreements: tuple[AgreementAnswer, ...] = ()
    stated: tuple[Suspension, ...] = ()

    def since(self, peer: str, lane: str, pri: str) -> datetime | None:
        """Return since when nothing passes between the two on this lane; None where something does, or nothing ever did."""
        return moment_or_none(
            suspended_since(self.agency, self.stated, self.agreements, peer=peer, lane=lane, pri=pri)
        )

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
        return any(one.until is None for one in self.stated)

    def _stopped(self) -> dict[tuple[str, str, datetime], set[str]]:
        """Return with whom a lane is suspended, by lane, speed (flash or any other) and time."""
        found = defaultdict[tuple[str, str, datetime], set[str]](set)
        for peer, lane in {(one.other(self.agency), one.lane) for one in self.stated if one.until is None}:
            for pri in (FLASH, ROUTINE):
                if (since := self.since(peer, lane, pri)) is not None:
                    found[lane, pri, since].add(peer)
        return found


def suspensions_of(agency_id: str, *, now: datetime) -> Suspensions:
    """Return what is known of the agency's suspensions."""
    try:
        kept, stated = kept_agreements(agency_id), stated_suspensions(agency_id, now=now)
    except (NotBoundError, SecretMissingError):
        return Suspensions(agency_id)
    at = int(now.timestamp())
    in_force = (one for one in kept.agreements if one.until is None or one.until > at) if kept else ()
    return Suspensions(agency_id, tuple(in_force), stated)


def stated_suspensions(agency_id: str, *, now: datetime) -> tuple[Suspension, ...]:
    """Return the suspensions that the agency and its peers have stated, by statements whose signatures count now.

    Raises NotBoundError for an altered statement.
    """
    rows = statements_that_count(agency_id, (SUSPEND, RESUME), now=now)
    return read_suspensions(agency_id, (SaidOfLanes(row.k, row.iss, row.body, row.stated_at) for row in rows))


def mark_frozen(rows: Iterable[ReceivedAlert], *, now: datetime) -> None:
    """Set on each of these rows of one agency since when the clock of its answer stands still."""
    asked = [row for row in rows if row.reply_by is not None and row.answered_at is None and row.keep > now]
    if not asked:
        return
    known = suspensions_of(asked[0].agency_id, now=now)
    for row in asked:
        row.frozen_since = known.freeze(row.issuer_id, row.lane, row.pri, row.reply_by)
