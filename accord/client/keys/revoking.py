# SPDX-License-Identifier: Apache-2.0
"""Planning of a revocation: which key, since when, which of our objects it concerns, and what remains to work with.

Objects logged at or after `since` and signed with the key are shown to their recipients as repudiated. The hub's list of this
agency's submissions is the one that counts here: a thief's alerts are in it and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accord.calls.deliveries import SubmissionFacts
from accord.client.errors import RefusedError, RequestError
from accord.client.keys.rows import capabilities_of, carried_rows, smallest_since, with_revoked
from accord.client.session import Act
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import SIGN
from accord.envelope.keysets import KeyRow, Keyset
from accord.envelope.slices import parse_slice
from accord.envelope.statements.bodies import REVOKE_CODES
from accord.envelope.statements.form import parse_statement

LEAST_SUFFIX = 4
LEAST_PREFIX = 6
PAGE = 100


@dataclass(frozen=True)
class ConcernedObject:
    """One envelope or statement of ours that the revocation reaches.

    `log_time` is None for one that is not logged yet. `here` is False for one that this client never signed. `is_certain` is
    False where the hub would not show it, so that nobody can say which key signed it.
    """

    what: str
    kind: str | None
    d: str
    id: str
    log_time: int | None
    to: tuple[str, ...]
    here: bool
    is_certain: bool


@dataclass(frozen=True)
class RevocationPlan:
    """The effects of a revocation. `loses` lists what the agency can do now and could not afterwards: (use, suite)."""

    agency: str
    kid: str
    use: str
    alg: str
    since: int
    concerned: tuple[ConcernedObject, ...]
    loses: tuple[tuple[str, str], ...]


def plain_kid(name: str) -> str:
    """Return a key's name as a person typed it, without the dots of an abbreviation."""
    return name.strip().strip(".\N{HORIZONTAL ELLIPSIS}")


def is_named(kid: str, name: str) -> bool:
    """Tell whether a person may mean this key: by its kid, its first six characters or more, or its last four or more."""
    text = plain_kid(name)
    return (
        kid == text
        or (len(text) >= LEAST_SUFFIX and kid.endswith(text))
        or (len(text) >= LEAST_PREFIX and kid.startswith(text))
    )


def find_row(keyset: Keyset, name: str) -> KeyRow:
    """Return the key that `is_named` finds; raise RequestError for none or several."""
    text = plain_kid(name)
    whole = [row for row in keyset.rows if row.kid == text]
    found = whole or [row for row in keyset.rows if is_named(row.kid, name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise RequestError("Several keys are named like this: give more of the kid. Look at: accord keys")
    raise RequestError("No key of your agency is named like this. Look at: accord keys")


def plan_revocation(act: Act, keyset: Keyset, name: str, *, since: int | None) -> RevocationPlan:
    """Return the effects of revoking a key since a time (else now); raise RequestError, VerificationError."""
    row = find_row(keyset, name)
    moment = require_since(act, row, since)
    concerned = tuple(_concerned(act, row.kid, moment)) if row.use == SIGN else ()
    return RevocationPlan(
        act.agency, row.kid, row.use, row.key.alg, moment, concerned, loses_of(act, keyset, row.kid, moment)
    )


def require_since(act: Act, row: KeyRow, since: int | None) -> int:
    """Return the time since which the key shall not count: never in the future, and never later than before."""
    moment = act.now if since is None else since
    if moment > act.now:
        raise RequestError("--since lies in the future; a key is revoked since now, or since a time before.")
    known = smallest_since(act.directory.revocations(act.agency)).get(row.kid)
    if known is not None and moment >= known:
        raise RequestError(
            "This key is revoked already, since that time or an earlier one. A later word can only move it to an "
            "earlier time: --since TIME"
        )
    return moment


def require_code(code: str) -> None:
    """Raise RequestError for a code that is not in the list."""
    if code not in REVOKE_CODES:
        raise RequestError(f"code: choose one of {', '.join(sorted(REVOKE_CODES))}.")


def loses_of(act: Act, keyset: Keyset, kid: str, since: int) -> tuple[tuple[str, str], ...]:
    """Return what the agency could no longer do: (use, suite), sorted."""
    rows = carried_rows(keyset, act.directory.revocations(act.agency), now=act.now)
    after = with_revoked(rows, kid, since)
    lost = capabilities_of(keyset, rows, now=act.now) - capabilities_of(keyset, after, now=act.now)
    return tuple(sorted(lost))


def _concerned(act: Act, kid: str, since: int) -> Iterator[ConcernedObject]:
    """Yield the agency's own objects logged at or after `since`, or not logged yet, that this key has signed."""
    for facts in _recent(act, since):
        log_time = None if facts.receipt is None else act.log.prove(facts.receipt, d=facts.d)
        if log_time is not None and log_time < since:
            continue
        signers = _signers_of(act, facts)
        if signers is not None and kid not in signers:
            continue
        record = act.state.submissions.get(facts.d)
        yield ConcernedObject(
            what=facts.what,
            kind=record.kind if record else None,
            d=facts.d,
            id=facts.id,
            log_time=log_time,
            to=record.to if record else tuple(row.recipient for row in facts.deliveries),
            here=record is not None,
            is_certain=signers is not None,
        )
    act.changes.write()


def _recent(act: Act, since: int) -> Iterator[SubmissionFacts]:
    """Yield submissions page by page, newest first, until a whole page was logged earlier."""
    after: str | None = None
    while True:
        page = act.session.exchange.submissions(after=after, limit=PAGE)
        yield from page.items
        older = all(item.receipt is not None and item.receipt.leaf.t < since for item in page.items)
        after = page.next
        if after is None or older:
            return


def _signers_of(act: Act, facts: SubmissionFacts) -> tuple[str, ...] | None:
    """Return its signers, by the hub's list or else the object; None where the hub no longer shows it."""
    if facts.signers is not None:
        return facts.signers
    try:
        if facts.what == "envelope":
            manifest = parse_slice(act.session.exchange.slice(facts.d)).manifest
            return tuple(manifest.signers) if manifest.md == facts.d else None
        unverified = parse_statement(act.session.exchange.statement(facts.d).jws)
        return tuple(unverified.statement.signers) if unverified.od == facts.d else None
    except (RefusedError, EnvelopeError):
        return None
