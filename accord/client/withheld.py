# SPDX-License-Identifier: Apache-2.0
"""Own alerts that a suspended lane kept from others, and their sending after the suspension, one by one and safe to repeat.

Each goes out as a new envelope, under today's agreements and keys, with what its sealed document repeats. Its id is recorded
before it is sealed: what broke off goes on under the same id, and nothing is sent twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any, Final

from accord.client.errors import AbsentError, DocumentError, RefusedError, RequestError
from accord.client.fate import ended_here
from accord.client.inbox import follow_feed
from accord.client.outgoing import AlertToSend
from accord.client.reading import Place, open_envelope
from accord.client.results import Opened, Withheld
from accord.client.sending import denied_codes, submit_alert
from accord.client.session import Act
from accord.client.state_changes import set_resent
from accord.client.suspensions import list_suspensions
from accord.envelope.content import Attachment
from accord.envelope.errors import EnvelopeError, SealingError
from accord.envelope.keyrule import Repudiated
from accord.envelope.manifest import LEAST_KEEP_SECS
from accord.envelope.vocabulary import RED
from accord.state import ResentRecord, SubmissionRecord

OPEN_STATES: Final = frozenset({"waiting", "chosen", "refused"})
"""States in which an alert can be sent, once the lane is open."""
EXPIRES_AFTER_SECS: Final = 90 * 24 * 3600


def list_withheld(act: Act) -> list[Withheld]:
    """Take in the news, then return what was withheld from each agency, oldest first, and how far each has come."""
    follow_feed(act)
    stopped = {(one.other(act.agency), one.lane) for one in list_suspensions(act) if one.until is None}
    records = act.state.submissions.values()
    over = ended_here(act.state)
    by_id = {record.id: record for record in records}
    rows = [
        _row(act, record, peer, by_id, stopped, is_over=record.d in over)
        for record in records
        for peer in record.withheld
        if record.accepted or record.logged_at is not None
    ]
    return sorted(rows, key=lambda row: (row.at, row.md, row.peer))


def resend_withheld(act: Act, peer: str, lane: str, *, mds: Collection[str] = ()) -> Iterator[Withheld]:
    """Send what was withheld from an agency on a lane, all that waits or these; yield each with what became of it.

    One that no longer fits is refused with a code and stops no other. Raises RequestError, and the network's errors, after which
    a repeat goes on.
    """
    wanted = chosen_of(act, peer, lane, mds=mds)
    for row in wanted:
        key = _key(row.md, peer)
        known = act.state.resent.get(key)
        record = ResentRecord(known.jti if known else act.session.new_id(act.now), act.now)
        act.changes.record(set_resent(key, record))
    act.changes.write()
    for row in wanted:
        yield _send(act, row, act.state.resent[_key(row.md, peer)])


def chosen_of(act: Act, peer: str, lane: str, *, mds: Collection[str] = ()) -> list[Withheld]:
    """Return the alerts that `resend_withheld` would send; raise RequestError where there is none, or the lane is suspended."""
    rows = [row for row in list_withheld(act) if (row.peer, row.lane) == (peer, lane)]
    if any(row.state == "suspended" for row in rows):
        raise RequestError(f"The lane {lane} with {peer} is suspended: see accord suspensions.")
    named = set(mds)
    wanted = [
        row
        for row in rows
        if row.state in OPEN_STATES and (row.md in named if named else row.state != "refused")
    ]
    if not wanted or not named <= {row.md for row in wanted}:
        raise RequestError(
            f"Nothing to send to {peer} on {lane}, or not all that you named: see accord withheld."
        )
    return wanted


def _row(
    act: Act,
    record: SubmissionRecord,
    peer: str,
    by_id: dict[str, SubmissionRecord],
    stopped: Collection[tuple[str, str]],
    *,
    is_over: bool,
) -> Withheld:
    assert record.keep is not None
    resent = act.state.resent.get(_key(record.d, peer))
    sent = by_id.get(resent.jti) if resent else None
    code = resent.code if resent else ""
    if sent is not None:
        state = "signed" if sent.logged_at is None else "logged"
    elif is_over:
        state = "ended"
    elif record.keep < act.now + LEAST_KEEP_SECS:
        state = "lost"
    elif (peer, record.lane) in stopped:
        state = "suspended"
    else:
        state = "waiting" if resent is None else "refused" if code else "chosen"
    at = record.iat if record.logged_at is None else record.logged_at
    return Withheld(record.d, peer, record.lane, at, record.keep, state, code)


def _key(md: str, peer: str) -> str:
    return f"{md} {peer}"


def _send(act: Act, row: Withheld, resent: ResentRecord) -> Withheld:
    try:
        order = _order(act, row)
        submit_alert(act, order, leave_out=False, jti=resent.jti)
    except _UnfitError as unfit:
        return _refused(act, row, resent, str(unfit))
    except RefusedError as refused:
        if refused.is_kept:
            raise
        return _refused(act, row, resent, denied_codes(refused).get(row.peer, refused.slug))
    except (DocumentError, SealingError) as failed:
        return _refused(act, row, resent, "no-longer-fits" if isinstance(failed, DocumentError) else "keys")
    return replace(row, state="signed", code="")


class _UnfitError(Exception):
    """Reason why one alert is not sent, as a code."""


def _order(act: Act, row: Withheld) -> AlertToSend:
    """Return the order under which it goes out; raise _UnfitError."""
    try:
        opened = open_envelope(act, Place(row.md, None), officer=None)
    except (AbsentError, EnvelopeError) as gone:
        raise _UnfitError("content-deleted") from gone
    terms = opened.manifest.terms
    if terms.tlp == RED:
        raise _UnfitError("red")
    if isinstance(opened.standing, Repudiated):
        raise _UnfitError("in-doubt")
    exp = terms.exp if terms.exp > act.now else act.now + EXPIRES_AFTER_SECS
    reply_by = None if terms.reply_by is None else min(act.now + terms.reply_by - terms.iat, terms.keep)
    return AlertToSend(
        alert=_document(opened),
        to=(row.peer,),
        lane=terms.lane,
        purpose=terms.purpose,
        tlp=terms.tlp,
        pri=terms.pri,
        rel=terms.rel,
        suite=opened.manifest.suite,
        # It was confirmed when it was first sealed.
        confirm_ec1=True,
        exp=min(exp, terms.keep),
        keep=terms.keep,
        reply_by=reply_by,
        attachments=tuple(
            Attachment(file.fn, file.cty, opened.attachment(file.n)) for file in opened.attachments
        ),
    )


def _document(opened: Opened) -> dict[str, Any]:
    """Return the document with what it repeats, without what was about the first recipients or versions."""
    terms, of_others = opened.manifest.terms, {"for_attention": None, "question_change": None}
    resent = {"jti": terms.jti, "md": opened.md, "logged": opened.content.log_time}
    kept = {name: value for name, value in opened.alert.items() if name not in of_others}
    return kept | {"resent": resent}


def _refused(act: Act, row: Withheld, resent: ResentRecord, code: str) -> Withheld:
    act.changes.record(set_resent(_key(row.md, row.peer), replace(resent, code=code)))
    act.changes.write()
    return replace(row, state="refused", code=code)
