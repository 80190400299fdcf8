# SPDX-License-Identifier: Apache-2.0
"""Own statements: acknowledge, retract, confirm. Signed here, spooled and logged like alerts.

An acknowledgement is a person's act: it names the officer by the opaque id the agency gave. No statement is made about an alert
that this client has not verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accord.client.errors import AbsentError, NotEntitledError, RequestError, SpoolError
from accord.client.fate import reaffirmed_since, repudiated_by, repudiation_of
from accord.client.memory import verified_senders
from accord.client.outcome import settle_listed
from accord.client.reading import Place, open_envelope
from accord.client.results import Stated
from accord.client.sending import facts_of, require_receipt, send_spooled, spool_statement
from accord.client.session import Act
from accord.client.state_changes import mark_acknowledged
from accord.envelope.encoding import officer_id, uuid7
from accord.envelope.errors import MalformedError, OpeningError
from accord.envelope.statements.bodies import ACK_CODES, RETRACT_CODES
from accord.envelope.statements.form import SubjectRef, parse_statement
from accord.following.judging import counts
from accord.following.records import StatementRecord
from accord.following.slices import fetch_slice
from accord.following.stating import sign_statement
from accord.state import SubmissionRecord


def acknowledge_envelope(
    act: Act, place: Place, *, officer: str | None, st: str, code: str | None, wait_secs: float
) -> Stated:
    """Sign and send an acknowledgement: opened, refused, or unopenable.

    `opened` and `refused` verify and open the alert first, so that nobody acknowledges an invalid one; a RED alert must name
    the officer. `unopenable` requires that opening fails, and gives the reason only as one word. Raises RequestError,
    NotEntitledError, and the errors of opening and sending.
    """
    _require_ack_words(officer, st, code)
    earlier = _acknowledged_before(act, place.md, st, code)
    if earlier is not None:
        return earlier
    if st == "unopenable":
        subject, code = _require_unopenable(act, place)
    else:
        subject = _opened_subject(act, place, officer)
    body = {"st": st, "code": code}
    stated = state(act, "ack", subject, body, officer=None if st == "unopenable" else officer)
    act.changes.record(mark_acknowledged(place.md, stated.od))
    act.changes.write()
    return settled(act, stated, wait_secs)


def _acknowledged_before(act: Act, md: str, st: str, code: str | None) -> Stated | None:
    """Return the valid acknowledgement of this alert with the same content that this home has sent; None without one."""
    for record in act.state.submissions.values():
        octets = _own_statement(act, record) if (record.kind, record.about) == ("ack", md) else None
        if octets is not None and _stands(act, record, octets, st, code):
            return Stated(record.d, record.id, "ack", md, record.logged_at, stated_before=True)
    return None


def _stands(act: Act, record: SubmissionRecord, octets: bytes, st: str, code: str | None) -> bool:
    """Tell whether this is what was signed then, has the same content, and none of its keys was revoked since."""
    unverified = parse_statement(octets)
    said = unverified.statement
    is_same = unverified.od == record.d and (said.body["st"], said.body["code"]) == (st, code)
    return is_same and not (record.logged_at and repudiated_by(act, said.signers, record.logged_at))


def _own_statement(act: Act, record: SubmissionRecord) -> bytes | None:
    """Return the octets of a statement of our own: from the spool before its receipt, else from the hub.

    None for one that was never logged and that this disk has lost: nothing shows that it is valid.
    """
    if record.logged_at is not None:
        return act.session.exchange.statement(record.d).jws
    try:
        return act.session.home.spool.statement(record.id)
    except SpoolError:
        return None


def retract_envelope(
    act: Act, md: str, *, code: str, by: str | None, officer: str | None, wait_secs: float
) -> Stated:
    """Withdraw an alert of our own; `by` is the jti of the correction. Raises RequestError, RefusedError."""
    if code not in RETRACT_CODES:
        raise RequestError(f"code: choose one of {', '.join(sorted(RETRACT_CODES))}.")
    if by is not None:
        _checked(uuid7, by, "by: give the jti of the alert that corrects this one.")
    subject = SubjectRef("manifest", _own_jti(act, md), md)
    stated = state(act, "retract", subject, {"code": code, "by": by}, officer=own_officer(officer))
    return settled(act, stated, wait_secs)


def _own_jti(act: Act, md: str) -> str:
    """Return the jti of an alert sent from here, or of one sent under our keys elsewhere that the hub lists as ours."""
    own = act.state.submissions.get(md)
    if own is not None and own.what == "envelope":
        return own.id
    try:
        listed = act.session.exchange.submission(md)
    except AbsentError:
        listed = None
    if own is not None or listed is None or listed.what != "envelope":
        raise RequestError("Only an alert in this agency's own name can be retracted.")
    return listed.id


def reaffirm_object(act: Act, d: str, *, officer: str | None, wait_secs: float) -> Stated:
    """Reaffirm an alert or a statement of our own under keys that are good now.

    Raises RequestError where nothing of it is repudiated, or it was reaffirmed since; RefusedError.
    """
    own = act.state.submissions.get(d)
    if own is None:
        raise RequestError("Only what was sent from this home can be reaffirmed here.")
    _require_repudiated(act, own)
    subject = SubjectRef("manifest" if own.what == "envelope" else own.kind, own.id, own.d)
    stated = state(act, "reaffirm", subject, {}, officer=own_officer(officer))
    return settled(act, stated, wait_secs)


def _require_repudiated(act: Act, own: SubmissionRecord) -> None:
    act.refresh(act.agency)
    facts = facts_of(act, own.d)
    repudiation = repudiation_of(act, facts, settle_listed(act, facts))
    if repudiation is None:
        raise RequestError(
            "There is nothing to reaffirm: no key that signed this was revoked since. It counts."
        )
    word = reaffirmed_since(act, own.d, repudiation.revoked_at)
    if word is not None:
        raise RequestError(f"It was reaffirmed before, by the statement {word.d}; nothing was signed.")


def confirm_retraction(act: Act, md: str, *, st: str, officer: str | None, wait_secs: float) -> Stated:
    """Answer a retraction: its effect here is `stopped`, or stopping is `impossible`. Raises RequestError."""
    if st not in ("stopped", "impossible"):
        raise RequestError("Say stopped or impossible.")
    senders = verified_senders(act.state)
    found = [
        record
        for record in act.state.statements.values()
        if record.k == "retract"
        and md in (record.about, record.od)
        and _may_retract(record, senders)
        and counts(act, record)
    ]
    if not found:
        raise RequestError("No retraction of this alert is known here. Run: accord inbox")
    newest = max(found, key=lambda record: record.log_time)
    subject = SubjectRef("retract", newest.id, newest.od)
    stated = state(act, "confirm", subject, {"st": st}, officer=own_officer(officer))
    return settled(act, stated, wait_secs)


def _may_retract(record: StatementRecord, senders: Mapping[str, tuple[str, str]]) -> bool:
    """Tell whether nothing verified here shows that somebody else sent the object it is about."""
    sender = senders.get(record.about or "")
    return sender is None or sender[0] == record.iss


def _require_ack_words(officer: str | None, st: str, code: str | None) -> None:
    if st not in ("opened", "refused", "unopenable"):
        raise RequestError("Say opened, refused or unopenable.")
    if code is not None and (st != "refused" or code not in ACK_CODES):
        raise RequestError(f"A code goes with refused; choose one of {', '.join(sorted(ACK_CODES))}.")
    if st != "unopenable" and officer is None:
        raise RequestError("Say which officer acknowledges this (--as OFFICER).")
    own_officer(officer)


def own_officer(officer: str | None) -> str | None:
    """Check the opaque id of an officer; raise RequestError."""
    sentence = "The officer's id has 1 to 64 letters, digits, - or _; it is the opaque id your agency gave."
    return None if officer is None else _checked(officer_id, officer, sentence)


def _checked(check: Any, value: str, sentence: str) -> str:
    try:
        text: str = check(value, "value")
    except MalformedError as exc:
        raise RequestError(sentence) from exc
    return text


def _opened_subject(act: Act, place: Place, officer: str | None) -> SubjectRef:
    opened = open_envelope(act, place, officer=officer)
    if opened.manifest.iss == act.agency:
        raise NotEntitledError("Your own alert needs no acknowledgement.")
    return SubjectRef("manifest", opened.manifest.jti, opened.md)


def _require_unopenable(act: Act, place: Place) -> tuple[SubjectRef, str]:
    try:
        open_envelope(act, place, officer=None)
    except OpeningError as failed:
        _, unverified = fetch_slice(act, place.md)
        return SubjectRef("manifest", unverified.manifest.jti, place.md), failed.ack_code
    except NotEntitledError:
        pass
    raise RequestError("This alert opens; acknowledge it as opened or refused.")


def state(
    act: Act,
    k: str,
    subject: SubjectRef | None,
    body: Mapping[str, Any],
    *,
    officer: str | None,
    exp: int | None = None,
) -> Stated:
    """Sign a statement under the newest keyset, store it, send it. Raises RefusedError, and what signing raises."""
    jws = sign_statement(act, act.keys, k, subject, body, actor=officer, reason=k, exp=exp)
    said = parse_statement(jws).statement
    about = subject.d if subject else ""
    record = SubmissionRecord("statement", k, said.id, said.od, said.iat, about=about or None)
    act.changes.write()
    spool_statement(act, record, jws)
    send_spooled(act, record)
    return Stated(said.od, said.id, k, about, None)


def settled(act: Act, stated: Stated, wait_secs: float) -> Stated:
    """Wait for the receipt of a statement; raise as `require_receipt`."""
    log_time = require_receipt(act, stated.od, wait_secs=wait_secs)
    return Stated(stated.od, stated.id, stated.k, stated.about, log_time)
