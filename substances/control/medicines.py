# SPDX-License-Identifier: Apache-2.0
"""Substances known as medicines: a note shown first, so that nobody takes a patient's medicine for a seizure.

A substance that is not in the list gets no note, which does not mean that it is no medicine.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from substances.control.naming import keys_of, name_key
from substances.control.results import MedicineNote

COLUMNS: Final = ("name", "synonyms", "smiles", "formula", "inchikey", "kind", "source")
_FILE: Final = Path(__file__).resolve().parents[1] / "data" / "control" / "medicines.csv"


@dataclass(frozen=True)
class Medicine:
    name: str
    synonyms: tuple[str, ...]
    smiles: str
    formula: str
    inchikey: str
    kind: str
    source: str


@cache
def shipped_medicines() -> tuple[Medicine, ...]:
    """Return every medicine of the shipped list."""
    rows = csv.DictReader(io.StringIO(_FILE.read_text(encoding="utf-8"), newline=""))
    return tuple(
        Medicine(
            name=row["name"],
            synonyms=tuple(part for part in row["synonyms"].split("|") if part),
            smiles=row["smiles"],
            formula=row["formula"],
            inchikey=row["inchikey"],
            kind=row["kind"],
            source=row["source"],
        )
        for row in rows
    )


def medicine_note(*, blocks: Iterable[str] = (), names: Iterable[str] = ()) -> MedicineNote | None:
    """Return the note for a structure (first blocks of InChIKeys), or for a name where there is no structure."""
    by_block, by_name = _index()
    found = [by_block[block] for block in sorted({block for block in blocks if block}) if block in by_block]
    if not found and not any(blocks):
        found = [by_name[key] for name in names for key in keys_of(name) if key in by_name]
    return MedicineNote(found[0].name, found[0].kind, found[0].source) if found else None


@cache
def _index() -> tuple[dict[str, Medicine], dict[str, Medicine]]:
    medicines = shipped_medicines()
    by_block: dict[str, Medicine] = {}
    by_name: dict[str, Medicine] = {}
    for medicine in medicines:
        by_block.setdefault(medicine.inchikey[:14], medicine)
        for name in (medicine.name, *medicine.synonyms):
            by_name.setdefault(name_key(name), medicine)
    return by_block, by_name
