# SPDX-License-Identifier: Apache-2.0
"""Statements of others: acknowledgements, retractions, confirmations; verified before they are believed.

A statement counts with a receipt of the pinned ledger, good signatures under the key rule, and an issuer who
may say it about an object this client knows. A statement that does not pass is never stored, so that the next
look tries again; whoever asked is told why. Whether one that is kept still counts: `accord.client.judging`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from accord.calls.answers import StatementAnswer
from accord.client.errors import LedgerAlarmError
from accord.client.notebook import statement_fact
from accord.client.session import Act
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Valid
from accord.envelope.statements.checks import verify_statement
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import Statement, parse_statement
from accord.envelope.verifying import VerifiedSlice
from accord.state import State, StatementRecord

MANIFEST: Final = "manifest"
ABOUT_ENVELOPES: Final = frozenset({"retract", "reaffirm"})
ABOUT_RELEASES: Final = frozenset({"unrelease", "reaffirm"})
KEPT_WHOLE: Final = frozenset({"reaffirm", "unrelease"})
"""Kinds that prove something about others, and are verified whole each time."""


def note_statement(act: Act, answer: StatementAnswer, subject: SubjectFacts | None = None) -> StatementRecord:
    """Verify one statement and note it; `subject` is what it is about, where the caller has it verified.

    One that was repudiated since is noted too: it withdraws nothing, and its issuer may stand by it later.
    Raises VerificationError, MalformedError, UnpinnedError, LedgerAlarmError, or what the hub raises.
    """
    unverified = parse_statement(answer.jws)
    statement = unverified.statement
    known = act.state.statements.get(unverified.od)
    if known is not None and known.signers:
        return known
    if answer.receipt is None:
        raise VerificationError(Failure.RECEIPT_MISSING, statement.k)
    act.refresh(statement.iss)
    log_time = act.log.prove(answer.receipt, d=unverified.od)
    index = answer.receipt.index_at(log_time)
    verified = verify_statement(unverified, act.directory, log_time=log_time, index=index)
    check_entitled(statement, subject or subject_of(act, statement))
    if isinstance(verified.standing, Valid):
        # What a thief has seen of the ledger is nobody's word.
        _compare_views(act, statement)
    record = _record(statement, answer.jws, log_time, index)
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
    """Verify what was said since about an envelope, or a release of it, by those who may take it back.

    Raises as `note_statement` for a bad one. What has no receipt yet is not there yet, and what was logged after
    its key had been revoked does not count. What recipients say comes by the feed.
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
                holders=_holders(act, manifest.md),
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
            _note_unless_refused(act, answer, subject)
    _note_reaffirmed(act, manifest.md, logged)


def _note_reaffirmed(act: Act, md: str, answers: Iterable[StatementAnswer]) -> None:
    """Whoever took the envelope back may stand by that word, too."""
    for answer in answers:
        statement = parse_statement(answer.jws).statement
        said = act.state.statements.get(statement.sub.d) if statement.sub else None
        if statement.k == "reaffirm" and said is not None and said.about == md:
            _note_unless_refused(act, answer, None)


def _note_unless_refused(act: Act, answer: StatementAnswer, subject: SubjectFacts | None) -> None:
    try:
        note_statement(act, answer, subject)
    except VerificationError as failed:
        if failed.failure is not Failure.KEY_REVOKED:
            raise


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
    said = act.state.statements.get(statement.sub.d)
    if said is not None:
        return SubjectFacts(said.k, said.id, said.od, said.iss)
    received = act.state.inbox.get(statement.sub.d)
    if received is None or received.what != "envelope":
        return None
    iss, jti = verified_senders(act.state).get(received.d, (received.iss, received.id))
    return SubjectFacts(MANIFEST, jti, received.d, iss, iss, holders={act.agency})


def _holders(act: Act, md: str | None) -> set[str]:
    """Those who have an entry, as far as this client knows: the recipients of our own, else ourselves."""
    own = act.state.submissions.get(md) if md else None
    return set(own.to) if own is not None else {act.agency}


def _record(statement: Statement, jws: bytes, log_time: int, index: int | None) -> StatementRecord:
    return StatementRecord(
        od=statement.od,
        k=statement.k,
        iss=statement.iss,
        id=statement.id,
        about=statement.sub.d if statement.sub else None,
        body=dict(statement.body),
        log_time=log_time,
        jws=jws.decode() if statement.k in KEPT_WHOLE else None,
        signers=tuple(statement.signers),
        suite=statement.suite,
        index=index,
    )
