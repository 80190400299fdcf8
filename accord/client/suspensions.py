# SPDX-License-Identifier: Apache-2.0
"""Suspensions of lanes between this agency and others, as this home knows them."""

from __future__ import annotations

from accord.client.session import Act
from accord.following.judging import counts
from accord.suspensions import RESUME, SUSPEND, SaidOfLanes, Suspension, read_suspensions


def list_suspensions(act: Act) -> tuple[Suspension, ...]:
    """Return every suspension between this agency and others that is known here, past and present, the oldest first.

    By statements verified here and own ones made here; what a stolen key signed does not count.
    """
    records = [
        record
        for record in act.state.statements.values()
        if record.k in (SUSPEND, RESUME) and (record.iss == act.agency or counts(act, record))
    ]
    ordered = sorted(records, key=lambda record: (record.log_time, record.index or 0))
    said = [SaidOfLanes(record.k, record.iss, record.body, record.log_time) for record in ordered]
    return tuple(sorted(read_suspensions(act.agency, said), key=lambda one: one.since))
