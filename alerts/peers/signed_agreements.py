# SPDX-License-Identifier: Apache-2.0
"""Agreements of an agency by the signed statements that its desk holds, whatever the exchange states of them."""

from datetime import datetime

from accord.agreements import OF_AGREEMENTS, SignedVersion, read_versions
from accord.envelope.statements.form import parse_statement
from alerts.receiving.signature_judging import statements_that_count


def signed_versions(agency_id: str, *, now: datetime) -> tuple[SignedVersion, ...]:
    """Return every version that names the agency, the oldest first, by statements whose signatures count now.

    Raises NotBoundError for an altered statement.
    """
    rows = statements_that_count(agency_id, OF_AGREEMENTS, now=now)
    said = ((parse_statement(row.jws.encode()).statement, row.stated_at) for row in rows)
    return tuple(one for one in read_versions(said) if agency_id in one.parties)
