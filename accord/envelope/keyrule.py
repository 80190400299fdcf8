# SPDX-License-Identifier: Apache-2.0
"""The key rule: does a signature count?

It counts if and only if `nbf <= L < exp` and, if the key is revoked, `L < since`, where L is the log time of the signed object;
`iat` is never trusted for this. Let R be the log time of the revocation:

- Logged after R (at R itself: with a higher index) the signature is refused.
- Otherwise, from `since` on, it is *repudiated*: shown as such, never as valid; its issuer may stand by it with a `reaffirm`
  (`accord.envelope.reaffirming`).
- A suite below the signer's own lowest at L does not count.

Evaluate again on each display, against the newest keyset. Source: docs/spec/envelope.md, "Log time and the key rule".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.jws import check_suite_of
from accord.envelope.keys import SIGN, PublicKey, suite_rank
from accord.envelope.keysets import (
    IntakeDirectory,
    KeyDirectory,
    Keyset,
    Place,
    Revocation,
    place_from,
    place_judged,
)
from accord.envelope.vocabulary import KEY_MARGIN_SECS, MAX_CLOCK_AHEAD_SECS, MAX_IAT_AGE_SECS


@dataclass(frozen=True)
class Valid:
    """The signature counts."""


@dataclass(frozen=True)
class Repudiated:
    """Logged at or after `since`, before the revocation: shown as repudiated, never as valid."""

    log_time: int
    since: int
    revoked_at: int
    revoked_index: int = -1
    """The leaf of the revocation; -1 where it is not known, which is before everything of its second."""

    @property
    def revoked(self) -> Place:
        """The place of the revocation in the log."""
        return self.revoked_at, self.revoked_index


@dataclass(frozen=True)
class Reaffirmed:
    """Repudiated as above, but since reaffirmed by its issuer under a live key. Times in seconds."""

    log_time: int
    since: int
    revoked_at: int
    reaffirmed_at: int


Standing = Valid | Repudiated | Reaffirmed


def judge_key(
    keyset: Keyset,
    kid: str,
    log_time: int,
    revocations: Iterable[Revocation] = (),
    *,
    index: int | None = None,
) -> Standing:
    """Apply the key rule: does a signature by `kid`, logged at `log_time`, count? Raises VerificationError.

    `index` is the leaf of the signed object. Without it (at intake there is none yet), an object of the revocation's second
    comes after it.
    """
    row = keyset.row(kid)
    if row is None:
        raise VerificationError(Failure.KEY_UNKNOWN)
    if row.use != SIGN:
        raise VerificationError(Failure.KEY_USE)
    if not row.nbf <= log_time < row.exp:
        raise VerificationError(Failure.KEY_NOT_VALID_THEN)
    said = [(word.since, place_from(word.log_time, word.index)) for word in revocations if word.kid == kid]
    if row.since is not None and not said:
        logged = row.since if keyset.log_time is None else keyset.log_time
        said = [(row.since, place_from(logged, keyset.log_index))]
    if not said:
        return Valid()
    # The smallest `since` holds, and the revocation counts from the first place where it was logged.
    since, revoked = min(since for since, _ in said), min(place for _, place in said)
    if place_judged(log_time, index) > revoked:
        raise VerificationError(Failure.KEY_REVOKED)
    return Repudiated(log_time, since, *revoked) if log_time >= since else Valid()


def keys_of_signers(directory: KeyDirectory, iss: str, signers: Sequence[str]) -> list[PublicKey]:
    """Return the public keys of these kids, whether or not they count: for objects that are shown and never relied on.

    Raises VerificationError.
    """
    keyset = directory.keyset(iss)
    rows = [keyset.row(kid) if keyset else None for kid in signers]
    keys = [row.key for row in rows if row is not None]
    if not keys or len(keys) < len(rows):
        raise VerificationError(Failure.KEY_UNKNOWN)
    return keys


def judge_signers(
    directory: KeyDirectory,
    agency: str,
    kids: Sequence[str],
    suite: str,
    log_time: int,
    *,
    index: int | None = None,
) -> tuple[tuple[PublicKey, ...], Standing]:
    """Return keys and standing of an object `agency` signed with `kids`, logged at `log_time` as leaf `index`.

    Applies the key rule to each, the suite's form, and the agency's lowest suite at that time.
    """
    keyset = directory.keyset(agency)
    then = directory.keyset_logged_before(agency, log_time, index)
    if keyset is None or then is None:
        raise VerificationError(Failure.KEYSET_UNKNOWN, agencies=(agency,))
    revocations = directory.revocations(agency)
    standings = [judge_key(keyset, kid, log_time, revocations, index=index) for kid in kids]
    keys = tuple(row.key for row in map(keyset.row, kids) if row is not None)
    check_suite_of(keys, suite)
    check_low(then, suite)
    return keys, _of_all_signatures(standings)


def _of_all_signatures(standings: Iterable[Standing]) -> Standing:
    """Combine standings: one repudiated signature repudiates the object, from the smallest `since` to the last revocation.

    A `reaffirm` must answer every revocation, so the latest counts.
    """
    found = [standing for standing in standings if isinstance(standing, Repudiated)]
    if not found:
        return Valid()
    last = max(each.revoked for each in found)
    return Repudiated(found[0].log_time, min(each.since for each in found), *last)


def check_low(keyset: Keyset, suite: str) -> None:
    """Refuse a suite below the agency's own lowest; raise VerificationError."""
    if suite_rank(suite) < suite_rank(keyset.low):
        raise VerificationError(Failure.SUITE_BELOW_LOW, agencies=(keyset.agency,))


def worst_of(standings: Iterable[Standing]) -> Standing:
    """Return the worst of several objects' standings: repudiated, reaffirmed, valid; of equals the earliest `since`."""
    worst: Standing = Valid()
    for standing in standings:
        if _gravity(standing) > _gravity(worst):
            worst = standing
    return worst


def _gravity(standing: Standing) -> tuple[int, int]:
    if isinstance(standing, Valid):
        return 0, 0
    return (2 if isinstance(standing, Repudiated) else 1), -standing.since


def signers_at_intake(
    directory: IntakeDirectory, agency: str, kids: Sequence[str], suite: str, now: int
) -> tuple[PublicKey, ...]:
    """Return the keys with which `agency` may submit now; raise VerificationError.

    Each is known, current or retiring, not suspended, valid for at least one hour more, and counts by the key rule at `now`;
    the keyset has not expired.
    """
    keyset = directory.keyset(agency)
    if keyset is None:
        raise VerificationError(Failure.KEYSET_UNKNOWN, agencies=(agency,))
    if now >= keyset.exp:
        raise VerificationError(Failure.KEYSET_EXPIRED, agencies=(agency,))
    suspended = directory.suspended_kids(agency)
    revocations = directory.revocations(agency)
    for kid in kids:
        _check_usable_now(keyset, kid, now, revocations)
        if kid in suspended:
            raise VerificationError(Failure.KEY_SUSPENDED)
    keys = tuple(row.key for row in map(keyset.row, kids) if row is not None)
    check_suite_of(keys, suite)
    check_low(keyset, suite)
    return keys


def _check_usable_now(keyset: Keyset, kid: str, now: int, revocations: Iterable[Revocation]) -> None:
    if not isinstance(judge_key(keyset, kid, now, revocations), Valid):
        raise VerificationError(Failure.KEY_REVOKED)
    row = keyset.row(kid)
    if row is None or row.st not in ("current", "retiring"):
        raise VerificationError(Failure.KEY_NOT_CURRENT)
    if row.exp - now < KEY_MARGIN_SECS:
        raise VerificationError(Failure.KEY_ENDING)


def check_window(iat: int, now: int) -> None:
    """Check that `iat` lies within 24 hours back and 5 minutes ahead; raise VerificationError."""
    if iat < now - MAX_IAT_AGE_SECS:
        raise VerificationError(Failure.STALE)
    if iat > now + MAX_CLOCK_AHEAD_SECS:
        raise VerificationError(Failure.FUTURE)
