# SPDX-License-Identifier: Apache-2.0
"""The facts that policy decides on: agencies, the agreements in force between them, suspended lanes; three queries.

Take the issuers' locks (`sharing.locks`) before reading facts for a decision that is stored.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

# Raw SQL, since intake asks all for every envelope under the issuer's lock.
_AGENCIES: Final = "SELECT id, name, country, kind, status, custody, timezone FROM agencies_agency"
# The newest begun version in force of every agreement that ever had one of the agencies as a party.
_VERSIONS: Final = """
SELECT DISTINCT ON (agreement.ref)
    version.id, agreement.ref, version.ceiling, version.purposes, version.until,
    ARRAY(SELECT lane FROM sharing_agreementlane WHERE version_id = version.id),
    ARRAY(SELECT agency_id FROM sharing_agreementparty WHERE version_id = version.id AND left_at IS NULL),
    version.survive_lanes, version.survive_flash, version.emergency
FROM sharing_agreementversion AS version
JOIN sharing_agreement AS agreement ON agreement.id = version.agreement_id
WHERE version.nbf <= %s AND version.in_force_at IS NOT NULL AND agreement.id IN (
    SELECT theirs.agreement_id FROM sharing_agreementparty AS party
    JOIN sharing_agreementversion AS theirs ON theirs.id = party.version_id WHERE party.agency_id = ANY(%s)
)
ORDER BY agreement.ref, version.number DESC
"""
_SUSPENSIONS: Final = """
SELECT agency_id, peer_id, lane, suspended_at FROM sharing_lanesuspension
WHERE lifted_at IS NULL AND (agency_id = ANY(%s) OR peer_id = ANY(%s))
"""


@dataclass(frozen=True)
class AgencyFacts:
    """One agency as the directory shows it."""

    id: str
    name: str
    country: str
    kind: str
    status: str
    custody: str
    timezone: str


@dataclass(frozen=True)
class VersionFacts:
    """The current version of an agreement; it may have ended."""

    id: int
    ref: str
    ceiling: str
    purposes: frozenset[str]
    until: datetime | None
    lanes: frozenset[str]
    parties: frozenset[str]
    survive_lanes: frozenset[str]
    survive_flash: bool
    emergency: bool


@dataclass(frozen=True)
class Facts:
    """The facts for a set of decisions.

    `versions` gives, for issuer and recipient, the agreements that join them; `suspended`, for agency, peer and lane, since when.
    """

    agencies: Mapping[str, AgencyFacts]
    versions: Mapping[tuple[str, str], Sequence[VersionFacts]]
    suspended: Mapping[tuple[str, str, str], datetime]

    def between(self, issuer: str, recipient: str) -> Sequence[VersionFacts]:
        """Return the agreements that join two agencies, by their name."""
        return self.versions.get((issuer, recipient), ())

    def is_suspended(self, one: str, other: str, lane: str) -> bool:
        """Tell whether either of the two suspends the lane with the other."""
        return (one, other, lane) in self.suspended or (other, one, lane) in self.suspended


def read_facts(issuers: Collection[str], recipients: Collection[str] | None, *, now: datetime) -> Facts:
    """Read the facts for decisions from `issuers` to `recipients`; `None` reads the whole directory."""
    asking = list(issuers)
    versions = [VersionFacts(*map(_fact, row)) for row in _rows(_VERSIONS, [now, asking])]
    agencies = _agencies(None if recipients is None else {*issuers, *recipients})
    return Facts(
        agencies=agencies,
        versions=_by_pair(versions, issuers, agencies.keys() if recipients is None else recipients),
        suspended={row[:3]: row[3] for row in _rows(_SUSPENSIONS, [asking, asking])},
    )


def _rows(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _agencies(ids: Collection[str] | None) -> dict[str, AgencyFacts]:
    rows = _rows(_AGENCIES, []) if ids is None else _rows(f"{_AGENCIES} WHERE id = ANY(%s)", [list(ids)])
    return {row[0]: AgencyFacts(*row) for row in rows}


def _fact(column: Any) -> Any:
    return frozenset(column) if isinstance(column, list) else column


def _by_pair(
    versions: Iterable[VersionFacts], issuers: Collection[str], recipients: Collection[str]
) -> Mapping[tuple[str, str], Sequence[VersionFacts]]:
    found: defaultdict[tuple[str, str], list[VersionFacts]] = defaultdict(list)
    for version in versions:
        reached = version.parties.intersection(recipients)
        for issuer in version.parties.intersection(issuers):
            for recipient in reached:
                found[issuer, recipient].append(version)
    return found
