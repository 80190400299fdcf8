# SPDX-License-Identifier: Apache-2.0
"""Receiving at the terminal: inbox, open, acknowledge, confirm, verify."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from accord.agreements import SignedVersion
from accord.cli.sending import send_order, sent_lines
from accord.cli.sentences import DO_NOT_RELY, NOT_WHOLE
from accord.cli.showing import (
    is_agreement_text,
    moment,
    opened_as_json,
    plain,
    print_alert,
    print_checks,
    print_json,
    print_table,
)
from accord.cli.statements import said_in_words
from accord.cli.workplace import Workplace
from accord.client.answering import Answer
from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.inbox import Doubt, require_no_alarm
from accord.client.outgoing import describe_file, read_time
from accord.client.questions import OVERDUE, OVERDUE_SUSPENDED
from accord.client.results import InboxEntry, Opened, Question, Stated, Verified
from accord.client.saved_alerts import load_saved, save_opened
from accord.client.state_changes import REMINDER, REPUDIATED
from accord.envelope.errors import Failure, OpeningError, VerificationError


def inbox(place: Workplace) -> None:
    """Take in the news, list what is kept, and name what could not be verified."""
    options = place.options
    if options.to_answer:
        _list_to_answer(place)
        return
    with place.client() as client:
        before = client.state().epoch
        entries, doubts = client.inbox_with_doubts(after=options.after, limit=options.limit)
        if before not in ("", client.state().epoch):
            place.warn_of_restart()
    if options.json:
        print_json({"items": [asdict(entry) for entry in entries], "doubts": [asdict(d) for d in doubts]})
    else:
        _print_inbox(entries, doubts)
    require_no_alarm(doubts)


def _list_to_answer(place: Workplace) -> None:
    """List the questions that wait for an answer, and name what could not be verified."""
    with place.client() as client:
        entries, doubts, unknown = client.to_answer()
    if place.options.json:
        print_json(
            {
                "items": [asdict(entry) for entry in entries],
                "doubts": [asdict(doubt) for doubt in doubts],
                "unknown": [asdict(doubt) for doubt in unknown],
            }
        )
    else:
        heads = ("answer by", "state", "reference", "from", "md")
        rows = [_question_row(entry) for entry in entries]
        print_table(heads, rows, empty="No question waits for an answer of your agency.")
        print_unknown(unknown)
    require_no_alarm(doubts)


def print_unknown(unknown: Sequence[Doubt]) -> None:
    """Name the alerts of which it is not known what they want."""
    for doubt in unknown:
        said = f"whether {plain(doubt.iss)} asks for an answer is not known ({plain(doubt.problem)})"
        print(f"! {doubt.number}: {said}")


def _question_row(entry: InboxEntry) -> tuple[object, ...]:
    asked = entry.question
    assert asked is not None
    state = f"{_state_of_question(asked)}{_of_keys(entry)}"
    return (moment(asked.answer_by), state, entry.ref or "-", entry.iss, entry.d)


def _state_of_question(asked: Question) -> str:
    named = {OVERDUE: "OVERDUE", OVERDUE_SUSPENDED: "overdue, suspended"}
    words = named.get(asked.state, asked.state)
    if asked.answer_by != asked.reply_by:
        words += f" (signed for {moment(asked.reply_by)}, moved by suspension)"
    if asked.code is not None:
        words += f" ({plain(asked.code)} {moment(asked.answered_at)})"
    return f"{words}; IN DOUBT: call the sender" if asked.in_doubt else words


def _print_inbox(entries: Sequence[InboxEntry], doubts: Sequence[Doubt]) -> None:
    heads = ("no", "reference", "what", "from", "state", "md or od")
    print_table(heads, [_row(entry) for entry in entries], empty="No alert has reached your agency yet.")
    for doubt in doubts:
        print(f"! {doubt.number}: what {plain(doubt.iss)} says is not believed ({plain(doubt.problem)})")


def open_alert(place: Workplace) -> None:
    """Fetch, check, show; write attachments and the slice on request."""
    options = place.options
    if (options.place is None) == (options.slice is None):
        raise RequestError("Name the alert by its reference or md, or a saved one with --slice PATH.")
    if options.blobs and not options.slice:
        raise RequestError("--blobs goes with --slice.")
    with place.client() as client:
        opened = (
            _open_saved(client, options)
            if options.slice
            else client.open(options.place, officer=options.officer)
        )
    written = opened.save_attachments(Path(options.out), progress=place.progress) if options.out else []
    written += save_opened(opened, Path(options.save)) if options.save else []
    if options.json:
        print_json(opened_as_json(opened) | {"written": [str(path) for path in written]})
        return
    print_alert(opened)
    for path in written:
        print(f"written: {path}")


def _open_saved(client: Client, options: Namespace) -> Opened:
    octets, blobs = load_saved(Path(options.slice), Path(options.blobs) if options.blobs else None)
    return client.open_saved(octets, blobs, officer=options.officer)


def acknowledge(place: Workplace) -> None:
    """Sign and send an acknowledgement."""
    options = place.options
    with place.client() as client:
        stated = client.acknowledge(
            options.place,
            officer=options.officer,
            st=options.st or "opened",
            code=options.code,
            wait_secs=options.wait,
        )
    said = f"({options.st or 'opened'}): {stated.about}"
    if stated.stated_before:
        place.tell(stated, f"Acknowledged before {said}; nothing was signed now", _logged(stated))
    else:
        place.tell(stated, f"Acknowledged {said}", _logged(stated))


def answer(place: Workplace) -> None:
    """Answer a question: open it, check the answer, ask, send; with an officer acknowledge it too."""
    options = place.options
    given = Answer(
        code=options.code,
        reason=options.reason,
        expected=options.expected,
        text=sys.stdin.read().strip() if options.text == "-" else options.text,
        attachments=tuple(describe_file(Path(file)) for file in options.attach or ()),
        suite=options.suite or "PQ1",
        confirm_ec1=bool(options.confirm_ec1),
    )
    with place.client() as client:
        order = client.answer_order(options.place, given, officer=options.officer)
        sent = send_order(place, client, order)
        assert order.re is not None
        lines = [f"Answered ({options.code}): {order.re.md}", *sent_lines(sent)]
        if options.officer is not None:
            lines += _acknowledged_too(client, order.re.md, options.officer)
    place.tell(sent, *lines)


def called(place: Workplace) -> None:
    """Note a telephone call about a received alert, or to a recipient of an own one."""
    options = place.options
    text = sys.stdin.read().strip() if options.text == "-" else options.text
    at = None if options.at is None else read_time(options.at, now=int(time.time()), where="--at")
    with place.client() as client:
        noted = client.note_call(options.place, text=text, agency=options.agency, at=at)
    place.tell(noted, f"Noted: called {noted.agency} {moment(noted.at)} about {noted.d}. It answers nothing.")


def _acknowledged_too(client: Client, md: str, officer: str) -> list[str]:
    """Acknowledge an answered question, unless that was done before."""
    known = client.state().inbox.get(md)
    if known is not None and known.acknowledged is not None:
        return []
    try:
        stated = client.acknowledge(md, officer=officer)
    except Exception as failed:
        failed.add_note("The answer itself was sent.")
        raise
    return ["Acknowledged (opened)", _logged(stated)]


def confirm(place: Workplace) -> None:
    """Answer a retraction."""
    options = place.options
    st = "impossible" if options.impossible else "stopped"
    with place.client() as client:
        stated = client.confirm(options.place, st=st, officer=options.officer, wait_secs=options.wait)
    place.tell(stated, f"Confirmed ({st}): {stated.about}", _logged(stated))


def verify(place: Workplace) -> None:
    """Check a saved alert without a network; raise where a check failed."""
    octets, blobs = load_saved(Path(place.options.path))
    with place.client() as client:
        verified = client.verify(octets, blobs, officer=place.options.officer)
        opened = verified.opened
        is_text = opened is not None and is_agreement_text(opened)
        named = client.versions_named(opened.md) if opened is not None and is_text else ()
    if place.options.json:
        print_json(_as_json(verified))
    else:
        _print_verified(verified)
        if is_text:
            _print_named(named)
    if verified.failure == OpeningError.code:
        raise OpeningError(Failure.DECRYPT)
    if verified.failure is not None:
        raise VerificationError(Failure(verified.failure))


def _print_named(named: Sequence[SignedVersion]) -> None:
    """Print which signed statements name a saved text."""
    for one in named:
        accepted = ", ".join(sorted(one.accepted))
        print(
            f"The text of {plain(one.ref)}, version {one.body['ver']} (od {one.od}), as {accepted} signed it."
        )
    if not named:
        print("! No agreement that is known here names this text.")


def _print_verified(verified: Verified) -> None:
    print_checks(verified.checks)
    print()
    if verified.opened is not None:
        print_alert(verified.opened)
    elif verified.failure is None:
        print("Every check that needs no attachment held; its blobs are not here, so it was not opened.")
    else:
        print(NOT_WHOLE if verified.failure == Failure.MALFORMED else DO_NOT_RELY)


def _as_json(verified: Verified) -> dict[str, object]:
    opened: Opened | None = verified.opened
    return {
        "checks": [asdict(check) for check in verified.checks],
        "failure": verified.failure,
        "alert": opened_as_json(opened) if opened else None,
    }


def _row(entry: InboxEntry) -> tuple[object, ...]:
    return (entry.number, entry.ref or "-", _what(entry), entry.iss, _state(entry), entry.d)


def _what(entry: InboxEntry) -> str:
    if entry.what in (REPUDIATED, REMINDER):
        return entry.what
    if entry.what == "envelope":
        return "alert"
    return entry.statement.k if entry.statement else "statement"


def _state(entry: InboxEntry) -> str:
    if entry.statement is not None:
        return f"{said_in_words(entry.statement)}{_of_keys(entry)}"
    if entry.what == "statement":
        return f"not verified{_of_keys(entry)}"
    asked = "" if entry.question is None else f"; to answer: {_state_of_question(entry.question)}"
    return f"{_of_alert(entry)}{_of_keys(entry)}{asked}"


def _of_keys(entry: InboxEntry) -> str:
    """Return what its issuer has since said about its keys."""
    if entry.repudiated:
        effect = ", withdraws nothing" if entry.statement and entry.statement.k == "retract" else ""
        return f"; REPUDIATED: key revoked since{effect}"
    return "; reaffirmed" if entry.reaffirmed else ""


def _of_alert(entry: InboxEntry) -> str:
    if entry.retracted:
        return "WITHDRAWN"
    if entry.retraction_in_doubt:
        return "withdrawn? (sender not verified)"
    if entry.acknowledged is not None:
        return "acknowledged"
    return f"opened {moment(entry.opened_at)}" if entry.opened_at is not None else "new"


def _logged(stated: Stated) -> str:
    when = f"logged {moment(stated.log_time)}" if stated.log_time is not None else "accepted"
    return f"statement {stated.od}, {when}"
