# SPDX-License-Identifier: Apache-2.0
"""Agreements of this agency by the signed statements that its home has verified."""

from __future__ import annotations

from accord.agreements import OF_AGREEMENTS, SignedVersion, read_versions
from accord.client.session import Act
from accord.envelope.statements.form import parse_statement
from accord.following.judging import counts


def list_versions(act: Act) -> tuple[SignedVersion, ...]:
    """Return every version that names this agency, the oldest first; what a stolen key signed does not count."""
    records = [
        record
        for record in act.state.statements.values()
        if record.k in OF_AGREEMENTS and (record.iss == act.agency or counts(act, record))
    ]
    ordered = sorted(records, key=lambda record: (record.log_time, record.index or 0))
    said = [(parse_statement((row.jws or "").encode()).statement, row.log_time) for row in ordered]
    return tuple(one for one in read_versions(said) if act.agency in one.parties)
