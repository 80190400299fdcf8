# SPDX-License-Identifier: Apache-2.0
"""The parser of the whole command line. Secrets have no option that takes them directly."""

from __future__ import annotations

import argparse

from accord.cli.arguments import becoming, completing, keys, partners, receiving, science, sending, watching
from accord.cli.arguments.options import DEFAULT_HOME, HOME, Parser, add_common
from accord.cli.asking import (
    API_KEY,
    API_KEY_FILE,
    NEW_PASSPHRASE_FILE,
    NEXT_ROOT_PASSPHRASE_FILE,
    PASSPHRASE_FILE,
    PROXY,
    PROXY_LOGIN_FILE,
    ROOT_PASSPHRASE_FILE,
)
from accord.cli.exits import MEANINGS
from accord.version import VERSION

_INTRODUCTION = """\
Send, receive and verify substance alerts between agencies. Your agency's private keys stay in one file on
this machine; the hub carries what it cannot read.

Begin:   accord keygen                    make the keys; give the fingerprint to the hub on paper
         accord enrol xd-reg --hub URL    prove them to the hub
         accord pin xe-drugs FINGERPRINT  trust another agency's root, compared on paper
Then:    accord check alert.json          what does not fit, by line and member
         accord submit alert.json --to xe-drugs --lane trade --purpose prevent
         accord inbox, accord open 7QK4-M2XN, accord acknowledge 7QK4-M2XN --as OFFICER
         accord inbox --to-answer, accord answer 7QK4-M2XN --code no_hit
         accord overdue                   what you owe others, and they you
         accord watch --open --json       every alert as it comes, for another program
         accord submissions --check       was anything sent with stolen keys?
Science: accord screen "SMILES"           who controls it, by which clause; asks nobody
Keys:    accord keys                      what ends when; accord keys renew within 90 days
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command line."""
    parser = Parser(
        prog="accord",
        description=_INTRODUCTION,
        epilog=_epilogue(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # An abbreviated option would take a secret typed after "--passphrase" as a file's name.
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"accord {VERSION}")
    add_common(parser, default=None)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for group in (keys, becoming, partners, sending, receiving, watching, science, completing):
        group.add_verbs(verbs)
    return parser


def _epilogue() -> str:
    codes = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())
    return (
        f"exit codes:\n{codes}\n\nenvironment:\n"
        f"  {HOME}            home folder (default {DEFAULT_HOME})\n"
        f"  {PASSPHRASE_FILE} file whose first line is the passphrase\n"
        f"  {ROOT_PASSPHRASE_FILE}, {NEXT_ROOT_PASSPHRASE_FILE}, {NEW_PASSPHRASE_FILE}\n"
        "                         the same for a root's file, the next root's, and a new passphrase\n"
        f"  {API_KEY}, {API_KEY_FILE}  API key, or a file that holds it (enrol)\n"
        f"  {PROXY}           http://proxy.example:3128, which leads to the hub by CONNECT\n"
        f"  {PROXY_LOGIN_FILE}  file whose first line is its USER:PASSWORD\n"
        "  SSL_CERT_FILE          certificate authorities, where the hub's is not among the system's\n"
    )
