# SPDX-License-Identifier: Apache-2.0
"""Verbs that ask the science core, on this machine alone: `screen`, `similar`, `match`, `compare`."""

from __future__ import annotations

import argparse
import re
from datetime import date
from typing import TYPE_CHECKING, Final

from accord.cli.arguments.options import verb

if TYPE_CHECKING:
    from accord.cli.arguments.options import Verbs

EARLIEST: Final = date(1961, 1, 1)
LATEST: Final = date(2099, 12, 31)
SAME_JURISDICTION: Final = {"GB": "UK"}
"""ISO's code of a jurisdiction that rules and lists know by its usual letters."""
_INSTALL = "Needs the science core: pip install 'accord-client[substances]'. Asks nobody: neither the hub nor a network."
_SCREEN = f"""\
Named listings, class rules and precursors for a day, per jurisdiction. "Meets the definition" is what is said of a
class; the cited instrument decides. A structure is a SMILES or an InChI, or a MOL or SDF file; "-" reads one from
standard input, which other users of this machine cannot see.

{_INSTALL}
"""
_SIMILAR = f"""\
Ranked by two fingerprints and by the rules and clauses that reach both, among the shipped reference set. Structures of
--own (CSV with the columns name and smiles, 2,000 at most) are ranked by likeness alone, no rule is asked about them;
each of them counts, so that --own needs --case. Whether something is controlled does not sort.

{_INSTALL}
"""
_MATCH = f"""\
FILE is MSP, MGF, mzML, JCAMP-DX or a peak list. Searched in the shipped library and those of --library, among entries
of the query's mass unless --any-mass is said. A mass spectrum does not tell isomers apart: a hit is a candidate.

{_INSTALL}
"""
_COMPARE = f"""\
PROFILE is a JSON file {{"method", "version", "values"}}, null for below detection, or an alert that holds one, as accord
open --json prints it; --own holds a JSON object of such profiles by your own names. Each comparison comes with its error rates, and is a lead, not proof.

{_INSTALL}
"""


def add_verbs(verbs: Verbs) -> None:
    """Add the verbs of this group."""
    _add_screen(verbs)
    _add_similar(verbs)
    _add_match(verbs)
    _add_compare(verbs)


def _add_screen(verbs: Verbs) -> None:
    parser = verb(verbs, "screen", "say who controls a substance, and by which clause", _SCREEN)
    _add_structures(parser)
    parser.add_argument(
        "--name", metavar="NAME", help="what it is called, besides the structure or instead of it"
    )
    parser.add_argument("--cas", metavar="CAS", help="its CAS number")
    parser.add_argument("--on", metavar="DATE", type=day, help="the day, like 2025-07-17 (today)")
    parser.add_argument(
        "--only",
        metavar="CODE",
        type=jurisdiction,
        action="append",
        help="show this jurisdiction, also where nothing is known of it; may be repeated",
    )
    _add_why(parser)


def _add_similar(verbs: Verbs) -> None:
    parser = verb(verbs, "similar", "list known substances of similar structure", _SIMILAR)
    _add_structures(parser)
    parser.add_argument("--own", metavar="CSV", help="your own structures; needs --case")
    _add_limit(parser)
    _add_why(parser)


def _add_match(verbs: Verbs) -> None:
    parser = verb(verbs, "match", "search mass spectra in libraries", _MATCH)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--library", metavar="FILE", action="append", default=[], help="your own; may be repeated"
    )
    parser.add_argument("--any-mass", action="store_true", help="compare entries of any precursor mass")
    _add_limit(parser)
    _add_why(parser)


def _add_compare(verbs: Verbs) -> None:
    parser = verb(verbs, "compare", "compare a sample's profile with your own", _COMPARE)
    parser.add_argument("file", metavar="PROFILE")
    parser.add_argument("--own", metavar="FILE", required=True, help="your own profiles")
    _add_why(parser)


def _add_structures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("structures", metavar="STRUCTURE", nargs="*", help='SMILES or InChI, or "-"')
    parser.add_argument(
        "--file", metavar="FILE", action="append", default=[], help="a MOL or SDF file; may be repeated"
    )
    parser.add_argument(
        "--rules",
        metavar="YAML",
        action="append",
        default=[],
        help="rules that an authority published, laid over those known here; may be repeated",
    )


def _add_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", metavar="N", type=count, default=10, help="how many at most (10)")


def _add_why(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--case", metavar="REFERENCE", help="the case; needed for more than one at once")
    parser.add_argument(
        "--as", metavar="OFFICER", dest="officer", help="who asks, for the record in the home"
    )


def day(text: str) -> date:
    """Parse the date of a question about law; argparse.ArgumentTypeError with the remedy otherwise."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("give a day like 2025-07-17") from None
    if not EARLIEST <= found <= LATEST:
        raise argparse.ArgumentTypeError("choose a day from 1961 to 2099")
    return found


def count(text: str) -> int:
    """Parse a count from 1 to 50; argparse.ArgumentTypeError with the remedy otherwise."""
    if not (text.isdecimal() and 1 <= int(text) <= 50):
        raise argparse.ArgumentTypeError("give a number from 1 to 50")
    return int(text)


def jurisdiction(text: str) -> str:
    """Parse the code of a jurisdiction as rules and lists write it; argparse.ArgumentTypeError with the remedy otherwise."""
    code = text.strip().upper()
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9-]{0,10}", code):
        raise argparse.ArgumentTypeError("give the code of a jurisdiction, like US, UK or UN")
    return SAME_JURISDICTION.get(code, code)
