# SPDX-License-Identifier: Apache-2.0
"""Agreements of the agency as its officers see them: the exchange's answers, and what the agency itself has suspended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from accord.calls.agreements import AgreementAnswer, CircleAnswer
from accord.moments import moment_of, moment_or_none
from alerts.access import agency_of
from alerts.peers.agreements import known_agreements
from alerts.peers.pins import Book, read_book
from callers.capabilities import Capability, require
from callers.closed_lists import Lane
from callers.errors import AbsentError
from officers.models import Officer
from peers.models import Agency


@dataclass(frozen=True)
class Stop:
    """Suspension of a lane by one agency. `is_own`: by the officer's agency."""

    agency: str
    name: str
    since: datetime
    is_own: bool


@dataclass(frozen=True)
class LaneRow:
    """Lane of an agreement; `stopped` lists its suspensions."""

    code: str
    label: str | Promise
    survives: bool
    stopped: tuple[Stop, ...]

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """Names of the agencies that have suspended it."""
        return tuple(stop.name for stop in self.stopped)

    @property
    def is_stopped_by_own(self) -> bool:
        """Tell whether the officer's agency has suspended it."""
        return any(stop.is_own for stop in self.stopped)


@dataclass(frozen=True)
class AgreementShown:
    """Agreement of the officer's agency and its present state; names of agencies are sorted."""

    said: AgreementAnswer
    lanes: tuple[LaneRow, ...]
    parties: tuple[str, ...]
    others: tuple[str, ...]
    circles: tuple[tuple[str, str], ...]
    begins: datetime
    until: datetime | None
    is_ended: bool

    @property
    def ref(self) -> str:
        """Reference of the agreement on paper."""
        return self.said.ref

    def lanes_to(self, verb: str) -> list[LaneRow]:
        """Return the lanes that the agency can suspend or resume now."""
        if verb == "resume":
            return [row for row in self.lanes if row.is_stopped_by_own]
        return [row for row in self.lanes if not row.survives and not row.is_stopped_by_own]


def circles_of(officer: Officer, *, now: datetime) -> tuple[CircleAnswer, ...]:
    """Return the circles of the officer's agency. Not inside a transaction; raises as `agreements_of`."""
    require(officer, Capability.AGREEMENT_READ)
    own = agency_of(officer)
    return known_agreements(officer, own.pk, now=now).circles


def agreements_of(officer: Officer, *, now: datetime) -> list[AgreementShown]:
    """Return every agreement of the officer's agency, by ref. Not inside a transaction.

    Raises NotPermittedError, NotBoundError, ExchangeAwayError where none were fetched yet.
    """
    require(officer, Capability.AGREEMENT_READ)
    own = agency_of(officer)
    kept = known_agreements(officer, own.pk, now=now)
    book = read_book(own.pk)
    named = {agency for one in kept.agreements for agency in one.parties}
    named |= {member for circle in kept.circles for member in circle.members}
    names = dict(Agency.objects.filter(pk__in=named).values_list("pk", "name"))
    return [_shown(book, one, kept.circles, names, now) for one in kept.agreements]


def agreement_of(officer: Officer, ref: str, *, now: datetime) -> AgreementShown:
    """Return the agreement with this ref; raises as `agreements_of`, and AbsentError."""
    found = [one for one in agreements_of(officer, now=now) if one.ref == ref]
    if not found:
        raise AbsentError
    return found[0]


def _shown(
    book: Book,
    said: AgreementAnswer,
    circles: tuple[CircleAnswer, ...],
    names: Mapping[str, str],
    now: datetime,
) -> AgreementShown:
    until = moment_or_none(said.until)
    others = [party for party in said.parties if party != book.agency]
    return AgreementShown(
        said,
        tuple(_lane(book, said, lane, names) for lane in said.lanes),
        _named(said.parties, names),
        _named(others, names),
        tuple(
            (circle.name, "; ".join(_named(circle.members, names)))
            for circle in circles
            if circle.agreement == said.ref
        ),
        moment_of(said.nbf),
        until,
        until is not None and until <= now,
    )


def _lane(book: Book, said: AgreementAnswer, lane: str, names: Mapping[str, str]) -> LaneRow:
    """Return the lane, with the agency's own suspension even where the exchange's answer lacks it."""
    since = {stop.agency: stop.since for stop in said.suspended if stop.lane == lane}
    for stop in book.stopped:
        if (stop.ref, stop.lane) == (said.ref, lane):
            since[book.agency] = stop.at
    stops = tuple(
        Stop(agency, names.get(agency, agency), moment_of(since[agency]), agency == book.agency)
        for agency in sorted(since)
    )
    label = Lane(lane).label if lane in Lane.values else lane
    return LaneRow(lane, label, lane in said.survive_lanes, stops)


def _named(agencies: "tuple[str, ...] | list[str]", names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(names.get(agency, agency) for agency in agencies))
