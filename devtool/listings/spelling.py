# SPDX-License-Identifier: Apache-2.0
"""Spell names of legal texts for a reader of chemical names: dashes, brackets, elisions, German endings.

A spelling never changes the meaning of a name. A name that still cannot be read stays unread; nothing is invented for it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

_DASHES: Final = dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212), "-")
_PRIMES: Final = {0x2019: "'", 0x2032: "'", 0x201C: None, 0x201D: None, 0x03C1: "p"}
_WORDED: Final = re.compile(
    r";|,? ?(?:also known as|commonly known as|a\.k\.a\.|[Ss]ome (?:trade or )?other names(?: include)?|[Oo]ther names?):?"
)
_KNOWN_AS: Final = re.compile(
    r",? (?:its|including its) |[ ,]*[(\[](?:commonly|also known|a\.k\.a|[Oo]ther names?)"
)
_LOCANT_STEREO: Final = re.compile(r"(?<=\d)[αβξß](?=[,-])")
_CLAUSE: Final = re.compile(
    r",? (?:its (?:salts|isomers|optical)|including its|and its salts|or any salt thereof|\(including).*\Z"
)
_ELIDED: Final = (
    (re.compile(r"(androst|estr|gon|pregn)-(?=\d[\d,()]*-(?:di|tri)en)"), r"\1a-"),
    (re.compile(r"(androst|estr)-(\d[\d,()]*)-(di|tri)en\b"), r"\1a-\2-\3en"),
    (re.compile(r"-(di|tri)?en-(\d[\d,]*-dion)"), r"-\1ene-\2"),
)
_GERMAN: Final = (
    ("Naphthalin", "Naphthalen"), ("naphthalin", "naphthalen"), ("hinolin", "uinolin"), ("hinazolin", "uinazolin"),
    ("hinuclidin", "uinuclidin"), ("barbitursäure", "barbituric acid"), ("carbonsäure", "carboxylic acid"),
    ("Essigsäure", "acetic acid"), ("essigsäure", "acetic acid"), ("uttersäure", "utyric acid"),
    ("propionsäure", "propionic acid"), ("propansäure", "propanoic acid"), ("heptansäure", "heptanoic acid"),
    ("butansäure", "butanoic acid"), ("pentansäure", "pentanoic acid"), ("Äthyl", "Ethyl"), ("äthyl", "ethyl"),
    ("Cq", "Q"), ("cq", "q"),
)  # fmt: skip
_HALOGENS: Final = re.compile(r"(?i)(chlor|brom|iod|fluor|cyan)(?!o|id)")
_ENDINGS: Final = re.compile(
    r"(?<=[a-z])(amid|anilid|nitril|amin|imin|imid|dion|trion|on|indol|azol|azolin|at|in|oxid|pyrrol|thion|an|en)"
    r"(?=\Z|[\s)\]},;])"
)


def plain(name: str) -> str:
    """Return one form of letters, dashes, primes and spaces."""
    folded = unicodedata.normalize("NFC", name).translate(_DASHES).translate(_PRIMES)
    folded = re.sub(r"^ß(?=\W)", "β", folded)
    return re.sub(r"\s+", " ", folded).strip()


def spellings(name: str, other_names: Sequence[str], *, german: bool) -> tuple[str, ...]:
    """Return every name in an entry and its spellings, each once."""
    parts = [part for whole in (name, *other_names) for part in _parts(plain(whole))]
    if german:
        parts += [spelled for part in list(parts) for spelled in _from_german(part)]
    return tuple(dict.fromkeys(spelled for part in parts for spelled in _spelled(part) if spelled))


def is_systematic(name: str) -> bool:
    """Tell whether a name states its structure: brackets, or a number or letter with a dash before several stems."""
    return len(name) > 12 and bool(re.search(r"[\[({]|\d-.*\d|\d[αβ]?,\d", name))


def _parts(name: str) -> Iterator[str]:
    """Yield the whole, the text before brackets, and each of the names within them, without the words about salts."""
    yield name
    yield _KNOWN_AS.split(name)[0]
    for whole in dict.fromkeys((name, _CLAUSE.sub("", name))):
        found = re.match(r"(.*?)\s+[(\[](.*?)[)\]]?\s*\Z", whole)
        yield from (found[1], *_WORDED.split(found[2])) if found else ()
    outside = re.match(r"(.+?),? (?:its|including|and its) [a-z, ]*(?:salts|isomers).*\Z", name)
    if outside:
        yield outside[1]
    before = re.match(r"([A-Za-z-]+-Intermediate(?:-[A-C])?), (.+)\Z", name)
    if before:
        yield from (before[1], before[2])


def _spelled(part: str) -> Iterator[str]:
    bare = _CLAUSE.sub("", part).strip(" ,;:")
    bare = re.sub(r"\s*-\s*", "-", bare)
    yield bare
    for pattern, into in _ELIDED:
        bare = pattern.sub(into, bare)
    yield bare
    if " (" not in bare and " [" not in bare:
        yield bare.replace(", ", ",").replace(" ", "")
    yield bare[:1].lower() + bare[1:]
    if re.search(r"androst|estr-|estra-|gon-|gona-|pregn", bare):
        yield _LOCANT_STEREO.sub("", re.sub(r"5[αβ]-(?=androst|estr|pregn)", "", bare))
    yield bare.replace("ß", "beta").replace("\u03b1", "alpha").replace("\u03b2", "beta")


def _from_german(name: str) -> Iterator[str]:
    english = name
    for german, word in _GERMAN:
        english = english.replace(german, word)
    english = _HALOGENS.sub(r"\1o", english)
    english = _ENDINGS.sub(r"\1e", english)
    yield english
    if re.search(r"ate[)\]}]*\Z", english):
        yield from _ester(english)


def _ester(name: str) -> Iterator[str]:
    """Split an ester into two words: German writes "Ethyl(4-…carboxylat)" and "(…-3-yl)acetat" in one."""
    for place, letter in enumerate(name):
        if letter in "([{" and name[:place].endswith("yl"):
            yield f"{name[:place]} {name[place:]}"
            if name[-1] in ")]}":
                yield f"{name[:place]} {name[place + 1 : -1]}"
    for pattern in (
        r"[(\[{]?(.*yl)[)\]}]?-?((?:di)?[a-z]+ate)\Z",
        r"[(\[{](.*)[)\]}]((?:di)?[a-z]+ate)\Z",
    ):
        if found := re.match(pattern, name):
            yield f"{found[1].lstrip('([{')} {found[2]}"
            yield f"{found[1]} {found[2]}"
