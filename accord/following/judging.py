# SPDX-License-Identifier: Apache-2.0
"""Judgement of stored statements by the present keys: does one count?

A statement was verified when it was stored. A revocation that is learned later may repudiate it, and its issuer may reaffirm it
after that; hence no judgement is stored, and every display judges again. Source: docs/spec/envelope.md, "Log time and the key
rule" and "Reaffirm".
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Repudiated, Standing, Valid, judge_signers
from accord.envelope.reaffirming import standing_after
from accord.envelope.releases import withdrawn_by
from accord.envelope.slices import UnverifiedSlice
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import SubjectRef, parse_statement
from accord.following.follower import Follower
from accord.following.records import StatementRecord


def standing_of(follower: Follower, record: StatementRecord) -> Standing | None:
    """Return the present standing of a stored statement; None where it counts for nobody.

    A statement that an earlier version stored, or whose agency's root is no longer pinned, stays as it was learned.
    """
    if not record.signers:
        return Valid()
    try:
        _, standing = judge_signers(
            follower.judges_by, record.iss, record.signers, record.suite, record.log_time, index=record.index
        )
    except VerificationError as failed:
        return Valid() if failed.failure is Failure.KEYSET_UNKNOWN else None
    if not isinstance(standing, Repudiated):
        return standing
    subject = SubjectRef(record.k, record.id, record.od)
    return standing_after(standing, said_about(follower, "reaffirm", {record.od}), subject, record.iss)


def counts(follower: Follower, record: StatementRecord) -> bool:
    """Tell whether a statement has its effect: a repudiated one has none."""
    standing = standing_of(follower, record)
    return standing is not None and not isinstance(standing, Repudiated)


def retractions_of(follower: Follower, md: str) -> list[StatementRecord]:
    """Return every valid statement that this envelope no longer stands, whoever issued it."""
    return [record for record in _retracts(follower, md) if counts(follower, record)]


def retraction_of(follower: Follower, md: str, iss: str) -> StatementRecord | None:
    """Return the retract by `iss`, whom a verified manifest names as the originator of this envelope."""
    return next((record for record in retractions_of(follower, md) if record.iss == iss), None)


def repudiated_retraction_of(follower: Follower, md: str, iss: str) -> StatementRecord | None:
    """Return a retract of `iss` that was signed with a key revoked since: it is shown, and withdraws nothing."""
    return next(
        (word for word in _retracts(follower, md) if word.iss == iss and not counts(follower, word)), None
    )


def _retracts(follower: Follower, md: str) -> list[StatementRecord]:
    return list(follower.memory.statements_about("retract", {md}))


def unreleased_of(follower: Follower, unverified: UnverifiedSlice) -> frozenset[str]:
    """Return the ods of those releases of a slice whose withdrawal is known here."""
    releases = [release.statement for release in unverified.via]
    if not releases:
        return frozenset()
    said = said_about(follower, "unrelease", _subjects(unverified))
    return withdrawn_by(unverified.manifest, releases, said)


def reaffirms_of(follower: Follower, unverified: UnverifiedSlice) -> list[VerifiedStatement]:
    """Return every known reaffirmation of a slice's manifest or one of its releases."""
    return said_about(follower, "reaffirm", _subjects(unverified))


def _subjects(unverified: UnverifiedSlice) -> set[str]:
    return {unverified.manifest.md, *(release.od for release in unverified.via)}


def said_about(follower: Follower, k: str, subjects: Collection[str]) -> list[VerifiedStatement]:
    """Return stored statements of one kind about these objects, verified by the present keys."""
    found = []
    for record in follower.memory.statements_about(k, subjects):
        if record.jws is not None:
            with contextlib.suppress(VerificationError):
                statement = parse_statement(record.jws.encode())
                found.append(
                    verify_statement(
                        statement, follower.judges_by, log_time=record.log_time, index=record.index
                    )
                )
    return found
