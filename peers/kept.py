# SPDX-License-Identifier: Apache-2.0
"""An agency's keys as this desk has taken them in, whichever of its agencies it was: for warnings, and for its own officers.

The agency's own rows count before those of another reader. Processes without a vault read them without their codes: who is
warned is decided by it, nothing else.
"""

from collections.abc import Iterable
from datetime import datetime

from accord.envelope.keysets import Keyset, newest_in_force
from accord.envelope.statements.form import parse_statement
from accord.following.pinned import read_record
from callers.endings import Ending, endings_in, soonest_first
from peers.memory import keyset_record
from peers.models import PeerKeyset, PeerRevocation


def reader_on(agency_id: str) -> str:
    """Name the agency of this desk that has taken in this agency's keys: itself, else the first by id; empty where nobody has."""
    readers = PeerKeyset.objects.filter(peer=agency_id).order_by("reader").values_list("reader", flat=True)
    found = list(readers.distinct())
    return agency_id if agency_id in found else next(iter(found), "")


def endings_of(agencies: Iterable[str], *, now: datetime) -> list[Ending]:
    """List what ends soon of these agencies' keysets in force, soonest first."""
    return soonest_first(ending for agency in agencies for ending in endings_by(agency, now=now))


def endings_by(agency_id: str, *, now: datetime) -> list[Ending]:
    """List the endings of one agency; raises MalformedError for a row that cannot be read."""
    reader = reader_on(agency_id)
    keyset = _in_force(reader, agency_id, now) if reader else None
    return list(endings_in(keyset, _revoked(reader, agency_id), now)) if keyset else []


def _in_force(reader: str, agency_id: str, now: datetime) -> Keyset | None:
    rows = PeerKeyset.objects.filter(reader=reader, peer=agency_id)
    return newest_in_force([read_record(keyset_record(row)) for row in rows], int(now.timestamp()))


def _revoked(reader: str, agency_id: str) -> set[str]:
    said = PeerRevocation.objects.filter(reader=reader, peer=agency_id).values_list("jws", flat=True)
    return {parse_statement(jws.encode()).statement.body["kid"] for jws in said}
