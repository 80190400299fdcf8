# SPDX-License-Identifier: Apache-2.0
"""Sending: sign, seal, spool, submit, and keep until the ledger's receipt.

An object is recorded in the state and lies in the spool before it is first sent; sending it again is always
safe. It counts as carried only when its receipt was verified; then it leaves the spool. An envelope that no
hub answered for within a day is refused there as stale and has to be written anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from accord.client.answers import SubmissionFacts, require_about
from accord.client.errors import (
    AbsentError,
    ApiKeyRefusedError,
    ClockError,
    NotLoggedYetError,
    RefusedError,
    RequestError,
    SpoolError,
)
from accord.client.notebook import accepted_fact, logged_fact
from accord.client.outgoing import AlertToSend
from accord.client.pinned import refresh_keysets, require_pins
from accord.client.results import Plan, Sent
from accord.client.session import Act, Session
from accord.client.waiting import wait_for
from accord.envelope.encoding import MAX_ENVELOPE_BYTES
from accord.envelope.errors import SealingError, SealRefusal
from accord.envelope.jws import parse_jws
from accord.envelope.manifest import read_manifest
from accord.envelope.seal import LeftOut, Recipient, SealedEnvelope, plan_recipients, seal
from accord.envelope.statements.form import parse_statement
from accord.envelope.tree.receipts import Receipt
from accord.envelope.vocabulary import MAX_CLOCK_AHEAD_SECS, TYP_MANIFEST
from accord.state import State, SubmissionRecord

KEYSET_STALE: Final = "keyset-stale"
CHECK_FAILED: Final = "envelope-refused"


def plan_sending(act: Act, order: AlertToSend) -> tuple[Plan, list[Recipient]]:
    """Refresh every keyset concerned and divide the recipients by whether they can be sealed to now.

    Raises UnpinnedError naming everyone without a pin, and whatever a refused keyset raises.
    """
    if act.agency in order.to:
        raise RequestError("to: your own agency has an entry anyway; leave it out.")
    require_pins(act.state, order.to)
    for agency in (act.agency, *order.to):
        refresh_keysets(act.session.exchange, act.notebook, act.log, agency)
    act.notebook.write()
    known = {agency: act.directory.recipient(agency) for agency in order.to}
    recipients = [recipient for recipient in known.values() if recipient is not None]
    unknown = [LeftOut(agency, SealRefusal.NOT_LOGGED) for agency in order.to if known[agency] is None]
    planned = plan_recipients(order.suite, order.tlp, recipients, now=act.now)
    left_out = tuple(sorted((*planned.left_out, *unknown), key=lambda item: item.agency))
    will = list(planned.will)
    return Plan(tuple(recipient.agency for recipient in will), left_out), will


def submit_alert(act: Act, order: AlertToSend, *, leave_out: bool) -> Sent:
    """Seal and submit; with `leave_out` those who cannot receive are left out, else nothing is sent.

    Raises SealingError naming every agency concerned, RefusedError, SpoolError, UnreachableError (then the
    envelope stays in the spool and `resend` sends it). Keys that changed while it was sealed: once more.
    """
    try:
        return _submit_once(act, order, leave_out=leave_out)
    except RefusedError as refused:
        if refused.slug != KEYSET_STALE:
            raise
    return _submit_once(act, order, leave_out=leave_out)


def _submit_once(act: Act, order: AlertToSend, *, leave_out: bool) -> Sent:
    plan, recipients = plan_sending(act, order)
    if plan.left_out and not leave_out:
        reason = plan.left_out[0].reason
        raise SealingError(reason, agencies=[item.agency for item in plan.left_out])
    reduced = order.without([item.agency for item in plan.left_out])
    sealed = _seal(act, reduced, recipients)
    _spool_envelope(act, sealed, order.kind, plan.will)
    send_spooled(act, act.session.state_file.read().submissions[sealed.md])
    return Sent(act.agency, sealed.jti, sealed.md, plan.will, plan.left_out, None)


def _seal(act: Act, order: AlertToSend, recipients: list[Recipient]) -> SealedEnvelope:
    originator = act.directory.recipient(act.agency)
    if originator is None:
        raise SealingError(SealRefusal.NOT_LOGGED, agencies=(act.agency,))
    return seal(
        order.terms(act.session.new_id(act.now), now=act.now),
        order.alert,
        suite=order.suite,
        originator=originator,
        recipients=recipients,
        signer=act.signer(order.suite),
        nonce=os.urandom(16),
        now=act.now,
        names=order.names,
        attachments=order.attachments,
        confirm_ec1=order.confirm_ec1,
    )


def _spool_envelope(act: Act, sealed: SealedEnvelope, kind: str, to: tuple[str, ...]) -> None:
    record = SubmissionRecord("envelope", kind, sealed.jti, sealed.md, act.now, to=to)
    with act.session.state_file.change() as state:
        # Within the lock, so that nobody takes the spooled octets for those of a sending that broke off.
        act.session.home.spool.keep_envelope(sealed.jti, sealed.manifest, sealed.jwe, sealed.blobs)
        state.submissions[sealed.md] = record
    act.notebook.state.submissions[sealed.md] = record


def spool_statement(act: Act, record: SubmissionRecord, jws: bytes) -> None:
    """Record a signed statement and keep it until its receipt; raises SpoolError."""
    with act.session.state_file.change() as state:
        act.session.home.spool.keep_statement(record.id, jws)
        state.submissions[record.d] = record
    act.notebook.state.submissions[record.d] = record


def send_spooled(act: Act, record: SubmissionRecord) -> None:
    """Send the octets as they were signed. A refusal of the hub ends the matter: the spool lets go.

    Raises RefusedError, UnreachableError, SpoolError.
    """
    spool, exchange = act.session.home.spool, act.session.exchange
    try:
        if record.what == "envelope":
            parts = spool.envelope(record.id)
            _require_same(record, _md_of(parts.manifest))
            exchange.post_envelope(record.id, parts.manifest, parts.jwe, parts.blobs)
        else:
            jws = spool.statement(record.id)
            _require_same(record, parse_statement(jws).od)
            exchange.post_statement(record.id, jws)
    except RefusedError as refused:
        if _is_final(refused):
            _forget(act.session, record)
        _blame_clock(refused, act.session.clock())
        raise
    act.notebook.note(accepted_fact(record.d))
    act.notebook.write()


def _is_final(refused: RefusedError) -> bool:
    """What the hub has judged is over: sent again later it might pass when nobody expects it any more.

    An API key that is not accepted, or a fault of the hub, is no judgement on what was sent.
    """
    return 400 <= refused.status < 500 and not isinstance(refused, ApiKeyRefusedError)


def _blame_clock(refused: RefusedError, clock: int) -> None:
    """The hub does not say which check failed; a wrong clock is the one a person here can put right."""
    if refused.slug == CHECK_FAILED and refused.answered_at is not None:
        ahead_secs = clock - refused.answered_at
        if abs(ahead_secs) > MAX_CLOCK_AHEAD_SECS:
            raise ClockError(refused, ahead_secs) from refused


def _forget(session: Session, record: SubmissionRecord) -> None:
    with session.state_file.change() as state:
        state.submissions.pop(record.d, None)
        session.home.spool.drop(record.id)


def _require_same(record: SubmissionRecord, d: str) -> None:
    if d != record.d:
        raise SpoolError(f"The spooled {record.what} {record.id} was altered on this disk; it is not sent.")


def _md_of(manifest: bytes) -> str:
    return read_manifest(parse_jws(manifest, TYP_MANIFEST, limit=MAX_ENVELOPE_BYTES).payload).md


def await_receipt(act: Act, d: str, *, wait_secs: float) -> int | None:
    """The log time of an object of ours once its receipt was verified, else None after the time.

    Raises VerificationError when a receipt does not hold, AnswerError when the hub answers about another object.
    """
    receipt = wait_for(lambda: _receipt_of(act, d), wait_secs=wait_secs, sleep=act.session.sleep)
    return None if receipt is None else settle(act, d, receipt)


def require_receipt(act: Act, d: str, *, wait_secs: float) -> int | None:
    """As `await_receipt`; asked to wait and left without a receipt raises NotLoggedYetError."""
    if wait_secs <= 0:
        return None
    log_time = await_receipt(act, d, wait_secs=wait_secs)
    if log_time is None:
        raise NotLoggedYetError(d)
    return log_time


def settle(act: Act, d: str, receipt: Receipt) -> int:
    """Verify the receipt of an object of ours, record it, and let the spool go.

    `d` is the object that was asked for, never the one the answer names: only so is it this one that is carried.
    """
    log_time = act.log.prove(receipt, d=d)
    record = act.state.submissions.get(d)
    act.notebook.note(logged_fact(d, log_time))
    act.notebook.write()
    if record is not None:
        act.session.home.spool.drop(record.id)
    return log_time


def facts_of(act: Act, d: str) -> SubmissionFacts:
    """What the hub says about one object of ours; raises AbsentError, AnswerError (it is about another one)."""
    return require_about(d, act.session.exchange.submission(d))


def _receipt_of(act: Act, d: str) -> Receipt | None:
    facts = _facts_if_known(act, d)
    return None if facts is None else facts.receipt


def _facts_if_known(act: Act, d: str) -> SubmissionFacts | None:
    try:
        return facts_of(act, d)
    except AbsentError:
        return None


def resend_spooled(act: Act) -> Iterator[Sent]:
    """Send again whatever has no receipt, and pick up receipts that came meanwhile; oldest first.

    Raises what the hub or the network raises at the first object that fails; the rest stays spooled.
    """
    _drop_orphans(act)
    waiting = [record for record in act.state.submissions.values() if record.logged_at is None]
    for record in sorted(waiting, key=lambda record: record.id):
        facts = _facts_if_known(act, record.d) if record.accepted else None
        if facts is None:
            send_spooled(act, record)
            facts = _facts_if_known(act, record.d)
        receipt = facts.receipt if facts is not None else None
        log_time = settle(act, record.d, receipt) if receipt is not None else None
        yield Sent(act.agency, record.id, record.d, record.to, (), log_time)


def _drop_orphans(act: Act) -> None:
    """Octets whose sending broke off before it was recorded were never sent and never will be."""
    with act.session.state_file.change() as state:
        recorded = {record.id for record in state.submissions.values()}
        for object_id in act.session.home.spool.ids():
            if object_id not in recorded:
                act.session.home.spool.drop(object_id)
    act.notebook.state.submissions.update(_newer(act.state, state))


def _newer(known: State, state: State) -> dict[str, SubmissionRecord]:
    return {d: record for d, record in state.submissions.items() if d not in known.submissions}
