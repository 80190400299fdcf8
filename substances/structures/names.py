# SPDX-License-Identifier: Apache-2.0
"""Names that the shipped reference sets give to structures."""

import csv
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from substances.control.naming import synonym_rows

_FOLDER: Final = Path(__file__).resolve().parents[1] / "data"
_LISTS: Final = "control/listings.csv"
_SETS: Final = ("substances-dev.csv", "precursors.csv", "control/medicines.csv", _LISTS)
_BRACKETED: Final = re.compile(r"\s*\(([^()]*)\)\s*\Z")
_SALT: Final = re.compile(
    r"[ -]+(?:di|hemi)?(?:hydrochloride|hcl|hydrobromide|hbr|sulfate|sulphate|citrate|fumarate|maleate|tartrate|oxalate|"
    r"phosphate|acetate|succinate|mesylate|besylate|tosylate|(?:free )?base)\Z"
)
_SYSTEMATIC: Final = re.compile(r"[\[\]{}();,|]|\d.*-.*\d.*-")
COMMON_NAME_CHARS: Final = 40
NAMES_AT_MOST: Final = 6
_DASHES: Final = {0x2010: "-", 0x2011: "-", 0x2012: "-", 0x2013: "-", 0x2212: "-", 0x2032: "'", 0x2019: "'"}


def blocks_of_name(name: str) -> frozenset[str]:
    """Return first blocks of the InChIKeys of all substances that a reference set calls so; none for an unknown name."""
    return _blocks().get(_plain(name), frozenset())


def blocks_of_cas(cas: str) -> frozenset[str]:
    """Return first blocks of all substances that a reference set gives this number; none for an unknown one."""
    return _by_number().get(cas, frozenset())


def names_of_block(block: str) -> tuple[str, ...]:
    """Return the reference sets' common names of a first block, preferred ones first, at most NAMES_AT_MOST."""
    return _names().get(block, ())


def _plain(name: str) -> str:
    """Return a name for comparison: one case, one form of dashes and spaces, without the name of a salt."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_DASHES)
    return _SALT.sub("", " ".join(folded.split()))


@cache
def _rows() -> tuple[tuple[str, str, str], ...]:
    """Return names with first blocks and the set that holds them, repetitions included."""
    found = []
    for place in _SETS:
        with (_FOLDER / place).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                names = [row["name"], *re.split(r"[;|]", row.get("synonyms") or "")]
                blocks = {key[:14] for key in row["inchikey"].split()}
                found += [(name.strip(), block, place) for name in names if name.strip() for block in blocks]
    return tuple(found)


@cache
def _by_number() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for place in _SETS:
        with (_FOLDER / place).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row.get("cas") and row["inchikey"]:
                    found.setdefault(row["cas"], set()).add(row["inchikey"][:14])
    return {cas: frozenset(blocks) for cas, blocks in found.items()}


@cache
def _blocks() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, block, _place in _rows():
        bracketed = _BRACKETED.search(name)
        for written in {name, _BRACKETED.sub("", name), bracketed[1] if bracketed else name}:
            found.setdefault(_plain(written), set()).add(block)
    for name, synonym in synonym_rows():
        found.setdefault(_plain(synonym), set()).update(found.get(_plain(name), ()))
    return {name: frozenset(blocks) for name, blocks in found.items()}


@cache
def _names() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, str]] = {}
    for name, block, place in _rows():
        common = _BRACKETED.sub("", name) if place == _LISTS else name
        if place != _LISTS or (len(common) <= COMMON_NAME_CHARS and not _SYSTEMATIC.search(common)):
            found.setdefault(block, {}).setdefault(_plain(common), common)
    return {block: tuple(names.values())[:NAMES_AT_MOST] for block, names in found.items()}
