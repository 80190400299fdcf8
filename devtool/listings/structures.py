# SPDX-License-Identifier: Apache-2.0
"""Give the entries of a new text their structures: their earlier ones, and for new ones what independent ways give."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from devtool.listings.converting import is_german
from devtool.listings.held import Line
from devtool.listings.resolving import Elsewhere, Entry, Found, key_of, resolve
from devtool.listings.texts import TextRow
from substances.control.listings import BLOCK_CHARS, CLASS, COMBINATION, MATERIAL, SUBSTANCE
from substances.control.naming import name_key

IN_THE_ENTRY: Final = "named in the entry"
_CARRIED: Final = ("cas", "inchikey", "smiles", "structure")
_SALT_WORDS: Final = re.compile(
    r",? (?:or any salts? (?:there)?of.*|and (?:its|their) .*|(?:its|their) salts.*)\Z"
)
_JOINED: Final = re.compile(r",? (?:and|und|et|&) |, ")


@dataclass(frozen=True)
class Structures:
    """The sources on names: the present list, the project's records, OPSIN and a public table."""

    held: Sequence[Line]
    records: Mapping[str, Sequence[tuple[str, bool]]]
    opsin: str
    read_names: Callable[[Iterable[str]], Mapping[str, str]]
    table: Mapping[str, Iterable[str]]

    def given(
        self, rows: Sequence[TextRow], converted: Sequence[Mapping[str, str]], follows: Mapping[int, Line]
    ) -> list[dict[str, str]]:
        """Return the rows with their structures.

        A name that stood in the instrument, or alone in the jurisdiction, keeps its own. So does an entry under another name,
        continued by its code, that no way can read.
        """
        before = _by_name(self.held)
        given = [dict(cells) for cells in converted]
        new = []
        for place, cells in enumerate(given):
            cells.update(_added(cells, follows.get(place)))
            line = _known(cells, follows.get(place), before)
            if line is not None:
                cells.update(_carried(cells, line))
            elif cells["kind"] == SUBSTANCE and (blocks := self._together(cells["name"])):
                cells.update(kind=COMBINATION, inchikey=" ".join(blocks), structure=IN_THE_ENTRY)
            elif cells["kind"] != MATERIAL:
                new.append(place)
        for place, found in zip(new, self._found([rows[place] for place in new], given, new), strict=True):
            if found is not None:
                given[place].update(
                    inchikey=found.inchikey,
                    smiles=found.smiles,
                    structure=self._said(found, given[place]["jurisdiction"]),
                )
            elif place in follows:
                given[place].update(_carried(given[place], follows[place]))
        return given

    def _found(
        self, rows: Sequence[TextRow], given: Sequence[Mapping[str, str]], places: Sequence[int]
    ) -> list[Found | None]:
        entries = [
            Entry(given[place]["jurisdiction"], row, german=is_german(row))
            for place, row in zip(places, rows, strict=True)
        ]
        readings = self.read_names(name for entry in entries for name in entry.spellings) if entries else {}
        return resolve(entries, readings, self.records, self.table, _elsewhere(self.held))

    def _said(self, found: Found, jurisdiction: str) -> str:
        """Return the ways that agree; for those that OPSIN read in this very text, its version."""
        read = (f"text {jurisdiction}", "trivial name")
        return ", ".join(f"{way} (OPSIN {self.opsin})" if way in read else way for way in found.ways)

    def _together(self, name: str) -> list[str]:
        """Return the first blocks of two or more known substances that one entry names; empty for anything else."""
        parts = [part for part in _JOINED.split(_SALT_WORDS.sub("", name)) if part]
        blocks = [self._blocks(part) for part in parts]
        found = sorted({block for several in blocks for block in several})
        is_one = any(one == other for place, one in enumerate(blocks) for other in blocks[:place])
        return found if len(parts) > 1 and all(blocks) and not is_one else []

    def _blocks(self, name: str) -> frozenset[str]:
        said = (key_of(smiles)[:BLOCK_CHARS] for smiles, _settles in self.records.get(name_key(name), ()))
        return frozenset(block for block in said if block)


def _by_name(held: Sequence[Line]) -> dict[tuple[str, str, str], list[Line]]:
    """Return rows of substances by jurisdiction, instrument ("" for any) and key of the name."""
    found: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in held:
        if line.is_entry:
            for instrument in (line.cells["instrument"], ""):
                found[line.cells["jurisdiction"], instrument, name_key(line.cells["name"])].append(line)
    return found


def _known(
    cells: Mapping[str, str], followed: Line | None, before: Mapping[tuple[str, str, str], Sequence[Line]]
) -> Line | None:
    """Return the row whose structure an entry keeps: of its own name, and no other row of that name differs."""
    name = name_key(cells["name"])
    is_own = followed is not None and name_key(followed.cells["name"]) == name
    if followed is not None and is_own and (followed.cells["inchikey"] or cells["kind"] in (CLASS, MATERIAL)):
        return followed
    for instrument in (cells["instrument"], ""):
        lines = [
            line
            for line in before.get((cells["jurisdiction"], instrument, name), ())
            if line.cells["inchikey"]
        ]
        if len({line.cells["inchikey"] for line in lines}) == 1 and cells["kind"] != MATERIAL:
            return lines[0]
    return None


def _carried(cells: Mapping[str, str], before: Line) -> dict[str, str]:
    """Return the cells that an entry keeps of the row with its structure; a class keeps its skeleton, too."""
    kept = {column: before.cells[column] for column in _CARRIED}
    return kept | ({"kind": COMBINATION} if before.kind == COMBINATION else {})


def _added(cells: Mapping[str, str], before: Line | None) -> dict[str, str]:
    """Return a person's addition to the note, and the grade given with it, for the same text and for classes."""
    if before is None or not before.cells["note"].startswith(f"{cells['note']}; "):
        return {}
    is_same = cells["source"] == before.cells["source"] or cells["kind"] == before.kind == CLASS
    return {"note": before.cells["note"], "grade": before.cells["grade"]} if is_same else {}


def _elsewhere(held: Sequence[Line]) -> Elsewhere:
    """Return the lists' structures of common names, where a systematic name was read in that very text."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for line in held:
        cells = line.cells
        if line.is_entry and cells["smiles"] and f"text {cells['jurisdiction']}" in cells["structure"]:
            for name in (cells["name"], *cells["synonyms"].split("|")):
                if name and not re.search(r"[\[\]{}]", name):
                    found[name_key(name)][cells["smiles"]].add(cells["jurisdiction"])
    return found
