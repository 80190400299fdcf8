# SPDX-License-Identifier: Apache-2.0
"""Recalls that still count: a retract by a thief must not withhold an alert from its recipients."""

from collections.abc import Collection
from datetime import datetime

from accord.envelope.worth import has_force
from sharing.models import Statement
from sharing.signatures import judge_signed, signed_statements


def recalls_that_count(mds: Collection[str], *, now: datetime) -> set[str]:
    """Return those of these envelopes whose retract counts now; a retract that waits for the ledger counts at once."""
    if not mds:
        return set()
    retracts = list(Statement.objects.filter(k="retract", sub_d__in=mds).defer("jws"))
    worth = judge_signed(signed_statements(retracts), now=now)
    return {row.sub_d for row in retracts if has_force(worth.get(row.od))}
