# SPDX-License-Identifier: Apache-2.0
"""Sending at the terminal: submit, retract, and follow what was sent."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from accord.cli.asking import confirm
from accord.cli.sentences import SEALING, alarm_sentence
from accord.cli.showing import moment, print_json, print_table
from accord.cli.unusual import UnusualFinding, questions_on, require_meant
from accord.cli.workplace import Workplace
from accord.client.client import Client
from accord.client.errors import DocumentError, NotEveryoneError, RequestError, StrangerError
from accord.client.fate import REPUDIATED, WITHDRAWN
from accord.client.fitting import check_order
from accord.client.outgoing import AlertToSend, read_document, read_time
from accord.client.results import AnswerGiven, Plan, Sent, SubmissionStatus
from accord.client.unknown_submissions import SubmissionCheck
from accord.document.checking import Finding
from accord.document.places import Places
from accord.document.rules import CLOSED
from accord.envelope.seal import LeftOut

MARKING = (
    "lane",
    "purpose",
    "tlp",
    "pri",
    "rel",
    "kind",
    "status",
    "suite",
    "exp",
    "keep",
    "ack_by",
    "reply_by",
)
"""Options that set the member of the same name."""

_FATES: Final = {WITHDRAWN: "WITHDRAWN", REPUDIATED: "REPUDIATED (accord reaffirm, or retract)"}


def submit(place: Workplace) -> None:
    """Show who will receive it, ask, send; or send again what has no receipt."""
    options = place.options
    if options.resend or options.sealed:
        _submit_kept(place)
        return
    if not options.file:
        raise RequestError("Name the document's file, or say --sealed or --resend.")
    order = read_order(options, now=place.now)
    with place.client() as client:
        if options.plan:
            _tell_plan(place, client.plan(order))
            return
        sent = send_order(place, client, order, leave_out=options.leave_out)
    place.tell(sent, *sent_lines(sent))


def send_order(place: Workplace, client: Client, order: AlertToSend, *, leave_out: bool = False) -> Sent:
    """Ask before sending an order, then send it; raise NotEveryoneError, RequestError, and as `Client.submit`."""
    plan = client.plan(order)
    _refuse_left_out(plan, leave_out=leave_out)
    # An answer has none of the members that are asked about, and no such option.
    require_meant(place, order, getattr(place.options, "despite", None) or ())
    confirm(_question(plan), said_yes=place.options.yes)
    return client.submit(order, leave_out=leave_out, wait_secs=place.options.wait)


def _submit_kept(place: Workplace) -> None:
    """Send what was sealed before: everything without a receipt, or one folder."""
    with place.client() as client:
        if place.options.resend:
            _resend(place, client)
            return
        sent = _submit_sealed(place, client)
        place.tell(sent, *sent_lines(sent))


def _submit_sealed(place: Workplace, client: Client) -> Sent:
    options, folder = place.options, Path(place.options.sealed)
    to = client.recipients_of_sealed(folder)
    confirm(_question(Plan(to, ())), said_yes=options.yes)
    return client.submit_sealed(folder, wait_secs=options.wait)


def seal(place: Workplace) -> None:
    """Seal into a folder; send nothing."""
    options = place.options
    order = read_order(options, now=place.now)
    require_meant(place, order, options.despite or ())
    with place.client() as client:
        made = client.seal(order, Path(options.out), leave_out=options.leave_out)
    lines = [f"Sealed for {', '.join(made.to)}; nothing was sent.", f"md {made.md}", f"jti {made.jti}"]
    lines += [f"left out: {_left_out(item)}" for item in made.left_out]
    place.tell(made, *lines, f"Within a day: accord submit --sealed {made.folder}")


def reaffirm(place: Workplace) -> None:
    """Reaffirm an alert or a statement of our own."""
    options = place.options
    question = "Stand by it? Did your agency write and send this? Its recipients rely on your word."
    confirm(question, said_yes=options.yes)
    with place.client() as client:
        stated = client.reaffirm(options.d, officer=options.officer, wait_secs=options.wait)
    place.tell(stated, f"Reaffirmed: {stated.about}", f"statement {stated.od}, {_logged(stated.log_time)}")


def retract(place: Workplace) -> None:
    """Withdraw an alert of our own."""
    options = place.options
    question = "Withdraw it? New reading stops; each recipient must confirm. What was read stays read."
    confirm(question, said_yes=options.yes)
    with place.client() as client:
        stated = client.retract(
            options.md, code=options.code, by=options.by, officer=options.officer, wait_secs=options.wait
        )
    place.tell(stated, f"Withdrawn: {stated.about}", f"statement {stated.od}, {_logged(stated.log_time)}")


def submissions(place: Workplace) -> None:
    """List what was sent, or show one object recipient by recipient."""
    options = place.options
    with place.client() as client:
        if options.check:
            _check(place, client.check_submissions())
            return
        if options.d:
            _show_one(place, client.submission(options.d))
            return
        listed = client.submissions(limit=options.limit)
    if options.json:
        print_json([asdict(status) for status in listed])
        return
    heads = ("sent", "what", "state", "told", "opened", "acknowledged", "md")
    print_table(heads, [_row(status) for status in listed], empty="Your agency has sent nothing yet.")


def _check(place: Workplace, found: SubmissionCheck) -> None:
    """Print what was found, then raise StrangerError where it is an alarm."""
    if place.options.json:
        print_json(asdict(found) | {"alarm": found.alarm, "since": found.since, "kids": found.kids})
    else:
        _print_check(found)
    if found.alarm:
        raise StrangerError(alarm_sentence(found))


def _print_check(found: SubmissionCheck) -> None:
    print(f"{found.listed} listed by the hub, {found.waiting} of yours wait for a receipt.")
    heads = ("", "logged", "what", "md or od", "signed with")
    rows = [
        ("NOT FROM HERE", moment(item.log_time), item.what, item.d, " ".join(item.kids) or "-")
        for item in found.strangers
    ]
    rows += [("NOT LISTED", moment(item.logged_at), item.kind, item.d, "-") for item in found.unlisted]
    rows += [("KEY NOT HELD HERE", "-", "own keyset", kid, "-") for kid in found.foreign_keys]
    print_table(heads, rows, empty="All of it was sent from here, and all that was sent from here is there.")


def check(place: Workplace) -> None:
    """Print what does not fit in a document; it needs no keys and no network, and raises DocumentError."""
    options = place.options
    whole = _read_whole(options)
    found = _check_file(options, whole, now=place.now)
    asked = [] if found else _questions_on(whole, now=place.now)
    if options.json:
        rows = {"findings": [asdict(one) for one in found], "questions": [asdict(one) for one in asked]}
        print_json({"file": options.file, "fits": not found} | rows)
    if found:
        raise DocumentError(options.file, found)
    if not options.json:
        print(f"{options.file} fits accord-alert/1.")
        for one in asked:
            print(f"? {one}")


def _questions_on(whole: _Whole, *, now: int) -> list[UnusualFinding]:
    """Return what is asked before a file that fits is sent, in the order of its lines."""
    members, asks = whole.members, whole.members.get("reply_by")
    reply_by = None if asks is None else read_time(asks, now=now, where="reply_by")
    pri = members.get("pri") or "routine"
    found = questions_on(members["alert"], pri=pri, reply_by=reply_by, now=now, at=whole.at)
    placed = (replace(one, line=whole.places.placed(one).line) for one in found)
    return sorted(placed, key=lambda one: one.line or 0)


@dataclass(frozen=True)
class _Whole:
    """A file as an order: its members merged with the options, and where the document stands in it."""

    members: dict[str, Any] = field(repr=False)
    places: Places
    at: str


def read_order(options: Namespace, *, now: int) -> AlertToSend:
    """Read the document of the file, merged with the options; raise RequestError, DocumentError."""
    whole = _read_whole(options)
    found = _check_file(options, whole, now=now)
    if found:
        raise DocumentError(options.file, found)
    return AlertToSend.from_json(whole.members, now=now, folder=Path(options.file).parent)


def _check_file(options: Namespace, whole: _Whole, *, now: int) -> list[Finding]:
    folder = Path(options.file).parent
    return check_order(whole.members, whole.places, at=whole.at, now=now, folder=folder)


def _read_whole(options: Namespace) -> _Whole:
    document, places = read_document(Path(options.file))
    at = "/alert" if "alert" in document else ""
    whole: dict[str, Any] = dict(document) if at else {"alert": document}
    for name in MARKING:
        if getattr(options, name, None) is not None:
            whole[name] = getattr(options, name)
    if getattr(options, "confirm_ec1", None):
        whole["confirm_ec1"] = True
    if getattr(options, "to", None):
        whole["to"] = options.to
    if getattr(options, "name", None):
        whole["names"] = options.name
    if getattr(options, "re", None):
        jti, _, md = options.re.partition(":")
        whole["re"] = {"jti": jti, "md": md}
    files = [str(Path(file).absolute()) for file in options.attach or ()]
    if files:
        whole["attachments"] = [*(whole.get("attachments") or []), *files]
    return _Whole(whole, places, at)


def _resend(place: Workplace, client: Client) -> None:
    again = client.resend()
    if place.options.json:
        print_json([asdict(sent) for sent in again])
        return
    rows = [(sent.md, ", ".join(sent.to), _logged(sent.log_time)) for sent in again]
    print_table(("md", "to", "state"), rows, empty="Nothing waits for a receipt.")


def _tell_plan(place: Workplace, plan: Plan) -> None:
    lines = [f"will receive:     {', '.join(plan.will) or 'nobody'}"]
    lines += [f"will not receive: {_left_out(item)}" for item in plan.left_out]
    lines.append("The hub's agreements are asked when it is sent.")
    place.tell(plan, *lines)


def _refuse_left_out(plan: Plan, *, leave_out: bool) -> None:
    if plan.left_out and not leave_out:
        lines = "\n".join(f"  {_left_out(item)}" for item in plan.left_out)
        raise NotEveryoneError(f"Not everyone can receive this:\n{lines}\nSend without them: --leave-out")
    if not plan.will:
        raise NotEveryoneError("Nobody is left who can receive this.")


def _left_out(item: LeftOut) -> str:
    return f"{item.agency}: {SEALING[item.reason]}"


def _question(plan: Plan) -> str:
    without = ", ".join(item.agency for item in plan.left_out)
    tail = f" {without} will not receive it." if without else ""
    return f"Send to {', '.join(plan.will)}? They can read it within seconds. What was read stays read.{tail}"


def sent_lines(sent: Sent) -> list[str]:
    """Return what was sent, to whom, and who was left out."""
    lines = [f"Sent to {', '.join(sent.to)}", f"md {sent.md}", f"jti {sent.jti}", _logged(sent.log_time)]
    lines += [f"left out: {_left_out(item)}" for item in sent.left_out]
    lines += [f"withheld from {agency}: the lane is suspended (accord withheld)" for agency in sent.withheld]
    return lines


def _logged(log_time: int | None) -> str:
    if log_time is None:
        return "accepted; the receipt is picked up by: accord submissions"
    return f"logged {moment(log_time)}, receipt verified"


def _row(status: SubmissionStatus) -> tuple[str, ...]:
    rows = status.deliveries
    told, opened, acknowledged = (
        f"{sum(getattr(row, name) is not None for row in rows)}/{len(rows)}" if rows else ""
        for name in ("told_at", "opened_at", "acknowledged_at")
    )
    what = status.kind or status.what
    return (moment(status.iat), what, _state(status), told, opened, acknowledged, status.d)


def _state(status: SubmissionStatus) -> str:
    if not status.here:
        return "NOT FROM THIS CLIENT"
    if status.log_time is None:
        return "waits for its receipt"
    return ", ".join(_FATES.get(word, word) for word in status.fate) or "logged"


def _show_one(place: Workplace, status: SubmissionStatus) -> None:
    if place.options.json:
        print_json(asdict(status))
        return
    print(f"{status.kind or status.what} {status.d}: {_state(status)}, logged {moment(status.log_time)}")
    print(f"jti {status.id}" if status.what == "envelope" else f"id {status.id}")
    if status.question_change == CLOSED:
        print("The question is closed: nobody owes an answer any more.")
    heads = ("recipient", "state", "told", "opened", "acknowledged", "answer")
    answers = {given.agency: _answer_words(given) for given in status.answers}
    rows = [
        (
            row.recipient,
            row.state,
            row.told_at or "-",
            row.opened_at or "-",
            row.acknowledged_at or "-",
            answers.get(row.recipient, "owes none" if row.recipient in status.for_attention else "-"),
        )
        for row in status.deliveries
    ]
    print_table(heads, rows, empty="It went to nobody but the hub's directory.")


def _answer_words(given: AnswerGiven) -> str:
    """Return code, time and doubts of an answer, and what waits to be opened."""
    words = []
    if given.code is not None:
        late = ", LATE" if given.late else ""
        doubt = ", REPUDIATED: key revoked since" if given.repudiated else ""
        words.append(f"{given.code} {moment(given.at)}{late}{doubt}")
    words += [f"not opened yet: {md}" for md in given.unopened]
    return "; ".join(words) or "-"
