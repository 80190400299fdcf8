# SPDX-License-Identifier: Apache-2.0
"""Agreements of the agency as its officers see them: the exchange's answers, and the suspensions that the agency and its peers
have stated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from accord.calls.agreements import AgreementAnswer, CircleAnswer
from accord.moments import moment_of, moment_or_none
from accord.suspensions import Suspension
from alerts.access import agency_of
from alerts.peers.agreements import known_agreements
from alerts.peers.lanes import known_suspensions
from callers.capabilities import Capability, require
from callers.closed_lists import Lane
from callers.errors import AbsentError
from officers.models import Officer
from peers.models import Agency


@dataclass(frozen=True)
class Stop:
    """Suspension of a lane between the officer's agency and `peer`. `is_own`: by the officer's agency."""

    agency: str
    name: str
    peer: str
    peer_name: str
    since: datetime
    why: str
    is_own: bool


@dataclass(frozen=True)
class LaneRow:
    """Lane of an agreement; `stopped` lists its suspensions, `others` the agencies with which it joins the officer's."""

    code: str
    label: str | Promise
    survives: bool
    others: tuple[str, ...]
    stopped: tuple[Stop, ...]

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """Names of the agencies that have suspended it, each once."""
        return tuple(dict.fromkeys(stop.name for stop in self.stopped))

    @property
    def own_stops(self) -> frozenset[str]:
        """Agencies with which the officer's agency has suspended it."""
        return frozenset(stop.peer for stop in self.stopped if stop.is_own)

    @property
    def is_open(self) -> bool:
        """Tell whether something may pass on it, with one agency at least."""
        return len({stop.peer for stop in self.stopped}) < len(self.others)


@dataclass(frozen=True)
class AgreementShown:
    """Agreement of the officer's agency and its present state; names of agencies are sorted, `others` are ids and names."""

    said: AgreementAnswer
    lanes: tuple[LaneRow, ...]
    parties: tuple[str, ...]
    others: tuple[tuple[str, str], ...]
    circles: tuple[tuple[str, str], ...]
    begins: datetime
    until: datetime | None
    is_ended: bool

    @property
    def ref(self) -> str:
        """Reference of the agreement on paper."""
        return self.said.ref

    @property
    def survives_flash(self) -> bool:
        """Tell whether danger to life passes a suspension: where it is agreed, and the lane that it goes on is, too."""
        return self.said.survive_flash and Lane.PUBLIC_HEALTH in {row.code for row in self.lanes}

    def lanes_to(self, verb: str) -> list[LaneRow]:
        """Return the lanes that the agency can suspend or resume now."""
        if verb == "resume":
            return [row for row in self.lanes if row.own_stops]
        return [row for row in self.lanes if not row.survives and len(row.own_stops) < len(self.others)]

    def agencies_to(self, verb: str) -> list[tuple[str, str]]:
        """Return the agencies with which the agency can suspend or resume a lane now: ids and names."""
        lanes = self.lanes_to(verb)
        if verb == "resume":
            return [one for one in self.others if any(one[0] in row.own_stops for row in lanes)]
        return [one for one in self.others if any(one[0] not in row.own_stops for row in lanes)]


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
    stops = [one for one in known_suspensions(own.pk, now=now) if one.until is None]
    named = {agency for one in kept.agreements for agency in one.parties}
    named |= {member for circle in kept.circles for member in circle.members}
    names = dict(Agency.objects.filter(pk__in=named).values_list("pk", "name"))
    return [_shown(own.pk, stops, one, kept.circles, names, now) for one in kept.agreements]


def agreement_of(officer: Officer, ref: str, *, now: datetime) -> AgreementShown:
    """Return the agreement with this ref; raises as `agreements_of`, and AbsentError."""
    found = [one for one in agreements_of(officer, now=now) if one.ref == ref]
    if not found:
        raise AbsentError
    return found[0]


def _shown(
    own: str,
    stops: Sequence[Suspension],
    said: AgreementAnswer,
    circles: tuple[CircleAnswer, ...],
    names: Mapping[str, str],
    now: datetime,
) -> AgreementShown:
    until = moment_or_none(said.until)
    others = sorted((names.get(party, party), party) for party in said.parties if party != own)
    return AgreementShown(
        said,
        tuple(_lane(own, stops, said, lane, names) for lane in said.lanes),
        _named(said.parties, names),
        tuple((party, name) for name, party in others),
        tuple(
            (circle.name, "; ".join(_named(circle.members, names)))
            for circle in circles
            if circle.agreement == said.ref
        ),
        moment_of(said.nbf),
        until,
        until is not None and until <= now,
    )


def _lane(
    own: str, stops: Sequence[Suspension], said: AgreementAnswer, lane: str, names: Mapping[str, str]
) -> LaneRow:
    others = tuple(party for party in said.parties if party != own)
    survives = lane in said.survive_lanes
    shown = (
        _stop(own, one, names)
        for one in stops
        if one.lane == lane and not survives and one.other(own) in others
    )
    label = Lane(lane).label if lane in Lane.values else lane
    stopped = tuple(sorted(shown, key=lambda stop: (stop.peer_name, not stop.is_own)))
    return LaneRow(lane, label, survives, others, stopped)


def _stop(own: str, one: Suspension, names: Mapping[str, str]) -> Stop:
    peer = one.other(own)
    return Stop(
        one.agency,
        names.get(one.agency, one.agency),
        peer,
        names.get(peer, peer),
        moment_of(one.since),
        one.why or "",
        one.agency == own,
    )


def _named(agencies: "tuple[str, ...] | list[str]", names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(names.get(agency, agency) for agency in agencies))
