# SPDX-License-Identifier: Apache-2.0
"""An agency's own keys as this desk has taken them in, for warnings to its officers.

Processes without a vault read the rows without checking their codes: only who is warned depends on them.
"""

from collections.abc import Iterable
from datetime import datetime

from accord.envelope.keysets import Keyset, newest_in_force
from accord.envelope.statements.form import parse_statement
from accord.following.pinned import read_record
from callers.endings import Ending, endings_in, soonest_first
from peers.memory import keyset_record
from peers.models import PeerKeyset, PeerRevocation


def endings_of(agencies: Iterable[str], *, now: datetime) -> list[Ending]:
    """List what ends soon of these agencies' keysets in force, soonest first."""
    return soonest_first(ending for agency in agencies for ending in endings_by(agency, now=now))


def endings_by(agency_id: str, *, now: datetime) -> list[Ending]:
    """List the endings of one agency; raises MalformedError for a row that cannot be read."""
    keyset = _in_force(agency_id, now)
    return list(endings_in(keyset, _revoked(agency_id), now)) if keyset else []


def _in_force(agency_id: str, now: datetime) -> Keyset | None:
    rows = PeerKeyset.objects.filter(reader=agency_id, peer=agency_id)
    return newest_in_force([read_record(keyset_record(row)) for row in rows], int(now.timestamp()))


def _revoked(agency_id: str) -> set[str]:
    said = PeerRevocation.objects.filter(reader=agency_id, peer=agency_id).values_list("jws", flat=True)
    return {parse_statement(jws.encode()).statement.body["kid"] for jws in said}
