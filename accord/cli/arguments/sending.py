# SPDX-License-Identifier: Apache-2.0
"""Verbs for sending and withdrawing, and for following sent objects."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from accord.cli.arguments.options import add_despite, add_place, add_progress, add_suite, add_wait, verb
from accord.envelope.statements.bodies import CONDITIONS, RETRACT_CODES, UNRELEASE_CODES
from accord.envelope.vocabulary import KINDS, LANES, PRIORITIES, PURPOSES, RELS, STATUSES, TLPS

if TYPE_CHECKING:
    from accord.cli.arguments.options import Verbs

_CHECK = """\
FILE is as for accord submit, which makes the same check before it seals anything. Needs no keys and no network. Ends
with code 2 where something does not fit. A file that the document names must be attached.
"""
_SUBMIT = """\
FILE is the alert document (an object whose `schema` is accord-alert/1), or everything in one JSON object:
{"alert": {...}, "to": [...], "lane": ..., "purpose": ..., "tlp": ..., "attachments": ["scan.pdf"], ...}.
Options win over members. Times are spans from now (45m, 24h, 90d) or ISO 8601 with an offset.
The exact octets lie in the spool until the ledger's receipt was verified; --resend sends them again.
"""


def add_verbs(verbs: Verbs) -> None:
    """Add the verbs of this group."""
    _add_check(verbs)
    _add_submit(verbs)
    _add_seal(verbs)
    _add_retract(verbs)
    _add_release(verbs)
    _add_reaffirm(verbs)
    _add_submissions(verbs)
    _add_adopt(verbs)


def _add_check(verbs: Verbs) -> None:
    parser = verb(verbs, "check", "say what does not fit in an alert document: line, member, remedy", _CHECK)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--attach", metavar="FILE", action="append", help="a file that will go with it; may be repeated"
    )


def _add_submit(verbs: Verbs) -> None:
    parser = verb(verbs, "submit", "sign, seal and send an alert", _SUBMIT)
    parser.add_argument("file", metavar="FILE", nargs="?")
    parser.add_argument(
        "--resend", action="store_true", help="send again what has no receipt, and nothing else"
    )
    parser.add_argument(
        "--sealed", metavar="FOLDER", help="send what accord seal wrote there, octet for octet"
    )
    _add_order(parser)
    parser.add_argument("--plan", action="store_true", help="say who could receive it; send nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask before sending")
    add_progress(parser)
    add_wait(parser)


def _add_seal(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "seal",
        "sign and seal an alert into a folder, without a network",
        "As accord submit, against the keysets kept here, and nothing is sent. The folder holds the octets\n"
        "that accord submit --sealed FOLDER sends within a day.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--out", metavar="FOLDER", required=True, help="a folder that does not stand yet")
    _add_order(parser)
    add_progress(parser)


def _add_order(parser: argparse.ArgumentParser) -> None:
    """Add the options for content, recipients and marking."""
    parser.add_argument("--to", metavar="AGENCY", action="append", help="a recipient; may be repeated")
    parser.add_argument("--leave-out", action="store_true", help="send without those who cannot receive")
    parser.add_argument("--lane", choices=sorted(LANES))
    parser.add_argument("--purpose", choices=sorted(PURPOSES))
    parser.add_argument("--tlp", choices=sorted(TLPS), help="default AMBER")
    parser.add_argument(
        "--pri", choices=sorted(PRIORITIES), help="speed; flash is danger to life (default routine)"
    )
    parser.add_argument("--rel", choices=sorted(RELS), help="who may release it onward (default originator)")
    parser.add_argument("--kind", choices=sorted(KINDS), help="default alert")
    parser.add_argument("--status", choices=sorted(STATUSES), help="default actual")
    parser.add_argument("--re", metavar="JTI:MD", help="the envelope answered or updated")
    add_suite(parser)
    parser.add_argument("--name", metavar="AGENCY:OFFICER", action="append", help="a named officer, for RED")
    parser.add_argument("--attach", metavar="FILE", action="append", help="a file; may be repeated")
    parser.add_argument("--exp", metavar="TIME", help="no first delivery afterwards (default 90d)")
    parser.add_argument("--keep", metavar="TIME", help="the hub deletes the content then (default 3 years)")
    parser.add_argument("--ack-by", metavar="TIME", help="default: flash 1h, others 24h, an exercise none")
    parser.add_argument("--reply-by", metavar="TIME")
    add_despite(parser)


def _add_retract(verbs: Verbs) -> None:
    parser = verb(verbs, "retract", "take back an alert of your own; every holder is told")
    parser.add_argument("md", metavar="MD")
    parser.add_argument("--code", choices=sorted(RETRACT_CODES), required=True)
    parser.add_argument("--by", metavar="JTI", help="the alert that corrects it")
    parser.add_argument("--as", metavar="OFFICER", dest="officer")
    parser.add_argument("--yes", action="store_true", help="do not ask before")
    add_wait(parser)


def _add_release(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "release-onward",
        "release an alert that you sent or received to further agencies, until a time",
        "Its sender is told. Only where the sender allows it: what nobody, or the sender alone, may release, call for.\n"
        "The access can be ended earlier (unrelease); what was read stays read.",
    )
    add_place(parser)
    parser.add_argument("--to", metavar="AGENCY", action="append", required=True, help="may be repeated")
    parser.add_argument("--until", metavar="TIME", required=True, help="as 30d or 2027-01-31T12:00+01:00")
    parser.add_argument("--purpose", choices=sorted(PURPOSES), help="else the alert's own")
    parser.add_argument(
        "--condition", choices=sorted(CONDITIONS), action="append", default=[], help="may be repeated"
    )
    parser.add_argument("--further", action="store_true", help="they may release it, too")
    parser.add_argument(
        "--emergency",
        action="store_true",
        help="flash on public health alone, where your agreement says so; whatever is suspended. It is reviewed",
    )
    parser.add_argument("--as", metavar="OFFICER", dest="officer", help="the officer; RED is never released")
    parser.add_argument("--yes", action="store_true", help="do not ask before")
    add_wait(parser)
    ending = verb(verbs, "unrelease", "end a release onward, your own or of your alert; every holder is told")
    ending.add_argument("d", metavar="D", help="its digest, as submissions and inbox list it")
    ending.add_argument("--code", choices=sorted(UNRELEASE_CODES), default="error")
    ending.add_argument("--as", metavar="OFFICER", dest="officer")
    ending.add_argument("--yes", action="store_true", help="do not ask before")
    add_wait(ending)


def _add_reaffirm(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "reaffirm",
        "stand by an alert or answer of your own that was signed with a key revoked since",
        "Its recipients see it as repudiated until then. Look at it first: a thief may have sent it.\n"
        "D is its digest: of an alert, an acknowledgement, a retraction or a confirmation, as submissions lists it.",
    )
    parser.add_argument("d", metavar="D")
    parser.add_argument("--as", metavar="OFFICER", dest="officer")
    parser.add_argument("--yes", action="store_true", help="do not ask before")
    add_wait(parser)


def _add_submissions(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "submissions",
        "what became of what you sent: told, opened, acknowledged",
        "Verifies receipts and empties the spool. What this client never signed is marked: another client\n"
        "of your agency sent it, or somebody holds your keys.",
        aliases=("status",),
    )
    parser.add_argument("d", metavar="MD", nargs="?", help="one of them, recipient by recipient")
    parser.add_argument(
        "--check",
        action="store_true",
        help="hold all that the hub lists against what was sent from here: finds the use of stolen keys",
    )
    parser.add_argument("--limit", metavar="N", type=int, default=50, help="at most so many (default 50)")


def _add_adopt(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "adopt",
        "take in what your agency sent and this home does not know, after a restore or from another home",
        "Each object is fetched and verified: receipt, your agency's signatures, the time they count for. Then you say\n"
        "of each whether your agency sent it. What nobody there has sent means that your keys are in other hands:\n"
        "leave it, and go on with accord submissions --check.",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="take in all that were verified, naming each, but those whose key was revoked since",
    )
