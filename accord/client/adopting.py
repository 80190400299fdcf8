# SPDX-License-Identifier: Apache-2.0
"""Own history: objects that this agency has logged and this home does not know, taken in after every check of a reader.

A home restored from a copy, or a second one, meets objects that were not sent from it. Receipt, signatures under the own keyset
and the key rule show that this agency's keys signed them; only a person can confirm, object by object, that nobody else holds
those keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accord.calls.deliveries import SubmissionFacts
from accord.client.errors import AbsentError, AnswerError, RefusedError
from accord.client.questions import answer_code, for_attention, question_change
from accord.client.sending import ENVELOPE, TERMS_KEPT
from accord.client.session import Act
from accord.client.state_changes import add_adopted, add_statement, mark_acknowledged
from accord.client.unknown_submissions import list_submissions
from accord.envelope.blobs import BlobFacts
from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.keyrule import Repudiated, Standing
from accord.envelope.reading import open_alert
from accord.envelope.statements.checks import verify_statement
from accord.envelope.statements.form import parse_statement
from accord.following.slices import fetch_slice, verify_fetched
from accord.following.statements import record_of_statement
from accord.state import SubmissionRecord


@dataclass(frozen=True)
class OwnObject:
    """One object of ours that this home does not know. `title` of an alert, where its keys are here.

    `predates_known`: it was logged before something that this home knows, so a recently restored copy of the home does not
    explain it. `is_repudiated`: a key that signed it was revoked since.
    """

    record: SubmissionRecord
    title: str | None
    signers: tuple[str, ...]
    predates_known: bool
    is_repudiated: bool


@dataclass(frozen=True)
class NotOwn:
    """An object listed as ours whose checks failed, or could not be made; `why` is a sentence."""

    d: str
    why: str


@dataclass(frozen=True)
class OwnHistory:
    """The objects that the hub lists as this agency's and this home does not know, oldest first."""

    found: tuple[OwnObject, ...]
    doubtful: tuple[NotOwn, ...]


def find_history(act: Act) -> OwnHistory:
    """Fetch and verify every object that is listed as ours and not known here; raise the hub's errors, and on a fork."""
    known = act.session.state_file.read().submissions
    strangers = [facts for facts in list_submissions(act) if facts.d not in known]
    act.refresh(act.agency)
    newest = max((record.logged_at or 0 for record in known.values()), default=0)
    found, doubtful = [], []
    for facts in sorted(strangers, key=_place):
        try:
            found.append(_verified(act, facts, newest))
        except (EnvelopeError, AbsentError, AnswerError, RefusedError) as failed:
            if getattr(failed, "failure", None) in (Failure.LEDGER_FORK, Failure.LEDGER_TIME):
                raise
            doubtful.append(NotOwn(facts.d, str(failed)))
    act.changes.write()
    return OwnHistory(tuple(found), tuple(doubtful))


def adopt_history(act: Act, chosen: Iterable[OwnObject]) -> None:
    """Record these as sent from here: a person of the agency has confirmed that they are its own."""
    for item in chosen:
        act.changes.record(add_adopted(item.record))
        if item.record.kind == "ack" and item.record.about is not None:
            act.changes.record(mark_acknowledged(item.record.about, item.record.d))
        if item.record.kind in TERMS_KEPT and item.record.logged_at is not None:
            jws = _own_octets(act, item.record.d)
            said = record_of_statement(parse_statement(jws).statement, jws, item.record.logged_at)
            act.changes.record(add_statement(said))
    act.changes.write()


def _own_octets(act: Act, od: str) -> bytes:
    """Return the statement of this digest, which was verified before."""
    jws = act.session.exchange.statement(od).jws
    if parse_statement(jws).od != od:
        raise VerificationError(Failure.SUBJECT, "the hub gave another statement")
    return jws


def _place(facts: SubmissionFacts) -> tuple[bool, int]:
    """Return the order of its leaf, as the hub says; objects not logged yet come last."""
    return facts.receipt is None, 0 if facts.receipt is None else facts.receipt.index


def _verified(act: Act, facts: SubmissionFacts, newest: int) -> OwnObject:
    record, title, signers, standing = (
        _envelope(act, facts.d) if facts.what == ENVELOPE else _statement(act, facts.d)
    )
    return OwnObject(
        record=record,
        title=title,
        signers=signers,
        predates_known=(record.logged_at or 0) < newest,
        is_repudiated=isinstance(standing, Repudiated),
    )


def _envelope(act: Act, md: str) -> tuple[SubmissionRecord, str | None, tuple[str, ...], Standing]:
    _, unverified = fetch_slice(act, md)
    if unverified.manifest.iss != act.agency:
        raise VerificationError(Failure.ISSUER)
    verified = verify_fetched(act, unverified)
    manifest, terms = verified.manifest, verified.manifest.terms
    # Attachments are not fetched: only the title is shown.
    blobs = [BlobFacts(ref.sha256, ref.len) for ref in manifest.att]
    opened = open_alert(
        verified, keys=act.decryption_keys, blobs=blobs, seen=lambda iss, jti: None, now=verified.log_time
    )
    record = SubmissionRecord(
        ENVELOPE,
        terms.kind,
        terms.jti,
        md,
        terms.iat,
        to=opened.audience,
        about=None if terms.re is None else terms.re.md,
        accepted=True,
        logged_at=verified.log_time,
        reply_by=terms.reply_by,
        code=answer_code(opened.alert),
        question_change=question_change(opened.alert),
        status=terms.status,
        for_attention=for_attention(opened.alert),
        lane=terms.lane,
        pri=terms.pri,
        keep=terms.keep,
        ack_by=terms.ack_by,
    )
    title = opened.alert.get("title")
    return record, title if isinstance(title, str) else None, manifest.signers, verified.standing


def _statement(act: Act, od: str) -> tuple[SubmissionRecord, str | None, tuple[str, ...], Standing]:
    answer = act.session.exchange.statement(od)
    unverified = parse_statement(answer.jws)
    statement = unverified.statement
    if (unverified.od, statement.iss) != (od, act.agency):
        raise VerificationError(Failure.ISSUER)
    if answer.receipt is None:
        raise VerificationError(Failure.RECEIPT_MISSING)
    log_time = act.log.prove(answer.receipt, d=od)
    index = answer.receipt.index_at(log_time)
    verified = verify_statement(unverified, act.directory, log_time=log_time, index=index)
    record = SubmissionRecord(
        "statement",
        statement.k,
        statement.id,
        od,
        statement.iat,
        about=statement.sub.d if statement.sub else None,
        accepted=True,
        logged_at=log_time,
    )
    return record, None, statement.signers, verified.standing
