# SPDX-License-Identifier: Apache-2.0
"""Statements of others: acknowledgements, retractions, confirmations; verified before they are believed.

A statement counts with a receipt of the pinned ledger, good signatures under the key rule, and an issuer who
may say it about an object this client knows. A statement that does not pass is never stored, so that the next
look tries again; whoever asked is told why.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from accord.client.answers import StatementAnswer
from accord.client.errors import LedgerAlarmError
from accord.client.notebook import statement_fact
from accord.client.pinned import refresh_keysets
from accord.client.session import Act
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Valid
from accord.envelope.statements.checks import verify_statement
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import Statement, parse_statement
from accord.envelope.verifying import VerifiedSlice
from accord.state import State, StatementRecord

MANIFEST: Final = "manifest"
BY_ORIGINATOR: Final = frozenset({"retract", "reaffirm"})


def note_statement(act: Act, answer: StatementAnswer, subject: SubjectFacts | None = None) -> StatementRecord:
    """Verify one statement and note it; `subject` is what it is about, where the caller has it verified.

    Raises VerificationError, MalformedError, UnpinnedError, LedgerAlarmError, or what the hub raises.
    """
    unverified = parse_statement(answer.jws)
    statement = unverified.statement
    known = act.state.statements.get(unverified.od)
    if known is not None:
        return known
    if answer.receipt is None:
        raise VerificationError(Failure.RECEIPT_MISSING, statement.k)
    refresh_keysets(act.session.exchange, act.notebook, act.log, statement.iss)
    log_time = act.log.prove(answer.receipt, d=unverified.od)
    verified = verify_statement(unverified, act.directory, log_time=log_time)
    if not isinstance(verified.standing, Valid):
        # A repudiated word is not its issuer's; what it was about stays as it is.
        raise VerificationError(Failure.KEY_REVOKED, statement.k, (statement.iss,))
    check_entitled(statement, subject or subject_of(act, statement))
    _compare_views(act, statement)
    record = _record(statement, log_time)
    act.notebook.note(statement_fact(record))
    return record


def fetch_statement(act: Act, od: str) -> StatementRecord:
    """Fetch the statement with this od, verify it and note it; raises as `note_statement`."""
    answer = act.session.exchange.statement(od)
    if parse_statement(answer.jws).od != od:
        raise VerificationError(Failure.SUBJECT, "the hub gave another statement")
    return note_statement(act, answer)


def _compare_views(act: Act, statement: Statement) -> None:
    """Hold the ledger that the issuer has seen against the kept one; raises LedgerAlarmError."""
    if statement.cp is None:
        return
    try:
        act.log.compare(statement.cp)
    except VerificationError as failed:
        raise LedgerAlarmError(statement.iss) from failed


def note_statements_about(act: Act, verified: VerifiedSlice, answers: Iterable[StatementAnswer]) -> None:
    """Verify what its originator has said about an envelope since; raises as `note_statement` for a bad one.

    What has no receipt yet is not there yet, and what was said with a revoked key does not count. What
    recipients say comes by the feed.
    """
    manifest = verified.manifest
    subject = SubjectFacts(
        MANIFEST, manifest.jti, manifest.md, manifest.iss, manifest.iss, holders=_holders(act, manifest.md)
    )
    for answer in answers:
        statement = parse_statement(answer.jws).statement
        about_it = statement.sub is not None and statement.sub.d == manifest.md
        if about_it and statement.k in BY_ORIGINATOR and answer.receipt is not None:
            _note_unless_repudiated(act, answer, subject)


def _note_unless_repudiated(act: Act, answer: StatementAnswer, subject: SubjectFacts) -> None:
    try:
        note_statement(act, answer, subject)
    except VerificationError as failed:
        if failed.failure is not Failure.KEY_REVOKED:
            raise


def retractions_of(state: State, md: str) -> list[StatementRecord]:
    """Every verified word that this envelope no longer stands, whoever said it."""
    return [record for record in state.statements.values() if record.k == "retract" and record.about == md]


def retraction_of(state: State, md: str, iss: str) -> StatementRecord | None:
    """The word of `iss`, whom a verified manifest names as its originator, that this envelope no longer stands."""
    return next((record for record in retractions_of(state, md) if record.iss == iss), None)


def verified_senders(state: State) -> dict[str, tuple[str, str]]:
    """By md the issuer and jti of every envelope whose manifest was verified here or signed here."""
    seen = {md: (iss, jti) for iss, known in state.seen.items() for jti, md in known.items()}
    own = (record for record in state.submissions.values() if record.what == "envelope")
    return seen | {record.d: (state.agency, record.id) for record in own}


def subject_of(act: Act, statement: Statement) -> SubjectFacts | None:
    """What this client knows of a statement's subject: something of its own, or an alert in the feed.

    Who sent an alert that was never opened here is the hub's word alone; whoever relies on a statement about
    one asks `verified_senders`.
    """
    if statement.sub is None:
        return None
    own = act.state.submissions.get(statement.sub.d)
    if own is not None:
        kind = MANIFEST if own.what == "envelope" else own.kind
        holders = _holders(act, own.d if own.what == "envelope" else own.about)
        return SubjectFacts(kind, own.id, own.d, act.agency, act.agency, holders=holders)
    received = act.state.inbox.get(statement.sub.d)
    if received is None or received.what != "envelope":
        return None
    iss, jti = verified_senders(act.state).get(received.d, (received.iss, received.id))
    return SubjectFacts(MANIFEST, jti, received.d, iss, iss, holders={act.agency})


def _holders(act: Act, md: str | None) -> set[str]:
    """Those who have an entry, as far as this client knows: the recipients of our own, else ourselves."""
    own = act.state.submissions.get(md) if md else None
    return set(own.to) if own is not None else {act.agency}


def _record(statement: Statement, log_time: int) -> StatementRecord:
    return StatementRecord(
        od=statement.od,
        k=statement.k,
        iss=statement.iss,
        id=statement.id,
        about=statement.sub.d if statement.sub else None,
        body=dict(statement.body),
        log_time=log_time,
    )
