# SPDX-License-Identifier: Apache-2.0
"""Statements of others: acknowledgements, retractions, confirmations; verified before they are trusted.

A statement counts with a receipt of the pinned ledger, good signatures under the key rule, and an issuer who may say it about
an object that is known here. A statement that fails is never stored, so that it is tried again next time; the caller gets the
reason. Whether a stored one still counts: `accord.following.judging`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from accord.calls.answers import StatementAnswer
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Valid
from accord.envelope.releases import UNRELEASE
from accord.envelope.statements.checks import verify_statement
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import Statement, parse_statement
from accord.envelope.verifying import VerifiedSlice
from accord.following.errors import LedgerAlarmError
from accord.following.follower import Follower
from accord.following.keysets import refresh_once
from accord.following.records import StatementRecord

MANIFEST: Final = "manifest"
ABOUT_ENVELOPES: Final = frozenset({"retract", "reaffirm"})
ABOUT_RELEASES: Final = frozenset({"unrelease", "reaffirm"})


def note_statement(
    follower: Follower, answer: StatementAnswer, subject: SubjectFacts | None = None
) -> StatementRecord:
    """Verify one statement and store it; `subject` are the facts of its subject, where the caller has verified them.

    One that was repudiated since is stored too: it withdraws nothing, and its issuer may reaffirm it later. Raises
    VerificationError, MalformedError, UnpinnedError, LedgerAlarmError, or the hub's errors.
    """
    unverified = parse_statement(answer.jws)
    statement = unverified.statement
    known = follower.memory.statement(unverified.od)
    if known is not None and known.signers:
        return known
    if answer.receipt is None:
        raise VerificationError(Failure.RECEIPT_MISSING, statement.k)
    refresh_once(follower, statement.iss)
    log_time = follower.log.prove(answer.receipt, d=unverified.od)
    index = answer.receipt.index_at(log_time)
    verified = verify_statement(unverified, follower.judges_by, log_time=log_time, index=index)
    check_entitled(statement, subject or _subject_of(follower, statement))
    if isinstance(verified.standing, Valid):
        # A repudiated statement's view of the ledger may be a thief's.
        _compare_views(follower, statement)
    record = record_of_statement(statement, answer.jws, log_time, index)
    follower.memory.keep_statement(record)
    return record


def fetch_statement(follower: Follower, od: str) -> StatementRecord:
    """Fetch the statement with this od, verify it and store it; raise as `note_statement`."""
    answer = follower.exchange.statement(od)
    if parse_statement(answer.jws).od != od:
        raise VerificationError(Failure.SUBJECT, "the hub gave another statement")
    return note_statement(follower, answer)


def _compare_views(follower: Follower, statement: Statement) -> None:
    """Compare the ledger that the issuer has seen with the kept one; raise LedgerAlarmError."""
    if statement.cp is None:
        return
    try:
        follower.log.compare(statement.cp)
    except VerificationError as failed:
        raise LedgerAlarmError(statement.iss) from failed


def note_statements_about(
    follower: Follower, verified: VerifiedSlice, answers: Iterable[StatementAnswer]
) -> None:
    """Verify later statements about an envelope, or a release of it, by those who may withdraw it.

    Raises as `note_statement` for a bad one. A statement without a receipt is ignored for now; one that was logged after its
    key had been revoked does not count. Recipients' statements come by the feed.
    """
    manifest = verified.manifest
    subjects = {
        manifest.md: (
            ABOUT_ENVELOPES,
            SubjectFacts(
                MANIFEST,
                manifest.jti,
                manifest.md,
                manifest.iss,
                manifest.iss,
                holders=_holders(follower, manifest.md),
            ),
        )
    }
    for release in verified.via:
        facts = SubjectFacts(release.k, release.id, release.od, release.iss, manifest.iss)
        subjects[release.od] = (ABOUT_RELEASES, facts)
    logged = [answer for answer in answers if answer.receipt is not None]
    for answer in logged:
        statement = parse_statement(answer.jws).statement
        kinds, subject = subjects.get(statement.sub.d if statement.sub else "", (frozenset(), None))
        if statement.k in kinds:
            _note_unless_refused(follower, answer, subject)
    _note_reaffirmed(follower, manifest.md, logged)


def _note_reaffirmed(follower: Follower, md: str, answers: Iterable[StatementAnswer]) -> None:
    """Store reaffirmations by agencies that withdrew the envelope."""
    for answer in answers:
        statement = parse_statement(answer.jws).statement
        said = follower.memory.statement(statement.sub.d) if statement.sub else None
        if statement.k == "reaffirm" and said is not None and said.about == md:
            _note_unless_refused(follower, answer, None)


def _note_unless_refused(follower: Follower, answer: StatementAnswer, subject: SubjectFacts | None) -> None:
    try:
        note_statement(follower, answer, subject)
    except VerificationError as failed:
        if failed.failure is not Failure.KEY_REVOKED:
            raise


def _subject_of(follower: Follower, statement: Statement) -> SubjectFacts | None:
    """Return the subject; the issuer of an `unrelease` counts as that of a release that is not known here.

    It can end nothing else, since it is compared with the release itself whenever it is judged.
    """
    if statement.sub is None:
        return None
    known = follower.memory.subject_of(statement.sub.d)
    if known is None and statement.k == UNRELEASE:
        return SubjectFacts(statement.sub.k, statement.sub.id, statement.sub.d, statement.iss)
    return known


def _holders(follower: Follower, md: str) -> Collection[str]:
    """Return the known holders of an entry: the recipients of our own envelope, else ourselves."""
    known = follower.memory.subject_of(md)
    return {follower.agency} if known is None else known.holders


def record_of_statement(
    statement: Statement, jws: bytes, log_time: int, index: int | None = None
) -> StatementRecord:
    """Return what a memory keeps of a verified statement, or of an own one, which is timed as signed until it is logged."""
    return StatementRecord(
        od=statement.od,
        k=statement.k,
        iss=statement.iss,
        id=statement.id,
        about=statement.sub.d if statement.sub else None,
        body=dict(statement.body),
        log_time=log_time,
        jws=jws.decode(),
        signers=tuple(statement.signers),
        suite=statement.suite,
        index=index,
    )
