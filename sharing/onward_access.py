# SPDX-License-Identifier: Apache-2.0
"""Access by releases onward: the chain of releases by which an agency has an envelope, and whether it still gives access.

It ends with the earliest end of the chain, or with an `unrelease` of any release in it that counts now.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from accord.envelope.releases import UNRELEASE
from accord.envelope.worth import has_force
from sharing.models import Envelope, Release, Statement
from sharing.policy import Onward
from sharing.signatures import judge_signed, signed_statements

Chain = Sequence[Release]
"""Releases of one envelope, oldest first; each but the first names the one before it."""


def chains_to(ods: Collection[str]) -> dict[str, Chain]:
    """Return the chain that ends with each of these releases; a query for each step of the longest."""
    rows: dict[str, Release] = {}
    wanted = set(ods)
    while wanted:
        found = Release.objects.in_bulk(wanted)
        rows |= found
        wanted = {row.parent_id for row in found.values() if row.parent_id} - rows.keys()
    return {od: _chain(rows, od) for od in ods}


def _chain(rows: Mapping[str, Release], od: str) -> Chain:
    chain = [rows[od]]
    while (parent := chain[0].parent_id) is not None:
        chain.insert(0, rows[parent])
    return chain


def withdrawn_releases(ods: Collection[str], *, now: datetime) -> set[str]:
    """Return those of these releases with an `unrelease` that counts now; one that waits for the ledger counts at once."""
    said = list(Statement.objects.filter(k=UNRELEASE, sub_d__in=ods).defer("jws")) if ods else []
    worth = judge_signed(signed_statements(said), now=now)
    return {row.sub_d for row in said if has_force(worth.get(row.od))}


def ended_access(chains: Mapping[str, Chain], *, now: datetime) -> set[str]:
    """Return the last releases of those chains that give access no more."""
    withdrawn = withdrawn_releases({row.od for chain in chains.values() for row in chain}, now=now)
    at = int(now.timestamp())
    return {
        od for od, chain in chains.items() if any(row.until <= at or row.od in withdrawn for row in chain)
    }


def releases_after(od: str) -> list[str]:
    """Return a release and all that depend on it."""
    found, newest = [od], [od]
    while newest:
        newest = list(Release.objects.filter(parent_id__in=newest).values_list("pk", flat=True))
        found += newest
    return found


def onward_of(release: Release, originator: str) -> Onward:
    """Return what policy judges of a release."""
    return Onward(release.iss, release.purpose, release.is_emergency, originator)


def reached_before(envelope: Envelope, agencies: Collection[str]) -> set[str]:
    """Return those of these agencies that have, or had, a delivery of the envelope."""
    rows = envelope.deliveries.filter(recipient_id__in=agencies)
    return set(rows.values_list("recipient_id", flat=True))
