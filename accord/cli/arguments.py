# SPDX-License-Identifier: Apache-2.0
"""The command line: verbs, options, help. Secrets have no option that takes them directly."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from accord.cli.asking import API_KEY, API_KEY_FILE, PASSPHRASE_FILE
from accord.cli.exits import MEANINGS
from accord.envelope.statements.bodies import ACK_CODES, RETRACT_CODES
from accord.envelope.vocabulary import KINDS, LANES, PRIORITIES, PURPOSES, RELS, STATUSES, TLPS

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

HOME: Final = "ACCORD_HOME"
DEFAULT_HOME: Final = "~/.accord"

_INTRODUCTION = """\
Send, receive and verify substance alerts between agencies. Your agency's private keys stay in one file on
this machine; the hub carries what it cannot read.

Begin:   accord keygen                    make the keys; give the fingerprint to the hub on paper
         accord enrol xd-reg --hub URL    prove them to the hub
         accord pin xe-drugs FINGERPRINT  trust another agency's root, compared on paper
Then:    accord submit alert.json --to xe-drugs --lane trade --purpose prevent
         accord inbox, accord open 7QK4-M2XN, accord acknowledge 7QK4-M2XN --as OFFICER
"""

_SUBMIT = """\
FILE is the alert document (an object whose `schema` is accord-alert/1), or everything in one JSON object:
{"alert": {...}, "to": [...], "lane": ..., "purpose": ..., "tlp": ..., "attachments": ["scan.pdf"], ...}.
Options win over members. Times are spans from now (45m, 24h, 90d) or ISO 8601 with an offset.
The exact octets lie in the spool until the ledger's receipt was verified; --resend sends them again.
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="accord",
        description=_INTRODUCTION,
        epilog=_epilogue(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # An abbreviated option would take a secret typed after "--passphrase" for a file's name.
        allow_abbrev=False,
    )
    _add_common(parser, default=None)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_keygen(verbs)
    _add_enrol(verbs)
    _add_pin(verbs)
    _add_submit(verbs)
    _add_inbox(verbs)
    _add_open(verbs)
    _add_acknowledge(verbs)
    _add_retract(verbs)
    _add_confirm(verbs)
    _add_verify(verbs)
    _add_submissions(verbs)
    return parser


def _epilogue() -> str:
    codes = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())
    return (
        f"exit codes:\n{codes}\n\nenvironment:\n"
        f"  {HOME}            home folder (default {DEFAULT_HOME})\n"
        f"  {PASSPHRASE_FILE} file whose first line is the passphrase\n"
        f"  {API_KEY}, {API_KEY_FILE}  API key, or a file that holds it (enrol)\n"
        "  SSL_CERT_FILE          certificate authorities, where the hub's is not among the system's\n"
    )


def _add_common(parser: argparse.ArgumentParser, default: object = argparse.SUPPRESS) -> None:
    """Options that stand before or after the verb; after it they win."""
    common = parser.add_argument_group("for every verb")
    common.add_argument("--home", metavar="FOLDER", default=default, help=f"home folder (else {HOME})")
    common.add_argument(
        "--passphrase-file", metavar="FILE", default=default, help="file whose first line is the passphrase"
    )
    absent = default if default is argparse.SUPPRESS else False
    common.add_argument(
        "--json", action="store_true", default=absent, help="print JSON, errors too (to standard error)"
    )


def _verb(
    verbs: Verbs, name: str, says: str, more: str = "", aliases: tuple[str, ...] = ()
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(
        name,
        aliases=aliases,
        help=says,
        description=f"{says[0].upper()}{says[1:]}.\n\n{more}".rstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_common(parser)
    return parser


def _add_keygen(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "keygen",
        "make the agency's keys",
        "Writes keys.accord (all private keys) and next-root.accord (the successor of the root: move it to\n"
        "another place), both under one passphrase, and prints the root's fingerprint for the hub, on paper.",
    )
    parser.add_argument(
        "--suite",
        choices=("PQ1", "EC1", "both"),
        default="PQ1",
        help="PQ1 hybrid post-quantum (default), EC1 for peers without it, or both",
    )


def _add_enrol(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "enrol",
        "prove the keys to the hub and publish the first keyset",
        "The hub's administrator has entered the fingerprint from paper and given you an API key and, on\n"
        "paper, the ledger's key. May be repeated until it is complete, and later to replace the API key.",
    )
    parser.add_argument("agency", metavar="AGENCY", help="own agency id, like xd-reg")
    parser.add_argument("--hub", metavar="URL", required=True, help="the hub's address, https://...")
    parser.add_argument(
        "--ledger", metavar="VKEY", required=True, help="the ledger's key from paper, name+id+key"
    )
    parser.add_argument("--api-key-file", metavar="FILE", help=f"file with the API key (else {API_KEY})")
    parser.add_argument(
        "--lowest", choices=("PQ1", "EC1"), help="the weakest suite your agency takes (else what it has)"
    )
    parser.add_argument(
        "--wait", metavar="SECONDS", type=_seconds, default=30.0, help="wait for the receipt (default 30)"
    )


def _add_pin(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "pin",
        "trust another agency's root, or list the pins",
        "Compare the fingerprint with the one on paper or by telephone first. Without AGENCY the pins are\n"
        "listed. --file takes lines of an agency id and its fingerprint.",
    )
    parser.add_argument("agency", metavar="AGENCY", nargs="?")
    parser.add_argument("fingerprint", metavar="FINGERPRINT", nargs="*", help="64 hex digits, spaces allowed")
    parser.add_argument("--file", metavar="FILE", help="pin every line of a file")
    parser.add_argument(
        "--replace", action="store_true", help="replace another root; its keysets are forgotten"
    )


def _add_submit(verbs: Verbs) -> None:
    parser = _verb(verbs, "submit", "sign, seal and send an alert", _SUBMIT)
    parser.add_argument("file", metavar="FILE", nargs="?")
    parser.add_argument(
        "--resend", action="store_true", help="send again what has no receipt, and nothing else"
    )
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
    parser.add_argument("--suite", choices=("PQ1", "EC1"), help="default PQ1; nothing falls back silently")
    parser.add_argument(
        "--confirm-ec1", action="store_true", default=None, help="EC1 is not post-quantum; go on"
    )
    parser.add_argument("--name", metavar="AGENCY:OFFICER", action="append", help="a named officer, for RED")
    parser.add_argument("--attach", metavar="FILE", action="append", help="a file; may be repeated")
    parser.add_argument("--exp", metavar="TIME", help="no first delivery afterwards (default 90d)")
    parser.add_argument("--keep", metavar="TIME", help="the hub deletes the content then (default 3 years)")
    parser.add_argument("--ack-by", metavar="TIME", help="default by speed: flash 1h, urgent 24h")
    parser.add_argument("--reply-by", metavar="TIME")
    parser.add_argument("--plan", action="store_true", help="say who could receive it; send nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask before sending")
    _add_wait(parser)


def _add_inbox(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "inbox",
        "take in the news and list what has reached the agency",
        "Alerts are listed, not fetched. Statements are verified at once.",
    )
    parser.add_argument(
        "--after", metavar="NUMBER", type=int, help="list from this number on (else the newest)"
    )
    parser.add_argument("--limit", metavar="N", type=int, default=50, help="at most so many (default 50)")


def _add_open(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "open",
        "fetch an alert, make every check, show it",
        "Opening tells nobody; acknowledge it to tell the sender.",
    )
    _add_place(parser)
    parser.add_argument(
        "--as", metavar="OFFICER", dest="officer", help="the officer who reads it; RED demands it"
    )
    parser.add_argument("--out", metavar="FOLDER", help="write the attachments there, under safe names")
    parser.add_argument(
        "--save", metavar="FOLDER", help="keep the slice and its blobs there, for accord verify"
    )


def _add_acknowledge(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "acknowledge",
        "sign an acknowledgement, after making every check again",
        "OFFICER is the opaque id your agency gave its officer, never a name.",
    )
    _add_place(parser)
    parser.add_argument("--as", metavar="OFFICER", dest="officer", help="the officer who acknowledges")
    parser.add_argument(
        "--refused", action="store_const", const="refused", dest="st", help="read, and refused"
    )
    parser.add_argument(
        "--unopenable", action="store_const", const="unopenable", dest="st", help="it cannot be opened"
    )
    parser.add_argument("--code", choices=sorted(ACK_CODES), help="why, with --refused")
    _add_wait(parser)


def _add_retract(verbs: Verbs) -> None:
    parser = _verb(verbs, "retract", "take back an alert of your own; every holder is told")
    parser.add_argument("md", metavar="MD")
    parser.add_argument("--code", choices=sorted(RETRACT_CODES), required=True)
    parser.add_argument("--by", metavar="JTI", help="the alert that corrects it")
    parser.add_argument("--as", metavar="OFFICER", dest="officer")
    parser.add_argument("--yes", action="store_true", help="do not ask before")
    _add_wait(parser)


def _add_confirm(verbs: Verbs) -> None:
    parser = _verb(verbs, "confirm", "answer a retraction: use has stopped")
    _add_place(parser)
    parser.add_argument("--impossible", action="store_true", help="it can no longer be stopped")
    parser.add_argument("--as", metavar="OFFICER", dest="officer")
    _add_wait(parser)


def _add_verify(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "verify",
        "check a saved alert without a network, and print each check",
        "PATH is a folder that accord open --save wrote, or a slice file. The kept pins, keysets and\n"
        "checkpoint decide; what came later is not known here.",
    )
    parser.add_argument("path", metavar="PATH")
    parser.add_argument(
        "--as", metavar="OFFICER", dest="officer", help="the officer who reads it; RED demands it"
    )


def _add_submissions(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "submissions",
        "what became of what you sent: told, opened, acknowledged",
        "Verifies receipts and empties the spool. What this client never signed is marked: another client\n"
        "of your agency sent it, or somebody holds your keys.",
        aliases=("status",),
    )
    parser.add_argument("d", metavar="MD", nargs="?", help="one of them, recipient by recipient")
    parser.add_argument("--limit", metavar="N", type=int, default=50, help="at most so many (default 50)")


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", metavar="REFERENCE|MD", help="the mail's reference (7QK4-M2XN) or the md")


def _add_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=_seconds,
        nargs="?",
        const=30.0,
        default=0.0,
        help="wait for the ledger's receipt and verify it (30 seconds unless said)",
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 3600:
        raise ValueError
    return seconds
