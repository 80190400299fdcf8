# SPDX-License-Identifier: Apache-2.0
"""Sending: sign, seal, spool, submit, and keep until the ledger's receipt.

- An object is recorded in the state and lies in the spool before it is first sent; sending it again is always safe.
- It counts as carried only when its receipt was verified. Then it leaves the spool, and is kept for seven days more: a hub
  whose database is restored from a backup wants again what came after it.
- An object without an answer within a day is signed anew under its id (`accord.client.resending`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from accord.agreements import OF_AGREEMENTS
from accord.calls.deliveries import (
    SubmissionFacts,
    require_about,
)
from accord.calls.verdicts import is_final
from accord.client.errors import (
    AbsentError,
    AnswerError,
    ClockError,
    NotLoggedYetError,
    RefusedError,
    RequestError,
    SpoolError,
    UnreachableError,
)
from accord.client.outgoing import AlertToSend
from accord.client.own_copy import OwnCopy, open_own, require_own_signature
from accord.client.progress import SENDING, Meter
from accord.client.questions import answer_code, for_attention, question_change
from accord.client.results import Plan, Sent
from accord.client.sealing import divide, refuse_left_out, require_sendable, seal_into
from accord.client.session import Act, Session
from accord.client.spool import JWE, MANIFEST, Draft, Spool, SpooledEnvelope, drop_older, read_parts
from accord.client.state_changes import add_statement, mark_accepted, mark_logged
from accord.client.waiting import wait_for
from accord.envelope.blobs import BlobFacts, measure_file
from accord.envelope.encoding import MAX_MANIFEST_BYTES
from accord.envelope.jws import parse_jws
from accord.envelope.manifest import Manifest, read_manifest
from accord.envelope.seal import Recipient
from accord.envelope.statements.form import parse_statement
from accord.envelope.tree.receipts import Receipt
from accord.envelope.vocabulary import MAX_CLOCK_AHEAD_SECS, MAX_IAT_AGE_SECS, TYP_MANIFEST
from accord.following.keysets import refresh_keysets
from accord.following.statements import record_of_statement
from accord.privatefiles import PrivateFileError
from accord.state import StateError, SubmissionRecord
from accord.suspensions import RESUME, SUSPEND

KEYSET_STALE: Final = "keyset-stale"
LANE_SUSPENDED: Final = "lane-suspended"
CHECK_FAILED: Final = "envelope-refused"
TERMS_KEPT: Final = frozenset({SUSPEND, RESUME, *OF_AGREEMENTS})
"""Kinds of own statements that are kept whole once the hub has them: lists of agreements and lanes are read from them."""
ENVELOPE: Final = "envelope"
REFUSED_KEPT_DAYS: Final = 30
SENT_KEPT_SECS: Final = 7 * 24 * 3600
KEPT: Final = "It is kept in the spool; send it again, and do not submit it anew: accord submit --resend"


def plan_sending(act: Act, order: AlertToSend) -> tuple[Plan, list[Recipient]]:
    """Refresh every keyset concerned and divide the recipients by whether they can be sealed to now.

    Raises as `require_sendable`, KeysetEndedError, and the errors of a refused keyset.
    """
    require_sendable(act, order)
    for agency in (act.agency, *order.to):
        refresh_keysets(act, agency)
    act.changes.write()
    act.require_live_keyset()
    return divide(act, order)


def submit_alert(act: Act, order: AlertToSend, *, leave_out: bool, jti: str | None = None) -> Sent:
    """Seal and submit; with `leave_out` recipients that cannot receive are left out, else nothing is sent.

    Whom alone a suspended lane keeps it from is noted, and it is sent to the others. If keys changed while it was sealed, it is
    sealed once more. Raises SealingError naming every agency concerned, RefusedError, SpoolError, UnreachableError (then the
    envelope stays in the spool and `resend` sends it).
    """
    try:
        return _submit_with_live_keys(act, order, leave_out=leave_out, jti=jti)
    except RefusedError as refused:
        held = _suspended_by(refused, order)
        if not held:
            raise
    reduced = order.without(sorted(held))
    return _submit_with_live_keys(act, reduced, leave_out=leave_out, jti=jti, withheld=tuple(sorted(held)))


def denied_codes(refused: RefusedError) -> dict[str, str]:
    """Return why policy denies which recipient, by the hub's answer."""
    rows = refused.members.get("denials")
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {str(row.get("agency")): str(row.get("code")) for row in found}


def _suspended_by(refused: RefusedError, order: AlertToSend) -> frozenset[str]:
    """Return the recipients that nothing but a suspended lane denies, where others are left and nobody else is denied."""
    denied = denied_codes(refused)
    held = frozenset(denied)
    is_all = order.kind in ("alert", "update") and set(denied.values()) == {LANE_SUSPENDED}
    return held if is_all and held < set(order.to) else frozenset()


def _submit_with_live_keys(
    act: Act, order: AlertToSend, *, leave_out: bool, jti: str | None, withheld: tuple[str, ...] = ()
) -> Sent:
    try:
        return _submit_once(act, order, leave_out=leave_out, jti=jti, withheld=withheld)
    except RefusedError as refused:
        if refused.slug != KEYSET_STALE:
            raise
    return _submit_once(act, order, leave_out=leave_out, jti=jti, withheld=withheld)


def _submit_once(
    act: Act, order: AlertToSend, *, leave_out: bool, jti: str | None, withheld: tuple[str, ...]
) -> Sent:
    plan, recipients = plan_sending(act, order)
    if not leave_out:
        refuse_left_out(plan)
    reduced = order.without([item.agency for item in plan.left_out])
    with act.session.home.spool.draft() as draft:
        sealed = seal_into(act, reduced, recipients, draft, jti=jti)
        about = None if order.re is None else order.re.md
        terms = order.terms(sealed.jti, now=act.now)
        record = SubmissionRecord(
            ENVELOPE,
            order.kind,
            sealed.jti,
            sealed.md,
            act.now,
            to=plan.will,
            about=about,
            reply_by=order.reply_by,
            code=answer_code(order.alert),
            question_change=question_change(order.alert),
            for_attention=for_attention(order.alert),
            status=order.status,
            lane=order.lane,
            pri=order.pri,
            keep=terms.keep,
            ack_by=terms.ack_by,
            withheld=withheld if order.status == "actual" else (),
        )
        spool_envelope(act, draft, record)
    send_spooled(act, record)
    return Sent(act.agency, sealed.jti, sealed.md, plan.will, plan.left_out, None, withheld)


def look_at_sealed(act: Act, folder: Path) -> OwnCopy:
    """Return the contents of an envelope that was sealed into a folder; send nothing.

    Raises RequestError where it is not a whole, unaltered envelope of ours that may still be sent.
    """
    try:
        parts = read_parts(folder)
        own = open_own(act, parts)
        require_own_signature(act, parts.manifest)
        _require_blobs(own.manifest, parts)
    except (PrivateFileError, SpoolError) as exc:
        raise RequestError(f"{folder} does not hold an envelope that was sealed here. {exc}") from exc
    if act.now - own.manifest.terms.iat >= MAX_IAT_AGE_SECS:
        raise RequestError("It was sealed over a day ago and no hub takes it any more: seal it anew.")
    return own


def submit_sealed(act: Act, folder: Path) -> Sent:
    """Send what was sealed into a folder, octet for octet, through the spool; safe to repeat.

    Raises as `look_at_sealed`, RefusedError (`keyset-stale`: keys changed since, seal it anew), SpoolError, UnreachableError
    (then it stays in the spool).
    """
    own = look_at_sealed(act, folder)
    terms, md = own.manifest.terms, own.manifest.md
    record = act.state.submissions.get(md)
    if record is None:
        about = None if terms.re is None else terms.re.md
        record = SubmissionRecord(
            ENVELOPE,
            terms.kind,
            terms.jti,
            md,
            terms.iat,
            to=own.inner.aud,
            about=about,
            reply_by=terms.reply_by,
            code=answer_code(own.inner.alert),
            question_change=question_change(own.inner.alert),
            for_attention=for_attention(own.inner.alert),
            status=terms.status,
            lane=terms.lane,
            pri=terms.pri,
            keep=terms.keep,
            ack_by=terms.ack_by,
        )
        with act.session.home.spool.draft() as draft:
            _copy_parts(read_parts(folder), draft)
            spool_envelope(act, draft, record)
    if record.logged_at is None:
        send_spooled(act, record)
    return Sent(act.agency, record.id, md, record.to, (), record.logged_at)


def _copy_parts(parts: SpooledEnvelope, draft: Draft) -> None:
    draft.write(MANIFEST, parts.manifest)
    draft.write(JWE, parts.jwe)
    for n, blob in enumerate(parts.blobs):
        draft.take(n, blob)


def spool_envelope(act: Act, draft: Draft, record: SubmissionRecord) -> None:
    """Record a sealed envelope and keep it until its receipt; raise SpoolError."""
    spool = act.session.home.spool
    _record(act, record, lambda: spool.keep(draft, record.id))


def spool_statement(act: Act, record: SubmissionRecord, jws: bytes, entries: bytes | None = None) -> None:
    """Record a signed statement and keep it until its receipt; raise SpoolError."""
    spool = act.session.home.spool
    _record(act, record, lambda: spool.keep_statement(record.id, jws, entries))


def _record(act: Act, record: SubmissionRecord, keep: Callable[[], None]) -> None:
    """Store and record in one step, or neither; raise SpoolError."""
    try:
        with act.session.state_file.change() as state:
            # Within the lock, so that nobody mistakes the spooled octets for an interrupted sending.
            keep()
            state.submissions[record.d] = record
    except StateError as exc:
        act.session.home.spool.drop(record.id)
        raise SpoolError(f"Nothing was sent: it cannot be recorded on this disk first. {exc}") from exc
    act.changes.state.submissions[record.d] = record


def send_spooled(act: Act, record: SubmissionRecord) -> None:
    """Send the octets as they were signed. The hub's own judgement is final: a copy is set aside.

    After any other answer, or none, they stay in the spool. Raises RefusedError (its `is_kept` says which), UnreachableError,
    AnswerError, SpoolError; a note of the error says what became of the object.
    """
    try:
        send_kept(act, record, act.session.home.spool)
    except RefusedError as refused:
        refused.is_kept = not is_final(refused)
        note = KEPT if refused.is_kept else _gone(record, forget(act.session, record))
        refused.add_note(note)
        _blame_clock(refused, act.session.clock())
        raise
    except (UnreachableError, AnswerError) as failed:
        failed.add_note(KEPT)
        raise
    act.changes.record(mark_accepted(record.d))
    if record.kind in TERMS_KEPT:
        jws = act.session.home.spool.statement(record.id)
        act.changes.record(
            add_statement(record_of_statement(parse_statement(jws).statement, jws, record.iat))
        )
    act.changes.write()


def send_kept(act: Act, record: SubmissionRecord, kept: Spool) -> None:
    """Send the stored octets as they were signed; raise the exchange's errors, SpoolError."""
    if record.what == ENVELOPE:
        _send_envelope(act, record, kept)
    else:
        jws = kept.statement(record.id)
        statement = parse_statement(jws).statement
        require_same(record, statement.id, statement.od)
        act.session.exchange.post_statement(record.id, jws, kept.entries(record.id))


def _gone(record: SubmissionRecord, copy: Path | None) -> str:
    """Return the sentence on an object that is not tried again."""
    over = f"The {record.what} {record.id} is dropped from the spool and not sent again."
    if copy is None:
        return over
    again = (
        f" Once the cause is mended, within a day: accord submit --sealed {copy}"
        if record.what == ENVELOPE
        else ""
    )
    return f"{over} A copy lies in {copy} for {REFUSED_KEPT_DAYS} days.{again}"


def _blame_clock(refused: RefusedError, clock: int) -> None:
    """Blame a wrong clock where it may be the cause: the hub does not say which check failed, and this one a person can fix."""
    if refused.slug == CHECK_FAILED and refused.answered_at is not None:
        ahead_secs = clock - refused.answered_at
        if abs(ahead_secs) > MAX_CLOCK_AHEAD_SECS:
            blamed = ClockError(refused, ahead_secs)
            for note in getattr(refused, "__notes__", ()):
                blamed.add_note(note)
            raise blamed from refused


def forget(session: Session, record: SubmissionRecord) -> Path | None:
    """Drop an object that the hub has refused or that can no longer be sent; return the path of its copy."""
    with session.state_file.change() as state:
        state.submissions.pop(record.d, None)
    return session.home.spool.set_aside(record.id, session.home.refused)


def require_same(record: SubmissionRecord, object_id: str, d: str) -> None:
    """Check that the spooled object is the one recorded when it was signed; raise SpoolError."""
    if (object_id, d) != (record.id, record.d):
        raise SpoolError(f"The spooled {record.what} {record.id} was altered on this disk; it is not sent.")


def _send_envelope(act: Act, record: SubmissionRecord, kept: Spool) -> None:
    parts = kept.envelope(record.id)
    manifest = _manifest_of(parts.manifest)
    require_same(record, manifest.terms.jti, manifest.md)
    _require_blobs(manifest, parts)
    meter = Meter(act.session.progress, SENDING, sum(ref.len for ref in manifest.att))
    act.session.exchange.post_envelope(record.id, parts, moved=meter)


def _require_blobs(manifest: Manifest, parts: SpooledEnvelope) -> None:
    """Check that the files hold what was signed; raise SpoolError."""
    signed = [BlobFacts(ref.sha256, ref.len) for ref in manifest.att]
    try:
        found = [measure_file(blob) for blob in parts.blobs]
    except OSError as exc:
        raise SpoolError(f"An attachment cannot be read from this disk: {exc.strerror}.") from exc
    if found != signed:
        raise SpoolError("An attachment was altered on this disk; it is not sent.")


def _manifest_of(manifest: bytes) -> Manifest:
    return read_manifest(parse_jws(manifest, TYP_MANIFEST, limit=MAX_MANIFEST_BYTES).payload)


def await_receipt(act: Act, d: str, *, wait_secs: float) -> int | None:
    """Return the log time of an object of ours once its receipt was verified, else None after the time.

    Raises VerificationError when a receipt does not hold, AnswerError when the hub answers about another object.
    """
    receipt = wait_for(lambda: _receipt_of(act, d), wait_secs=wait_secs, sleep=act.session.sleep)
    return None if receipt is None else settle(act, d, receipt)


def require_receipt(act: Act, d: str, *, wait_secs: float) -> int | None:
    """Return what `await_receipt` does; after waiting without a receipt raise NotLoggedYetError."""
    if wait_secs <= 0:
        return None
    log_time = await_receipt(act, d, wait_secs=wait_secs)
    if log_time is None:
        raise NotLoggedYetError(d)
    return log_time


def settle(act: Act, d: str, receipt: Receipt) -> int:
    """Verify the receipt of an object of ours, record it, and drop the object from the spool.

    `d` is the requested object, never the one the answer names: only that ensures that this one is carried.
    """
    log_time = act.log.prove(receipt, d=d)
    record = act.state.submissions.get(d)
    act.changes.record(mark_logged(d, log_time))
    act.changes.write()
    if record is not None:
        _let_go(act, record)
    return log_time


def _let_go(act: Act, record: SubmissionRecord) -> None:
    """Move an object out of the spool; a disk that refuses the copy does not stop it from counting as carried."""
    home = act.session.home
    try:
        home.spool.set_aside(record.id, home.sent)
    except SpoolError:
        home.spool.drop(record.id)
    drop_older(home.sent, than=act.session.clock() - SENT_KEPT_SECS)


def facts_of(act: Act, d: str) -> SubmissionFacts:
    """Return the hub's facts about one object of ours; raise AbsentError, AnswerError (it is about another one)."""
    return require_about(d, act.session.exchange.submission(d))


def _receipt_of(act: Act, d: str) -> Receipt | None:
    facts = facts_if_known(act, d)
    return None if facts is None else facts.receipt


def facts_if_known(act: Act, d: str) -> SubmissionFacts | None:
    """Return what `facts_of` does; None where the hub has no such object of ours."""
    try:
        return facts_of(act, d)
    except AbsentError:
        return None
