# SPDX-License-Identifier: Apache-2.0
"""Find the structure that an entry names, by independent ways; never by guess.

The ways are the systematic name in the entry itself or in the same entry of another text (read by OPSIN), the project's own
records of names and structures, and a public table of names. The first block of the InChIKey that most ways give is taken.
Where two tie, or where only a trivial name was read against the rest, none is, unless a record settles it.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, cast

from rdkit import Chem, RDLogger

from devtool.errors import DevtoolError
from devtool.listings.spelling import is_systematic
from devtool.listings.texts import TextRow
from substances.control.listings import RACEMATE
from substances.control.naming import keys_of, name_key, spelled

RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
_DATA: Final = Path(__file__).resolve().parents[2] / "substances" / "data"
RECORDS: Final = (
    Path(__file__).parent / "known-structures.csv",
    _DATA / "control" / "medicines.csv",
    _DATA / "substances-dev.csv",
    _DATA / "precursors.csv",
)
_GERMAN_NAMES: Final = (
    ("amin", "amine"), ("in", "ine"), ("on", "one"), ("ol", "ole"), ("an", "ane"), ("at", "ate"), ("id", "ide"),
    ("en", "ene"), ("xid", "xide"), ("itril", "itrile"),
)  # fmt: skip

_NAMED_FORM: Final = re.compile(
    r"dex|lev|d-|l-|\(\+\)|\([-\u2212]\)|(?:alpha|beta)-?(?:prodin|meprodin|methadol|cetylmethadol)|cis|trans|cathin"
)
NO_NAMES: Final = {
    "e", "b", "1", "ester", "synthetic", "(ester)", "methyl", "ethyl", "propyl", "isopropyl", "butyl", "carbamicacid",
}  # fmt: skip
"""Keys of texts before or within brackets that are no names."""


@dataclass(frozen=True)
class Entry:
    """A row of one text, with the list it belongs to ("US") and whether its names are German."""

    list: str
    row: TextRow
    german: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        return self.row.spellings(german=self.german)

    def known_as(self) -> frozenset[str]:
        """Return forms under which the entry's common names are compared with those of other lists."""
        found = {
            key for name in self.spellings if not re.search(r"[\[\]{}]", name) for key in keys_of(name)[:1]
        }
        found -= NO_NAMES
        if self.german:
            found |= {key[: -len(a)] + b for key in list(found) for a, b in _GERMAN_NAMES if key.endswith(a)}
            found |= {key.replace("z", "c") for key in list(found)}
            found |= {key.replace("f", "ph", 1) for key in list(found) if "amfet" in key}
        return frozenset(found)


@dataclass(frozen=True)
class Found:
    """The structure of an entry.

    `inchikey` is whole where the form is settled, else its first block; `smiles` stands for it; `ways` are those that agree,
    `against` the differing answer of another way.
    """

    inchikey: str
    smiles: str
    ways: tuple[str, ...]
    against: tuple[str, ...] = ()


@dataclass
class _Evidence:
    """The ways and drawings that support one first block."""

    ways: set[str] = field(default_factory=set)
    smiles: list[tuple[int, str]] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)

    @property
    def weight(self) -> int:
        texts = {way for way in self.ways if way.startswith("text ")}
        others = {way.split(" ")[0] for way in self.ways - texts if way != "trivial name"}
        return (
            2 * (min(len(texts), 2) + len(others))
            + ("trivial name" in self.ways)
            + 3 * ("decided" in self.ways)
        )


Elsewhere = Mapping[str, Mapping[str, set[str]]]
"""The lists whose text gives a structure, by the key of the common name and by that structure."""


def known_records() -> dict[str, list[tuple[str, bool]]]:
    """Return the structures of the project's records by the key of a name, each with whether it settles a doubt."""
    found: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for place in RECORDS:
        with place.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                names = [row["name"], *re.split(r"\|", row.get("synonyms") or "")]
                for key in {name_key(part) for name in names if name for part in spelled(name)}:
                    if row["smiles"]:
                        found[key].append((row["smiles"], row.get("settles") == "yes"))
    return dict(found)


def right_spellings() -> dict[str, tuple[str, ...]]:
    """Return the other names that a record which settles doubts gives a printed name, by its key."""
    with RECORDS[0].open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["settles"] == "yes" and row["synonyms"]]
    return {name_key(row["name"]): tuple(row["synonyms"].split("|")) for row in rows}


def read_table(path: Path) -> dict[str, set[str]]:
    """Read a public table of chemicals (tab-separated, SMILES in column 5, InChIKey in 7, names from 8 on), by name key."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise DevtoolError(f"{path.name} is not UTF-8.", "Save the table as UTF-8.") from None
    found: dict[str, set[str]] = defaultdict(set)
    for number, line in enumerate(lines, start=1):
        cells = line.split("\t")
        if len(cells) < 8:
            raise DevtoolError(
                f"{path.name}, line {number}: {len(cells)} columns instead of at least 8.",
                "Tab-separated: SMILES in column 5, InChIKey in 7, names from 8 on.",
            )
        for name in cells[7:]:
            found[name_key(name)].add(cells[4])
    return dict(found)


def resolve(
    entries: Sequence[Entry],
    readings: Mapping[str, str],
    records: Mapping[str, Sequence[tuple[str, bool]]],
    table: Mapping[str, Iterable[str]],
    elsewhere: Elsewhere,
) -> list[Found | None]:
    """Return the structure of each entry, None where nothing is known or ways contradict each other."""
    shared: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for key, structures in elsewhere.items():
        for smiles, lists in structures.items():
            shared[key][smiles] |= lists
    for entry in entries:
        for smiles in _own(entry, readings):
            for key in entry.known_as():
                shared[key][smiles].add(entry.list)
    return [_found(entry, readings, records, table, shared) for entry in entries]


def _own(entry: Entry, readings: Mapping[str, str]) -> Iterator[str]:
    for name in entry.spellings:
        if name in readings and is_systematic(name):
            yield readings[name]


def _found(
    entry: Entry,
    readings: Mapping[str, str],
    records: Mapping[str, Sequence[tuple[str, bool]]],
    table: Mapping[str, Iterable[str]],
    shared: Elsewhere,
) -> Found | None:
    evidence: dict[str, _Evidence] = defaultdict(_Evidence)
    for rank, way, smiles in _evidence(entry, readings, records, table, shared):
        if key := key_of(smiles):
            evidence[key[:14]].ways.add(way)
            evidence[key[:14]].smiles.append((rank, smiles))
            if way == "decided":
                evidence[key[:14]].settled.add(smiles)
    if not evidence:
        return None
    ordered = sorted(evidence.items(), key=lambda item: (-item[1].weight, item[0]))
    block, best = ordered[0]
    if len(ordered) > 1 and ordered[1][1].weight == best.weight:
        return None
    if best.ways <= {"trivial name"}:
        return None
    against = tuple(f"{other}: {', '.join(sorted(found.ways))}" for other, found in ordered[1:])
    inchikey, smiles = _form(block, best)
    if not (_is_said(entry, list(_own(entry, readings))) or best.settled):
        inchikey = block
    return Found(inchikey, smiles, tuple(sorted(best.ways)), against)


def _evidence(
    entry: Entry,
    readings: Mapping[str, str],
    records: Mapping[str, Sequence[tuple[str, bool]]],
    table: Mapping[str, Iterable[str]],
    shared: Elsewhere,
) -> Iterator[tuple[int, str, str]]:
    for name in entry.spellings:
        if name in readings:
            yield (0, f"text {entry.list}", readings[name]) if is_systematic(name) else (
                4, "trivial name", readings[name],
            )  # fmt: skip
    for key in sorted(entry.known_as()):
        for smiles, settles in records.get(key, ()):
            yield 1, "record", smiles
            if settles:
                yield 1, "decided", smiles
        for smiles in sorted(table.get(key, ())):
            yield 3, "table", smiles
        for smiles, lists in sorted(shared.get(key, {}).items()):
            for other in sorted(lists - {entry.list}):
                yield 2, f"text {other}", smiles


def _is_said(entry: Entry, own: Sequence[str]) -> bool:
    """Tell whether the entry states its stereo form: by its common or a complete systematic name."""
    name = entry.row.name.casefold()
    if name.startswith(RACEMATE):
        return False
    return bool(_NAMED_FORM.match(name)) or any(_is_complete(smiles) for smiles in own)


def _form(block: str, evidence: _Evidence) -> tuple[str, str]:
    """Return the whole key where every complete drawing has the same stereo, else the first block alone."""
    ordered = [smiles for _rank, smiles in sorted(evidence.smiles)]
    settled = [smiles for smiles in evidence.settled if _is_complete(smiles)]
    complete = {key_of(smiles) for smiles in settled or ordered if _is_complete(smiles)}
    if len(complete) == 1:
        (key,) = complete
        return key, next(smiles for smiles in ordered if key_of(smiles) == key)
    return block, ordered[0]


@cache
def key_of(smiles: str) -> str:
    """Return the InChIKey, empty where it cannot be read."""
    molecule = cast("Chem.Mol | None", Chem.MolFromSmiles(smiles))
    return "" if molecule is None else str(Chem.MolToInchiKey(molecule))  # type: ignore[no-untyped-call]


def _is_complete(smiles: str) -> bool:
    """Tell whether it has stereo centres and states each of them."""
    molecule = Chem.MolFromSmiles(smiles)
    centres = Chem.FindMolChiralCenters(  # type: ignore[no-untyped-call]
        molecule, includeUnassigned=True, useLegacyImplementation=False
    )
    return bool(centres) and all(label != "?" for _atom, label in centres)
