# SPDX-License-Identifier: Apache-2.0
"""Agreements of an agency by the signed statements that its desk holds, whatever the exchange states of them."""

from accord.agreements import OF_AGREEMENTS, SignedVersion, read_versions
from accord.envelope.statements.form import parse_statement
from peers.models import HeldStatement


def signed_versions(agency_id: str) -> tuple[SignedVersion, ...]:
    """Return every version that names the agency, the oldest first; raises NotBoundError for an altered statement."""
    rows = HeldStatement.objects.filter(reader=agency_id, k__in=OF_AGREEMENTS)
    said = []
    for row in sorted(rows, key=lambda row: (row.log_index is None, row.log_index or row.pk)):
        row.require_bound()
        at = int(row.held_since.timestamp()) if row.log_time is None else row.log_time
        said.append((parse_statement(row.jws.encode()).statement, at))
    return tuple(one for one in read_versions(said) if agency_id in one.parties)
