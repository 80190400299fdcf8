# SPDX-License-Identifier: Apache-2.0
"""Verbs for the own keys: `keygen`, `fingerprint`, `pins`, `keys` with its acts, `sign`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from accord.cli.arguments.options import seconds, verb
from accord.envelope.statements.bodies import REVOKE_CODES

if TYPE_CHECKING:
    from accord.cli.arguments.options import Verbs

_KEYGEN = """\
Writes keys.accord (all private keys) and next-root.accord (the successor of the root: move it to another place),
both under one passphrase, and prints the root's fingerprint for the hub, on paper.

For an agency whose root stays offline: --root on a machine without network writes root.accord, next-root.accord and
their public halves into the home folder; --operational on the machine that works writes keys.accord without a root.
"""
_KEYS = """\
Without an act the keys are listed: purpose, kid, suite, state, until; and what ends within 30, 14, 7 or 1 days. A
keyset ends after 90 days at most: renew it in time, or nothing can be sent.

The root signs every change. It is taken from the key file, or from the file that --root names (its passphrase:
--root-passphrase-file, ACCORD_ROOT_PASSPHRASE_FILE, else asked for). Where it stays offline: propose, accord sign,
submit. A change that broke off is brought to its end by the next one, or by resume.
"""
_REVOKE = """\
Says that the key counts no more since a time: now, or earlier (--since 6h, --since 2027-01-31T12:00+01:00), never
later. What it signed and the ledger logged since then is shown to its recipients as repudiated; it is listed first.
A later word can only move the time earlier. To go on, type the last four characters of the kid, or say --yes.
"""
_CHANGE_ROOT = """\
The announced next root takes over; both roots sign. A new next root is made and written beside the keys: move it to
another safe place. Agencies that pinned the old root follow by the ledger; tell them the new one on paper.
"""
_RECOVER_ROOT = """\
For a root that is lost. The announced next root signs alone, and takes over 72 hours after that is logged, in public;
until then whoever holds the old root can cancel it. Keys whose private half is not in this home are retired, keys of
this home that no keyset names are added. Where the whole home is lost: accord keygen --operational in a new one,
accord enrol ... --fingerprint OLD, then this. If the next root is lost too, the agency enters again.
"""
_SIGN = """\
For the machine that keeps the root; needs no network. Says in words what is proposed: agency, version, each key added
or ended, who holds the keys, a change of the root, until when. Refuses a proposal that was changed on its way, is for
another root, is not of this day, or breaks a rule by which every reader judges keysets; the keyset before is taken
from --previous, from the file PROPOSAL.previous, or from the home that holds the root. Then asks, and writes SIGNED.

A desk whose last agency admin, key officer or keeper is gone asks in the same way: who is let in, as what, and where. So does
a desk that makes a list of the fingerprints its officers have compared, for partners.
"""
_PROPOSE = """\
Writes what the root is to sign into FILE, and the keyset before into FILE.previous. New private keys are made here
and stay in the key file. The root signs within a day: accord sign. Then: accord keys submit, or, after first,
accord enrol ... --keyset SIGNED.
"""


def add_verbs(verbs: Verbs) -> None:
    """Add the verbs of this group."""
    _add_keygen(verbs)
    _add_fingerprint(verbs)
    _add_pins(verbs)
    _add_keys(verbs)
    _add_sign(verbs)


def add_root(parser: argparse.ArgumentParser) -> None:
    """Add the options for the root's file, if the root is not in the key file."""
    parser.add_argument("--root", metavar="FILE", help="the root's key file (else the root in keys.accord)")
    parser.add_argument(
        "--root-passphrase-file", metavar="FILE", help="file whose first line is the passphrase of that file"
    )


def _add_keygen(verbs: Verbs) -> None:
    parser = verb(verbs, "keygen", "make the agency's keys", _KEYGEN)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--root", action="store_true", help="a root and the next root only, to be kept offline")
    what.add_argument(
        "--operational", action="store_true", help="the keys to work with only; the root is elsewhere"
    )
    what.add_argument(
        "--next-root", action="store_true", help="one more next root, to be announced by a root change"
    )
    parser.add_argument(
        "--suite",
        choices=("PQ1", "EC1", "both"),
        default="PQ1",
        help="PQ1 hybrid post-quantum (default), EC1 for peers without it, or both",
    )


def _add_fingerprint(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "fingerprint",
        "show the root's fingerprint in groups of four",
        "Of the own agency, or of FILE: a key file with a root, or the public half of one (.public.json, which\n"
        "needs no passphrase).",
    )
    parser.add_argument("file", metavar="FILE", nargs="?")


def _add_pins(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "pins",
        "print the pinned roots as a list, or take in such a list",
        "import takes all of a list or nothing: one root that is not the pinned one refuses the whole list.",
    )
    acts = _acts(parser, required=True)
    verb(acts, "print", "print agency and fingerprint, groups of four, one line each")
    taking = verb(
        acts, "import", "trust every root of a list, after comparing it", "FILE as print writes it."
    )
    taking.add_argument("file", metavar="FILE")
    taking.add_argument("--yes", action="store_true", help="they were compared; do not ask")


def _add_keys(verbs: Verbs) -> None:
    parser = verb(verbs, "keys", "list the own keys, or change them", _KEYS)
    acts = _acts(parser, required=False)
    listing = verb(acts, "list", "list the keys and what ends soon")
    listing.add_argument("--offline", action="store_true", help="as they were last seen; ask nobody")
    _add_simple_changes(acts)
    _add_endings(acts)
    _add_root_changes(acts)
    _add_propose(acts)
    submitting = verb(acts, "submit", "publish what the root has signed elsewhere")
    submitting.add_argument("signed", metavar="SIGNED")
    _add_wait(submitting)
    _add_wait(verb(acts, "resume", "bring a change to its end that broke off"))
    _add_passphrase(acts)


def _add_simple_changes(acts: Verbs) -> None:
    renewing = verb(acts, "renew", "publish the next keyset with the same keys, for 90 days")
    _add_lowest(renewing)
    add_root(renewing)
    _add_wait(renewing)
    rotating = verb(
        acts,
        "rotate",
        "publish new keys; the old ones overlap for 30 days",
        "Old alerts stay readable: every decryption key stays in the key file.",
    )
    _add_use(rotating)
    add_root(rotating)
    _add_wait(rotating)


def _add_endings(acts: Verbs) -> None:
    retiring = verb(acts, "retire", "end a key now; what it signed before still counts")
    _add_kid(retiring)
    retiring.add_argument("--yes", action="store_true", help="do not ask before")
    add_root(retiring)
    _add_wait(retiring)
    revoking = verb(acts, "revoke", "say that a key counts no more since a time", _REVOKE)
    _add_kid(revoking)
    _add_revocation(revoking)
    revoking.add_argument(
        "--rotate", action="store_true", help="bring new keys of its use at once, in a keyset that says both"
    )
    revoking.add_argument("--yes", action="store_true", help="do not ask before")
    add_root(revoking)
    _add_wait(revoking)


def _add_root_changes(acts: Verbs) -> None:
    changing = verb(acts, "change-root", "go over to the announced next root", _CHANGE_ROOT)
    add_root(changing)
    recovering = verb(
        acts, "recover-root", "the root is lost: take over by the next root, in 72 hours", _RECOVER_ROOT
    )
    for parser in (changing, recovering):
        _add_next_root(parser)
        parser.add_argument(
            "--announce",
            metavar="FINGERPRINT",
            help="announce this root, made by accord keygen --next-root (else one is made)",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before")
        _add_wait(parser)


def _add_propose(acts: Verbs) -> None:
    parser = verb(acts, "propose", "write what a root elsewhere is to sign", _PROPOSE)
    whats = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    _add_lowest(verb(whats, "renew", "the same keys for 90 days more"))
    _add_use(verb(whats, "rotate", "new keys"))
    _add_kid(verb(whats, "retire", "the end of a key"))
    revoking = verb(whats, "revoke", "a key counts no more since a time")
    _add_kid(revoking)
    _add_revocation(revoking)
    revoking.add_argument(
        "--force", action="store_true", help="even if nothing is left to work with; new keys follow"
    )
    for name, says in (
        ("change-root", "the announced next root takes over"),
        ("recover-root", "the next root takes over alone, in 72 hours"),
    ):
        rooted = verb(whats, name, says)
        rooted.add_argument("--public", metavar="FILE", required=True, help="the next root's .public.json")
        rooted.add_argument(
            "--announce", metavar="FINGERPRINT", required=True, help="the root after it: keygen --next-root"
        )
    first = verb(whats, "first", "the first keyset of an agency that enters")
    first.add_argument("--agency", metavar="AGENCY", required=True, help="own agency id, like xd-reg")
    first.add_argument("--public", metavar="FILE", required=True, help="the root's .public.json")
    _add_lowest(first)
    for below in whats.choices.values():
        below.add_argument("--out", metavar="FILE", required=True, help="where the proposal is written")


def _add_sign(verbs: Verbs) -> None:
    parser = verb(verbs, "sign", "sign a proposal as the root, after saying what it means", _SIGN)
    parser.add_argument("proposal", metavar="PROPOSAL")
    add_root(parser)
    _add_next_root(parser)
    parser.add_argument("--previous", metavar="FILE", help="the keyset before, as it was signed")
    parser.add_argument("--out", metavar="SIGNED", required=True, help="where the signed file is written")
    parser.add_argument("--yes", action="store_true", help="it was read; do not ask")


def _add_passphrase(acts: Verbs) -> None:
    parser = verb(
        acts,
        "passphrase",
        "close a key file under another passphrase",
        "The present one as always (--passphrase-file, else asked for), then the new one, twice. The file is replaced\n"
        "in one step; copies made before still open with the old passphrase.",
    )
    parser.add_argument("--file", metavar="FILE", help="a key file (else keys.accord of this home)")
    parser.add_argument(
        "--new-passphrase-file", metavar="FILE", help="file whose first line is the new passphrase"
    )


def _acts(parser: argparse.ArgumentParser, *, required: bool) -> Verbs:
    return parser.add_subparsers(dest="act", metavar="ACT", required=required)


def _add_kid(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kid",
        metavar="KID",
        help="the key's kid, its first six characters or more, or its last four or more; ... before a part that begins "
        "with a dash",
    )


def _add_lowest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lowest", choices=("PQ1", "EC1"), help="the weakest suite your agency takes (else as before)"
    )


def _add_use(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--use", choices=("sign", "enc", "both"), default="both", help="which keys (default both)"
    )
    parser.add_argument(
        "--suite", choices=("PQ1", "EC1", "both"), help="for these suites (else those in use)"
    )


def _add_revocation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--code",
        choices=sorted(REVOKE_CODES),
        required=True,
        help="stolen, lost, error (made or published in error), ended (no longer used)",
    )
    parser.add_argument("--since", metavar="TIME", help="since when (default now): 6h, 3d, or ISO 8601")


def _add_next_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--next-root", metavar="FILE", help="the next root's key file")
    parser.add_argument(
        "--next-root-passphrase-file",
        metavar="FILE",
        help="file whose first line is the passphrase of that file",
    )


def _add_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait", metavar="SECONDS", type=seconds, default=30.0, help="wait for the receipt (default 30)"
    )
