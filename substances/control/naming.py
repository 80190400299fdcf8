# SPDX-License-Identifier: Apache-2.0
"""Compare names of substances by one spelling of letters, dashes, primes and Greek; never by likeness.

A name that matches nothing is not known, and nothing near it is guessed. A common name in the list of synonyms is looked up as
the name it stands for.
"""

import csv
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

MAX_NAME_CHARS: Final = 300
_SYNONYMS: Final = Path(__file__).resolve().parents[1] / "data" / "control" / "synonyms.csv"

_DASHES: Final = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63, 0xFF0D), "-")
_PRIMES: Final = dict.fromkeys((0x2032, 0x2019, 0x2018, 0x02B9, 0x0060, 0x00B4, 0xFF07), "'")
_GREEK: Final = {
    ord(letter): word
    for letter, word in zip("αβγδεω", ("alpha", "beta", "gamma", "delta", "epsilon", "omega"), strict=True)
}
_TABLE: Final = {**_DASHES, **_PRIMES, **_GREEK}
_BRACKETED: Final = re.compile(r"\s*\(([^()]*)\)\s*\Z")
_SALTS: Final = re.compile(
    r"[\s-]+(mono|di)?(hydrochloride|hydrobromide|hydroiodide|hcl|hbr|sulfate|sulphate|bisulfate|phosphate|nitrate|"
    r"citrate|tartrate|bitartrate|fumarate|hemifumarate|maleate|malate|succinate|oxalate|acetate|lactate|mesylate|"
    r"besylate|tosylate|benzoate|salicylate|pamoate|sodium|potassium|calcium|magnesium|base|free base|hydrate|"
    r"monohydrate|hemihydrate)\Z"
)


@lru_cache(maxsize=4_096)
def name_key(name: str) -> str:
    """Return the form that two spellings of one name share; empty for no name."""
    folded = unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS]).casefold().translate(_TABLE)
    return re.sub(r"[\s\-]+", "", folded)


def keys_of(name: str) -> tuple[str, ...]:
    """Return the keys under which a written name is looked up: as it stands, and without the name of a salt."""
    found = [name_key(name)]
    bare = unicodedata.normalize("NFKC", name[:MAX_NAME_CHARS]).casefold().translate(_TABLE).strip()
    while (shorter := _SALTS.sub("", bare)) != bare:
        bare = shorter
        found.append(name_key(bare))
    found += [key for known in found for key in _synonyms().get(known, ())]
    return tuple(key for key in dict.fromkeys(found) if key)


@cache
def synonym_rows() -> tuple[tuple[str, str], ...]:
    """Return names of the shipped lists, each with a common name for it."""
    with _SYNONYMS.open(encoding="utf-8", newline="") as lines:
        return tuple((row["name"], row["synonym"]) for row in csv.DictReader(lines))


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    """Return, by the key of a common name, the keys of the names it stands for."""
    found: dict[str, list[str]] = {}
    for name, synonym in synonym_rows():
        found.setdefault(name_key(synonym), []).append(name_key(name))
    return {key: tuple(names) for key, names in found.items()}


def spelled(name: str) -> tuple[str, ...]:
    """Return the names in an entry such as "phenyl-2-propanone (P-2-P)": the whole, the part before, the part in brackets."""
    found = _BRACKETED.search(name)
    if found is None or found.start() == 0:
        return (name,)
    return (name, name[: found.start()].strip(), found[1].strip())
