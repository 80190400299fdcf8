# SPDX-License-Identifier: Apache-2.0
"""What a revocation would reach: how much an agency has signed with a key since a moment, by the ledger's time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.proofs import log_times
from sharing.models import Envelope, Statement

AT_A_TIME: Final = 1000


@dataclass(frozen=True)
class Impact:
    """How many alerts and statements would stop counting."""

    alerts: int
    statements: int


def revocation_impact(agency_id: str, kid: str, *, since: int, now: datetime) -> Impact:
    """What a revocation of `kid` from `since` (seconds) on would put in doubt or keep from ever counting.

    What waits for the ledger is counted too: it will be logged after `since`, which is not in the future.
    """
    envelopes, statements = _signed_by(agency_id, kid)
    return Impact(
        sum(1 for _ in _since(envelopes, since, with_unlogged=since <= int(now.timestamp()))),
        sum(1 for _ in _since(statements, since, with_unlogged=since <= int(now.timestamp()))),
    )


def signed_since(agency_id: str, kid: str, since: int) -> tuple[list[str], list[str]]:
    """Digests of the agency's envelopes and statements signed with `kid` and logged at `since` or later."""
    envelopes, statements = _signed_by(agency_id, kid)
    return (
        list(_since(envelopes, since, with_unlogged=False)),
        list(_since(statements, since, with_unlogged=False)),
    )


def _signed_by(agency_id: str, kid: str) -> tuple[Iterable[str], Iterable[str]]:
    envelopes = Envelope.objects.filter(iss_id=agency_id, signers__contains=[kid])
    statements = Statement.objects.filter(iss_id=agency_id, signers__contains=[kid])
    return envelopes.values_list("pk", flat=True), statements.values_list("pk", flat=True)


def _since(digests: Iterable[str], since: int, *, with_unlogged: bool) -> Iterator[str]:
    every = list(digests)
    for chunk in (every[at : at + AT_A_TIME] for at in range(0, len(every), AT_A_TIME)):
        yield from _of_chunk(chunk, since, with_unlogged)


def _of_chunk(digests: Sequence[str], since: int, with_unlogged: bool) -> Iterator[str]:
    times = log_times(digests)
    for d in digests:
        if (with_unlogged and d not in times) or times.get(d, since - 1) >= since:
            yield d
