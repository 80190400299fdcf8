# SPDX-License-Identifier: Apache-2.0
"""Agreements that their parties have signed, read from verified statements `agreement`, `accept` and `leave`.

A version is proposed by one party, who accepts by it; agreed once every party has accepted that same statement, and in force from
its beginning on. Until then the version before it stays in force. One refusal, of its proposer too, its end, or another version
that was agreed meanwhile ends a proposal.

::

    proposed --accept, by the last party--> agreed --its beginning--> in force --the next one's beginning--> replaced
    proposed --refuse--> refused
    proposed --another version agreed--> replaced
    proposed | in force --its end--> ended
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from accord.envelope.statements.form import Statement, SubjectRef

AGREEMENT: Final = "agreement"
ACCEPT: Final = "accept"
LEAVE: Final = "leave"
OF_AGREEMENTS: Final = (AGREEMENT, ACCEPT, LEAVE)


class VersionState(StrEnum):
    """State of one version of an agreement."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    REPLACED = "replaced"
    ENDED = "ended"


@dataclass
class SignedVersion:
    """One version of an agreement; times in seconds. `accepted`, `refused` and `left` hold when each party said so.

    `replaced_at` is when another version takes its place, None while none does.
    """

    statement: Statement
    proposed_at: int
    accepted: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    replaced_at: int | None = None

    @property
    def od(self) -> str:
        """Digest of the proposal."""
        return self.statement.od

    @property
    def ref(self) -> str:
        """Reference of the agreement."""
        return str(self.body["ref"])

    @property
    def body(self) -> Mapping[str, Any]:
        """Terms, as section 8 of the specification names them."""
        return self.statement.body

    @property
    def subject(self) -> SubjectRef:
        """Reference to the proposal, for statements about it."""
        return self.statement.ref

    @property
    def until(self) -> int:
        """Its end."""
        assert self.statement.exp is not None
        return self.statement.exp

    @property
    def begins(self) -> int:
        """Moment from which it is in force, if every party has accepted it by now."""
        return max(int(self.body["nbf"]), *self.accepted.values())

    @property
    def parties(self) -> frozenset[str]:
        """Agencies that it names."""
        return frozenset(self.body["parties"])

    @property
    def is_signed(self) -> bool:
        """Tell whether every party has accepted it."""
        return self.accepted.keys() == self.parties

    def state(self, now: int) -> VersionState:
        """Return its state at this time."""
        if self.refused:
            return VersionState.REFUSED
        if self.replaced_at is not None and self.replaced_at <= now:
            return VersionState.REPLACED
        if self.until <= now:
            return VersionState.ENDED
        if not self.is_signed:
            return VersionState.PROPOSED
        return VersionState.IN_FORCE if self.begins <= now else VersionState.AGREED

    def covers(self, agencies: Iterable[str], lane: str, at: int) -> bool:
        """Tell whether it was in force at this time, which may be past, on this lane and between these agencies."""
        stayed = {one for one in self.parties if self.left.get(one, at + 1) > at}
        is_agreed = lane in self.body["lanes"] and stayed.issuperset(agencies)
        return is_agreed and self.state(at) == VersionState.IN_FORCE

    @property
    def unanswered(self) -> frozenset[str]:
        """Parties that have neither accepted nor refused it."""
        return self.parties - self.accepted.keys() - self.refused.keys()

    @property
    def is_taken_back(self) -> bool:
        """Tell whether its proposer has refused it."""
        return self.statement.iss in self.refused

    def may_refuse(self, agency: str, now: int) -> bool:
        """Tell whether this agency may end it: while it is proposed each party may, whatever it has said before."""
        return self.state(now) == VersionState.PROPOSED and agency in self.parties

    def waits_for(self, agency: str, now: int) -> bool:
        """Tell whether this agency has to accept or refuse it."""
        return self.may_refuse(agency, now) and agency not in self.accepted


def read_versions(said: Iterable[tuple[Statement, int]]) -> tuple[SignedVersion, ...]:
    """Return every version that these statements propose, in their order; each statement with its time, in the ledger's order.

    Answers are read after all proposals: an own one that waits for its receipt is timed as signed.
    """
    stated = list(said)
    proposed = ((one, at) for one, at in stated if one.k == AGREEMENT)
    found = {one.od: SignedVersion(one, at, {one.iss: at}) for one, at in proposed}
    for statement, at in stated:
        version = found.get(statement.sub.d) if statement.sub else None
        if version is not None and statement.iss in version.parties:
            _apply(version, statement, at, found.values())
    return tuple(found.values())


def _apply(version: SignedVersion, statement: Statement, at: int, versions: Iterable[SignedVersion]) -> None:
    if statement.k == LEAVE:
        for other in versions:
            if other.ref == version.ref and other.is_signed and statement.iss in other.parties:
                other.left.setdefault(statement.iss, at)
        return
    if version.state(at) != VersionState.PROPOSED:
        return
    if statement.body["st"] == "refuse":
        version.refused[statement.iss] = at
        return
    version.accepted.setdefault(statement.iss, at)
    if version.is_signed:
        for other in versions:
            if other.ref == version.ref and _is_before(other, version):
                over = version.begins if other.is_signed else at
                other.replaced_at = min(over, other.replaced_at or over)


def _is_before(one: SignedVersion, other: SignedVersion) -> bool:
    """Tell whether another version of its agreement takes the place of this one: of an earlier one, or one beside it."""
    return one.od != other.od and one.body["ver"] <= other.body["ver"]


def newest_agreed(versions: Iterable[SignedVersion], ref: str, now: int) -> SignedVersion | None:
    """Return the newest version of this agreement that is agreed or in force; what parties propose next follows it."""
    standing = (VersionState.AGREED, VersionState.IN_FORCE)
    found = [one for one in versions if one.ref == ref and one.state(now) in standing]
    return max(found, key=lambda one: one.body["ver"], default=None)
