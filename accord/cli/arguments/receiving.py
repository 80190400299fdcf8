# SPDX-License-Identifier: Apache-2.0
"""Verbs for received objects: listing, opening, answering, verifying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accord.cli.arguments.options import (
    add_officer,
    add_place,
    add_progress,
    add_suite,
    add_wait,
    verb,
)
from accord.document.schema import alert_schema
from accord.envelope.statements.bodies import ACK_CODES

if TYPE_CHECKING:
    from accord.cli.arguments.options import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add the verbs of this group."""
    _add_inbox(verbs)
    _add_open(verbs)
    _add_acknowledge(verbs)
    _add_answer(verbs)
    _add_called(verbs)
    _add_overdue(verbs)
    _add_confirm(verbs)
    _add_verify(verbs)


def _add_inbox(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "inbox",
        "take in the news and list what has reached the agency",
        "Alerts are listed, not fetched. Statements are verified at once.",
    )
    parser.add_argument(
        "--after", metavar="NUMBER", type=int, help="list from this number on (else the newest)"
    )
    parser.add_argument("--limit", metavar="N", type=int, default=50, help="at most so many (default 50)")
    parser.add_argument(
        "--to-answer",
        action="store_true",
        help="list the questions without a final answer, the most urgent first",
    )


def _add_open(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "open",
        "fetch an alert, make every check, show it",
        "Opening tells nobody; acknowledge it to tell the sender. With --slice nothing is fetched: the kept\n"
        "pins, keysets and checkpoint decide, and a ledger that could not be compared is marked.",
    )
    parser.add_argument(
        "place", metavar="REFERENCE|MD", nargs="?", help="the mail's reference (7QK4-M2XN) or the md"
    )
    parser.add_argument(
        "--slice", metavar="PATH", help="open without a network: a slice file, or a folder of --save"
    )
    parser.add_argument(
        "--blobs", metavar="FOLDER", help="with --slice: where its attachments lie (blob-0 ...)"
    )
    add_officer(parser)
    parser.add_argument("--out", metavar="FOLDER", help="write the attachments there, under safe names")
    parser.add_argument(
        "--save", metavar="FOLDER", help="keep the slice and its blobs there, for accord verify"
    )
    add_progress(parser)


def _add_acknowledge(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "acknowledge",
        "sign an acknowledgement, after making every check again",
        "OFFICER is the opaque id your agency gave its officer, never a name.",
    )
    add_place(parser)
    parser.add_argument("--as", metavar="OFFICER", dest="officer", help="the officer who acknowledges")
    parser.add_argument(
        "--refused", action="store_const", const="refused", dest="st", help="read, and refused"
    )
    parser.add_argument(
        "--unopenable", action="store_const", const="unopenable", dest="st", help="it cannot be opened"
    )
    parser.add_argument("--code", choices=sorted(ACK_CODES), help="why, with --refused")
    add_wait(parser)


def _add_answer(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "answer",
        "answer a question: open it, check the answer, sign, seal and send it to the asker alone",
        "Marked as the question is. After partial and needs_judicial_authorisation the question waits for another\n"
        "answer; any other code ends it. With --as it is acknowledged too, where that was not done before.",
    )
    add_place(parser)
    parser.add_argument("--code", choices=_choices("answer_code"), required=True)
    parser.add_argument("--reason", choices=_choices("refusal_reason"), help="why, with refused")
    parser.add_argument(
        "--expected", metavar="YYYY-MM-DD", help="when more follows, or the authorisation is expected"
    )
    parser.add_argument("--text", metavar="TEXT", help="the answer in words; - reads it from standard input")
    parser.add_argument("--attach", metavar="FILE", action="append", help="a file; may be repeated")
    add_suite(parser)
    add_officer(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask before sending")
    add_progress(parser)
    add_wait(parser)


def _add_called(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "called",
        "note a telephone call about an alert, in this home alone",
        "It acknowledges and answers nothing; accord watch then says no more that an overdue answer waits.",
    )
    add_place(parser)
    parser.add_argument("--agency", metavar="AGENCY", help="whom you called, for an alert of your own")
    parser.add_argument("--at", metavar="TIME", help="when: 2027-01-31T14:05+01:00; without it now")
    parser.add_argument(
        "--text",
        metavar="TEXT",
        required=True,
        help="whom you spoke to and what they said; - reads standard input",
    )


def _add_overdue(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "overdue",
        "list what your agency owes others and what they owe it: acknowledgements, answers",
        "By the rules of a desk's page: no exercises, nothing withdrawn, replaced or closed, no answer to a question in\n"
        "doubt or held back by a suspension. That others have acknowledged is the hub's word.",
    )
    parser.add_argument(
        "--coming", action="store_true", help="also what is owed and not due yet, with the time left"
    )


def _choices(member: str) -> list[str]:
    """Return the closed list of a member of the document."""
    shapes = alert_schema()["properties"][member]["anyOf"]
    return next(list(shape["enum"]) for shape in shapes if "enum" in shape)


def _add_confirm(verbs: Verbs) -> None:
    parser = verb(verbs, "confirm", "answer a retraction: use has stopped")
    add_place(parser)
    parser.add_argument("--impossible", action="store_true", help="it can no longer be stopped")
    parser.add_argument("--as", metavar="OFFICER", dest="officer")
    add_wait(parser)


def _add_verify(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "verify",
        "check a saved alert without a network, and print each check",
        "PATH is a folder that accord open --save wrote, or a slice file. The kept pins, keysets and\n"
        "checkpoint decide; what came later is not known here.",
    )
    parser.add_argument("path", metavar="PATH")
    add_officer(parser)
