# SPDX-License-Identifier: Apache-2.0
"""Signature checks of statements: at intake, and again by every reader.

`accept_statement` is the exchange's entry point, `verify_statement` the reader's (with a proved log time). Keysets have their
own (`accord.envelope.keysets`), and so have `pop` and `revoke`, here.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from accord.envelope.challenges import nonce_digest
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.jws import verify_jws
from accord.envelope.keyrule import Standing, Valid, check_window, judge_signers, signers_at_intake
from accord.envelope.keys import EC1, ML_DSA_65, PQ1, PublicKey
from accord.envelope.keysets import (
    IntakeDirectory,
    KeyDirectory,
    Keyset,
    Revocation,
    in_force,
    newest_signing_keys,
)
from accord.envelope.statements.form import Statement, UnverifiedStatement, parse_statement
from accord.envelope.vocabulary import MAX_IAT_AGE_SECS

_OWN_DOOR = frozenset({"keyset", "revoke", "pop"})


@dataclass(frozen=True)
class VerifiedStatement:
    """A statement whose signatures count. `log_time` is None at intake, before the ledger has it."""

    statement: Statement
    standing: Standing
    log_time: int | None
    index: int | None = None
    """Its leaf, where known."""

    @property
    def od(self) -> str:
        """The object digest."""
        return self.statement.od


def accept_statement(
    unverified: UnverifiedStatement, *, caller: str, directory: IntakeDirectory, now: int
) -> VerifiedStatement:
    """Make the exchange's checks: issuer, keys, signatures, window, end. Raises VerificationError.

    `check_entitled` checks whether the issuer may say it about its subject.
    """
    statement = unverified.statement
    if statement.iss != caller:
        raise VerificationError(Failure.ISSUER)
    _refuse_own_door(statement)
    keys = signers_at_intake(directory, statement.iss, statement.signers, statement.suite, now)
    verify_jws(unverified.jws, keys)
    _check_suite(statement, directory.keyset(statement.iss), now)
    check_window(statement.iat, now)
    if statement.exp is not None and now >= statement.exp:
        raise VerificationError(Failure.EXPIRED)
    return VerifiedStatement(statement, Valid(), None)


def verify_statement(
    unverified: UnverifiedStatement, directory: KeyDirectory, *, log_time: int, index: int | None = None
) -> VerifiedStatement:
    """Make the reader's checks under a log time and leaf index it has proved; raise VerificationError."""
    statement = unverified.statement
    _refuse_own_door(statement)
    keys, standing = judge_signers(
        directory, statement.iss, statement.signers, statement.suite, log_time, index=index
    )
    verify_jws(unverified.jws, keys)
    _check_suite(statement, directory.keyset_logged_before(statement.iss, log_time, index), log_time)
    return VerifiedStatement(statement, standing, log_time, index)


def _refuse_own_door(statement: Statement) -> None:
    if statement.k in _OWN_DOOR:
        raise VerificationError(Failure.TYP, statement.k)


def _check_suite(statement: Statement, keyset: Keyset | None, at: int) -> None:
    """Require PQ1 where the issuer has PQ1 signing keys; a release has its manifest's suite."""
    if statement.k == "release" or statement.suite == PQ1:
        return
    if keyset is None or newest_signing_keys(keyset, PQ1, at):
        raise VerificationError(Failure.SUITE)


def verify_pop(
    data: bytes,
    *,
    agency: str,
    signing: Sequence[PublicKey],
    chal: str,
    nonce_digests: Mapping[str, str],
    now: int,
) -> Statement:
    """Verify the possession of a coming keyset's keys; raise MalformedError or VerificationError.

    `signing` are its new signing keys in its order, `nonce_digests` those of the challenge `chal`, which the caller uses once
    and within ten minutes.
    """
    unverified = parse_statement(data)
    statement = unverified.statement
    if statement.k != "pop":
        raise VerificationError(Failure.TYP)
    if statement.iss != agency:
        raise VerificationError(Failure.ISSUER)
    check_window(statement.iat, now)
    if statement.suite != pop_suite(signing):
        raise VerificationError(Failure.SUITE)
    verify_jws(unverified.jws, signing)
    given = {item["kid"]: nonce_digest(item["nonce"]) for item in statement.body["enc"]}
    met = len(given) == len(statement.body["enc"]) and given.keys() == nonce_digests.keys()
    if not met or not all(hmac.compare_digest(given[kid], nonce_digests[kid]) for kid in given):
        raise VerificationError(Failure.CHALLENGE)
    if not hmac.compare_digest(statement.body["chal"], chal):
        raise VerificationError(Failure.CHALLENGE)
    return statement


def pop_suite(signing: Sequence[PublicKey]) -> str:
    """Return the suite of a `pop`: PQ1 when one of its keys is ML-DSA-65."""
    return PQ1 if any(key.alg == ML_DSA_65 for key in signing) else EC1


def verify_revoke(data: bytes, keyset: Keyset) -> Statement:
    """Verify a `revoke` by the root of this keyset, of a key in it; raise VerificationError.

    It is for the exchange: the keyset is the one in force now. A reader uses `verify_logged_revoke`.
    """
    unverified = parse_statement(data)
    _check_revoked_key(unverified.statement, keyset)
    verify_jws(unverified.jws, keyset.root)
    return unverified.statement


def verify_logged_revoke(data: bytes, keysets: Iterable[Keyset], *, log_time: int) -> Statement:
    """Verify a logged `revoke` against its agency's whole chain; raise VerificationError.

    The root is that of the keyset in force at `log_time`, the time its receipt proves, so that a revocation by a former root
    stays good. A root that was replaced within the day before is accepted too: a statement may be that old when it comes in,
    and waits to be logged after the exchange accepts it.
    """
    unverified, chain = parse_statement(data), list(keysets)
    begun = in_force(chain, log_time)
    if not begun:
        raise VerificationError(Failure.KEYSET_UNKNOWN, agencies=(unverified.statement.iss,))
    _check_revoked_key(unverified.statement, begun[-1])
    long_since = len(in_force(chain, log_time - MAX_IAT_AGE_SECS))
    roots = {tuple(key.kid for key in keyset.root): keyset.root for keyset in begun[max(long_since - 1, 0) :]}
    verify_jws(unverified.jws, roots.get(unverified.jws.kids, begun[-1].root))
    return unverified.statement


def _check_revoked_key(statement: Statement, keyset: Keyset) -> None:
    if statement.k != "revoke":
        raise VerificationError(Failure.TYP)
    if statement.iss != keyset.agency:
        raise VerificationError(Failure.ISSUER)
    if keyset.row(statement.body["kid"]) is None:
        raise VerificationError(Failure.KEY_UNKNOWN)


def revocation_of(statement: Statement, log_time: int, index: int | None = None) -> Revocation:
    """Return the meaning of a logged `revoke`; `log_time` and `index` as proved by its receipt."""
    body = statement.body
    return Revocation(statement.iss, body["kid"], body["since"], body["code"], statement.od, log_time, index)
