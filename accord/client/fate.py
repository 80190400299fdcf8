# SPDX-License-Identifier: Apache-2.0
"""Fate of an object of our own after it was logged: withdrawn, superseded, repudiated, reaffirmed.

It is derived from what this home has sent since, from the hub's word on deliveries, and from the present state of the own keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from accord.calls.deliveries import SubmissionFacts
from accord.client.session import Act
from accord.envelope.errors import VerificationError
from accord.envelope.keyrule import Repudiated, judge_key
from accord.state import State, SubmissionRecord

WITHDRAWN: Final = "withdrawn"
SUPERSEDED: Final = "superseded"
REPUDIATED: Final = "repudiated"
REAFFIRMED: Final = "reaffirmed"


def fate_of(act: Act, facts: SubmissionFacts, log_time: int | None) -> tuple[str, ...]:
    """Return what has become of it, the gravest first; empty for an object that is as it was sent."""
    return tuple(_fate(act, facts, log_time))


def repudiation_of(act: Act, facts: SubmissionFacts, log_time: int | None) -> Repudiated | None:
    """Return the latest revocation that reaches an own object, None where each of its signatures counts."""
    if log_time is None or facts.signers is None:
        return None
    index = None if facts.receipt is None else facts.receipt.index_at(log_time)
    return repudiated_by(act, facts.signers, log_time, index=index)


def repudiated_by(
    act: Act, signers: Sequence[str], log_time: int, *, index: int | None = None
) -> Repudiated | None:
    """Return the revocation that reaches what these own keys have signed, as `repudiation_of`."""
    keyset = act.directory.keyset(act.agency)
    if keyset is None:
        return None
    revocations, found = act.directory.revocations(act.agency), []
    for kid in signers:
        try:
            standing = judge_key(keyset, kid, log_time, revocations, index=index)
        except VerificationError:
            continue
        if isinstance(standing, Repudiated):
            found.append(standing)
    return max(found, key=lambda standing: standing.revoked_at, default=None)


def reaffirmed_since(act: Act, d: str, revoked_at: int) -> SubmissionRecord | None:
    """Return our own reaffirmation of an object, made after a revocation and not repudiated itself."""
    for word in _own_words(act, "reaffirm", d):
        given_at = word.iat if word.logged_at is None else word.logged_at
        facts = act.session.exchange.submission(word.d)
        if given_at >= revoked_at and repudiation_of(act, facts, word.logged_at) is None:
            return word
    return None


def is_taken(record: SubmissionRecord) -> bool:
    """Tell whether the hub has accepted an object of our own."""
    return record.accepted or record.logged_at is not None


def ended_here(state: State) -> frozenset[str | None]:
    """Return the own envelopes that this home has withdrawn, or replaced by a newer version."""
    return frozenset(
        record.about
        for record in state.submissions.values()
        if record.kind in ("retract", "update") and is_taken(record)
    )


def _fate(act: Act, facts: SubmissionFacts, log_time: int | None) -> Iterator[str]:
    if any(row.recalled_at for row in facts.deliveries) or any(_own_words(act, "retract", facts.d)):
        yield WITHDRAWN
    repudiation = repudiation_of(act, facts, log_time)
    if repudiation is not None:
        stands = reaffirmed_since(act, facts.d, repudiation.revoked_at)
        yield REPUDIATED if stands is None else REAFFIRMED
    if any(_own_words(act, "update", facts.d)):
        yield SUPERSEDED


def _own_words(act: Act, kind: str, d: str) -> Iterator[SubmissionRecord]:
    """Yield the statements of a kind about an object that this home has sent and the hub has accepted."""
    for record in act.state.submissions.values():
        if (record.kind, record.about) == (kind, d) and is_taken(record):
            yield record
