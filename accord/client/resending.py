# SPDX-License-Identifier: Apache-2.0
"""Sending again: octet for octet while the hub accepts it, signed anew under the same id after a day.

A hub accepts nothing whose `iat` is more than a day old. An object without an answer by then (the network was down, the program
was killed) is read from its own sealed copy and signed anew: same id, same content, same files, a new `iat`, sealed to the
recipients' present keys. If the hub did get the first one, it says so, and that one stands. Source: docs/spec/envelope.md,
"Submission".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from accord.calls.answers import MOST_WANTED
from accord.client.errors import OutlivedError, RefusedError
from accord.client.outgoing import AlertToSend
from accord.client.own_copy import OwnCopy, open_own
from accord.client.results import Sent
from accord.client.sealing import divide, refuse_left_out, seal_terms
from accord.client.sending import (
    ENVELOPE,
    REFUSED_KEPT_DAYS,
    facts_if_known,
    forget,
    require_same,
    send_kept,
    send_spooled,
    settle,
)
from accord.client.session import Act
from accord.client.spool import JWE, MANIFEST, Spool, drop_older
from accord.envelope.manifest import Terms
from accord.envelope.releases import RELEASE
from accord.envelope.statements.form import make_statement, parse_statement
from accord.envelope.vocabulary import MAX_CLOCK_AHEAD_SECS, MAX_IAT_AGE_SECS
from accord.following.keysets import refresh_keysets
from accord.state import State, SubmissionRecord

SIGNED_ANEW_AFTER_SECS: Final = MAX_IAT_AGE_SECS - MAX_CLOCK_AHEAD_SECS
"""A little less than the hub's day: its clock may be ahead of this one."""


def resend_spooled(act: Act) -> Iterator[Sent]:
    """Send again every object without a receipt, and fetch receipts that arrived meanwhile; oldest first, to the second.

    Raises the network's errors, or the hub's judgement, at the first object that fails; the rest stays spooled. Any other
    answer about one object holds up no later one: it is raised at the end.
    """
    _tidy_spool(act)
    first_kept: RefusedError | None = None
    waiting = [record for record in act.state.submissions.values() if record.logged_at is None]
    for record in sorted(waiting, key=lambda record: record.id):
        try:
            yield _resend(act, record)
        except RefusedError as refused:
            if not refused.is_kept:
                raise
            first_kept = first_kept or refused
    if first_kept is not None:
        raise first_kept


def resend_wanted(act: Act) -> Iterator[Sent]:
    """Send a hub that was restored from a backup our objects it has lost, as they were signed; oldest first.

    Objects that the hub does not accept now stay stored: its refusal, or its silence, is raised at the end.
    """
    _restate_keys(act)
    kept = Spool(act.session.home.sent)
    logged = {record.id: record for record in act.state.submissions.values() if record.logged_at is not None}
    records = {logged[name].d: logged[name] for name in kept.ids() if name in logged}
    ds = list(records)
    first_refusal: RefusedError | None = None
    for first in range(0, len(ds), MOST_WANTED):
        for d in act.session.exchange.wanted(ds[first : first + MOST_WANTED]):
            try:
                yield _give_again(act, records[d], kept)
            except RefusedError as refused:
                refused.is_kept = True
                first_refusal = first_refusal or refused
    if first_refusal is not None:
        raise first_refusal


def _restate_keys(act: Act) -> None:
    """Send the own keysets and revocations first, without which nothing else counts; the hub proved their keys before."""
    keysets = {
        parse_statement(record.jws.encode()).od: record for record in act.state.keysets.get(act.agency, ())
    }
    revokes = {record.od: record for record in act.state.revocations.get(act.agency, ())}
    for od in act.session.exchange.wanted([*keysets, *revokes][-MOST_WANTED:]):
        jws = (keysets.get(od) or revokes[od]).jws.encode()
        if od in keysets:
            act.session.exchange.post_keyset(act.agency, pop=None, keyset=jws)
        else:
            act.session.exchange.post_statement(parse_statement(jws).statement.id, jws)


def _give_again(act: Act, record: SubmissionRecord, kept: Spool) -> Sent:
    send_kept(act, record, kept)
    return Sent(act.agency, record.id, record.d, record.to, (), record.logged_at)


def _resend(act: Act, record: SubmissionRecord) -> Sent:
    is_old = act.now - record.iat >= SIGNED_ANEW_AFTER_SECS
    facts = facts_if_known(act, record.d) if record.accepted or is_old else None
    if facts is None and is_old:
        record = sign_anew(act, record)
    if facts is None:
        send_spooled(act, record)
        facts = facts_if_known(act, record.d)
    receipt = facts.receipt if facts is not None else None
    log_time = settle(act, record.d, receipt) if receipt is not None else None
    return Sent(act.agency, record.id, record.d, record.to, (), log_time)


def sign_anew(act: Act, record: SubmissionRecord) -> SubmissionRecord:
    """Sign a spooled object once more, with a new `iat` under the same id, and store that instead.

    Raises OutlivedError (it has ended meanwhile; the spool drops it), SealingError (a recipient can no longer receive it; it
    stays), SpoolError (also where it is not what was signed before: a writer of the spool must not choose what is signed), and
    the errors of fetching keysets.
    """
    refresh_keysets(act, act.agency)
    return _seal_anew(act, record) if record.what == ENVELOPE else _state_anew(act, record)


def _seal_anew(act: Act, record: SubmissionRecord) -> SubmissionRecord:
    parts = act.session.home.spool.envelope(record.id)
    own = open_own(act, parts)
    require_same(record, own.manifest.terms.jti, own.manifest.md)
    if act.now >= own.manifest.terms.exp:
        raise OutlivedError(record.d, forget(act.session, record))
    terms = terms_anew(own.manifest.terms, now=act.now)
    order = _order_of(own)
    for agency in order.to:
        refresh_keysets(act, agency)
    act.changes.write()
    plan, recipients = divide(act, order)
    refuse_left_out(plan)
    sealed = seal_terms(act, order, terms, recipients, own.inner.attachments)
    renewed = replace(record, d=sealed.md, iat=act.now, ack_by=terms.ack_by, reply_by=terms.reply_by)
    with act.session.home.spool.draft(_draft_name(renewed)) as draft:
        draft.write(MANIFEST, sealed.manifest)
        draft.write(JWE, sealed.jwe)
        for n, blob in enumerate(parts.blobs):
            draft.take(n, blob)
        _replace(act, record, renewed)
        draft.needed = True
    act.session.home.spool.renew(record.id, _draft_name(renewed))
    return renewed


def terms_anew(terms: Terms, *, now: int) -> Terms:
    """Return these terms with a new `iat`; a passed time to answer within is moved accordingly, at most to `keep`."""
    later = now - terms.iat
    ack_by, reply_by = (
        moment if moment is None or moment > now else min(moment + later, terms.keep)
        for moment in (terms.ack_by, terms.reply_by)
    )
    return replace(terms, iat=now, ack_by=ack_by, reply_by=reply_by)


def _order_of(own: OwnCopy) -> AlertToSend:
    terms, inner = own.manifest.terms, own.inner
    return AlertToSend(
        alert=inner.alert,
        to=inner.aud,
        lane=terms.lane,
        purpose=terms.purpose,
        tlp=terms.tlp,
        pri=terms.pri,
        rel=terms.rel,
        kind=terms.kind,
        status=terms.status,
        suite=own.manifest.suite,
        # It was confirmed when it was first sealed.
        confirm_ec1=True,
        re=terms.re,
        names=inner.names,
    )


def _state_anew(act: Act, record: SubmissionRecord) -> SubmissionRecord:
    spool = act.session.home.spool
    statement = parse_statement(spool.statement(record.id)).statement
    require_same(record, statement.id, statement.od)
    if statement.exp is not None and act.now >= statement.exp:
        raise OutlivedError(record.d, forget(act.session, record))
    suite = statement.suite if statement.k == RELEASE else act.statement_suite()
    jws = make_statement(
        statement.k,
        iss=act.agency,
        signer=act.signer(suite),
        suite=suite,
        id=statement.id,
        iat=act.now,
        exp=statement.exp,
        nonce=os.urandom(16),
        sub=statement.sub,
        act=statement.act,
        cp=act.log.reference(),
        body=statement.body,
    )
    renewed = replace(record, d=parse_statement(jws).od, iat=act.now)
    with spool.draft(_draft_name(renewed)) as draft:
        draft.write_statement(jws, spool.entries(record.id))
        _replace(act, record, renewed)
        draft.needed = True
    spool.renew(record.id, _draft_name(renewed))
    return renewed


def _replace(act: Act, old: SubmissionRecord, new: SubmissionRecord) -> None:
    with act.session.state_file.change() as state:
        state.submissions.pop(old.d, None)
        state.submissions[new.d] = new
    act.changes.state.submissions.pop(old.d, None)
    act.changes.state.submissions[new.d] = new


def _draft_name(record: SubmissionRecord) -> str:
    return f"{record.id}.{record.d}"


def _tidy_spool(act: Act) -> None:
    """Finish replacements that were signed anew; never send octets that were not recorded."""
    spool = act.session.home.spool
    with act.session.state_file.change() as state:
        for record in state.submissions.values():
            if record.logged_at is None:
                spool.renew(record.id, _draft_name(record))
        recorded = {record.id for record in state.submissions.values()}
        for object_id in spool.ids():
            if object_id not in recorded:
                spool.set_aside(object_id, act.session.home.refused)
        spool.drop_old_drafts(now=act.session.clock())
    drop_older(act.session.home.refused, than=act.session.clock() - REFUSED_KEPT_DAYS * 24 * 3600)
    act.changes.state.submissions.update(_newer(act.state, state))


def _newer(known: State, state: State) -> dict[str, SubmissionRecord]:
    return {d: record for d, record in state.submissions.items() if d not in known.submissions}
