# SPDX-License-Identifier: Apache-2.0
"""Read an agency's agreements in their current versions, and the circles it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from callers.actors import Actor
from sharing.models import Agreement, AgreementVersion, Circle


@dataclass(frozen=True)
class AgreementFacts:
    """The newest version in force that has begun. `od` is the digest of its proposal, empty where the operator recorded it.

    An empty `purposes` allows every purpose. `until` is None for no end, and may have passed.
    """

    ref: str
    title: str
    version: int
    od: str
    parties: Sequence[str]
    lanes: Sequence[str]
    ceiling: str
    purposes: Sequence[str]
    nbf: datetime
    until: datetime | None
    survive_lanes: Sequence[str]
    survive_flash: bool
    emergency: bool


@dataclass(frozen=True)
class CircleFacts:
    """A named group under one agreement; `since` is when it was recorded, or its members last changed."""

    name: str
    agreement: str
    members: Sequence[str]
    since: datetime


def list_agreements(actor: Actor, *, now: datetime) -> list[AgreementFacts]:
    """Return the agreements whose current version names the actor's agency as a party, ordered by ref."""
    begun = AgreementVersion.objects.filter(nbf__lte=now, in_force_at__isnull=False).order_by("-number")
    rows = Agreement.objects.visible_to(actor).prefetch_related(
        Prefetch("versions", begun.prefetch_related("parties", "lanes"), to_attr="begun"),
    )
    facts = [_facts_of(row, row.begun[0]) for row in rows.order_by("ref") if row.begun]  # type: ignore[attr-defined]
    return [fact for fact in facts if actor.agency_id in fact.parties]


def list_circles(actor: Actor, *, now: datetime) -> list[CircleFacts]:
    """Return the circles that the actor's agency is a member of, ordered by name.

    A member who left the agreement, or whom its next version leaves out, is out of its circles at once.
    """
    parties = {fact.ref: set(fact.parties) for fact in list_agreements(actor, now=now)}
    rows = Circle.objects.visible_to(actor).select_related("agreement").prefetch_related("members")
    return [
        CircleFacts(
            row.name,
            row.agreement.ref,
            sorted(parties[row.agreement.ref].intersection(member.pk for member in row.members.all())),
            row.recorded_at,
        )
        for row in rows.order_by("name")
        if row.agreement.ref in parties
    ]


def _facts_of(row: Agreement, version: AgreementVersion) -> AgreementFacts:
    return AgreementFacts(
        ref=row.ref,
        title=row.title,
        version=version.number,
        od=version.od,
        parties=sorted(party.agency_id for party in version.parties.all() if party.left_at is None),
        lanes=sorted(lane.lane for lane in version.lanes.all()),
        ceiling=version.ceiling,
        purposes=version.purposes,
        nbf=version.nbf,
        until=version.until,
        survive_lanes=version.survive_lanes,
        survive_flash=version.survive_flash,
        emergency=version.emergency,
    )
