# SPDX-License-Identifier: Apache-2.0
"""Verbs for becoming a partner: `enrol`, `api-key`, `pin`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accord.cli.arguments.keys import add_root
from accord.cli.arguments.options import seconds, verb
from accord.cli.asking import API_KEY

if TYPE_CHECKING:
    from accord.cli.arguments.options import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Add the verbs of this group."""
    _add_enrol(verbs)
    _add_api_key(verbs)
    _add_pin(verbs)


def _add_enrol(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "enrol",
        "prove the keys to the hub and publish the first keyset",
        "The hub's administrator has entered the fingerprint from paper and given you a key for entering and,\n"
        "on paper, the ledger's key. The hub's answer brings your agency's own API key, sealed to your agency.\n"
        "May be repeated until it is complete, and later to replace the API key.",
    )
    parser.add_argument("agency", metavar="AGENCY", help="own agency id, like xd-reg")
    parser.add_argument("--hub", metavar="URL", required=True, help="the hub's address, https://...")
    parser.add_argument(
        "--ledger", metavar="VKEY", required=True, help="the ledger's key from paper, name+id+key"
    )
    add_root(parser)
    parser.add_argument(
        "--keyset", metavar="SIGNED", help="the first keyset, which the root has signed elsewhere"
    )
    parser.add_argument(
        "--fingerprint",
        metavar="FINGERPRINT",
        help="the own root's, in one word: your agency's keyset stands already, and this home is new",
    )
    parser.add_argument(
        "--api-key-file",
        metavar="FILE",
        help=f"file with the key for entering, or a later API key (else {API_KEY})",
    )
    parser.add_argument(
        "--lowest", choices=("PQ1", "EC1"), help="the weakest suite your agency takes (else what it has)"
    )
    parser.add_argument(
        "--wait", metavar="SECONDS", type=seconds, default=30.0, help="wait for the receipt (default 30)"
    )


def _add_api_key(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "api-key",
        "say which API key this home uses, and until when",
        "The API key signs this machine in at the hub; it signs no alert and opens none. In its last 30 days it\n"
        "may be replaced once by itself; your agency's admins are told.",
    )
    parser.add_argument("--rotate", action="store_true", help="have the hub replace it, and keep the new one")
    parser.add_argument(
        "--return-key-file",
        metavar="FILE",
        help="no API key serves any more: ask for another by the key for coming back in this file",
    )
    parser.add_argument("--show", action="store_true", help="print its text, for another program of yours")


def _add_pin(verbs: Verbs) -> None:
    parser = verb(
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
