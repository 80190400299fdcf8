# SPDX-License-Identifier: Apache-2.0
"""What policy is decided on: agencies, the agreements in force between them, suspended lanes; three queries.

Whoever stores a decision holds the issuers' locks (`sharing.locks`) before reading.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from agencies.models import Agency
from sharing.models import AgreementLane, AgreementParty, AgreementVersion, LaneSuspension


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
    """The version of an agreement that counts now, perhaps ended."""

    id: int
    agreement: int
    ref: str
    ceiling: str
    purposes: frozenset[str]
    until: datetime | None
    lanes: frozenset[str]
    parties: frozenset[str]
    survive_lanes: frozenset[str]
    survive_flash: bool


@dataclass(frozen=True)
class Facts:
    """All that a set of decisions needs; `suspended` holds (agreement, lane, agency)."""

    agencies: Mapping[str, AgencyFacts]
    versions: Mapping[str, tuple[VersionFacts, ...]]
    suspended: Collection[tuple[int, str, str]]

    def between(self, issuer: str, recipient: str) -> list[VersionFacts]:
        """The agreements that join two agencies, by their name."""
        return [version for version in self.versions.get(issuer, ()) if recipient in version.parties]


def read_facts(issuers: Collection[str], recipients: Collection[str] | None, *, now: datetime) -> Facts:
    """Facts for decisions from `issuers` to `recipients`; `None` reads the whole directory."""
    versions = _versions_of(issuers, now)
    return Facts(
        agencies=_agencies(None if recipients is None else {*issuers, *recipients}),
        versions=_by_party(versions, issuers),
        suspended=_suspended({version.agreement for version in versions}),
    )


def _agencies(ids: Collection[str] | None) -> dict[str, AgencyFacts]:
    rows = Agency.objects.all() if ids is None else Agency.objects.filter(pk__in=ids)
    columns = ("id", "name", "country", "kind", "status", "custody", "timezone")
    return {row["id"]: AgencyFacts(**row) for row in rows.values(*columns)}


def _versions_of(issuers: Collection[str], now: datetime) -> list[VersionFacts]:
    """Of every agreement that ever had one of the issuers as a party, the newest version that has begun."""
    theirs = AgreementParty.objects.filter(agency_id__in=issuers).values("version__agreement_id")
    begun = AgreementVersion.objects.filter(agreement_id__in=theirs, nbf__lte=now)
    rows = begun.annotate(
        party_ids=ArraySubquery(AgreementParty.objects.filter(version=OuterRef("pk")).values("agency_id")),
        lane_names=ArraySubquery(AgreementLane.objects.filter(version=OuterRef("pk")).values("lane")),
    ).select_related("agreement")
    newest = {row.agreement_id: row for row in rows.order_by("agreement__ref", "number")}
    return [_facts_of(row, row.party_ids, row.lane_names) for row in newest.values()]


def _facts_of(row: AgreementVersion, parties: list[str], lanes: list[str]) -> VersionFacts:
    return VersionFacts(
        id=row.pk,
        agreement=row.agreement_id,
        ref=row.agreement.ref,
        ceiling=row.ceiling,
        purposes=frozenset(row.purposes),
        until=row.until,
        lanes=frozenset(lanes),
        parties=frozenset(parties),
        survive_lanes=frozenset(row.survive_lanes),
        survive_flash=row.survive_flash,
    )


def _by_party(versions: list[VersionFacts], issuers: Collection[str]) -> dict[str, tuple[VersionFacts, ...]]:
    by_party: defaultdict[str, list[VersionFacts]] = defaultdict(list)
    for version in versions:
        for agency in version.parties.intersection(issuers):
            by_party[agency].append(version)
    return {agency: tuple(found) for agency, found in by_party.items()}


def _suspended(agreements: Collection[int]) -> frozenset[tuple[int, str, str]]:
    rows = LaneSuspension.objects.filter(agreement_id__in=agreements, lifted_at__isnull=True)
    return frozenset(rows.values_list("agreement_id", "lane", "agency_id"))
