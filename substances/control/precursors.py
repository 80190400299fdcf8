# SPDX-License-Identifier: Apache-2.0
"""Precursors: the tables of the 1988 Convention and a few national entries, recognised in any notation.

A precursor is found by name, by CAS number, or by its structure in any notation, as salt, stereo form or isotope. The table's
substances are compared whole: nothing is inferred about synthesis.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from substances.control.faults import Fault, RulesRefusedError
from substances.control.fields import CONFIDENCE, day_of
from substances.control.listings import missing_cells, read_table, way_of
from substances.control.naming import keys_of, name_key, spelled
from substances.control.rules import canonical, digest_of

COLUMNS: Final = (
    "name", "smiles", "formula", "cas", "cas_check", "inchikey", "list", "in_force_from", "source", "confidence",
)  # fmt: skip
_FILE: Final = Path(__file__).resolve().parents[1] / "data" / "precursors.csv"
_YEAR: Final = re.compile(r"\d{4}\Z")


@dataclass(frozen=True)
class Precursor:
    """One row. `since` is a day (precision "day"), a year ("year") or empty ("unknown")."""

    name: str
    smiles: str
    cas: str
    inchikey: str
    table: str
    since: str
    precision: str
    source: str
    confidence: str

    @property
    def jurisdiction(self) -> str:
        """UN for the convention's tables, else the state that the entry names."""
        if not self.table.startswith("national:"):
            return "UN"
        return "CA" if "Canada" in self.table else "US" if "US" in self.table else ""

    @property
    def start(self) -> date | None:
        if not self.since:
            return None
        return date.fromisoformat(self.since if self.precision == "day" else f"{self.since}-01-01")

    def phase_on(self, day: date) -> str:
        """Return the phase as for a listing: in_force, not_yet, day_not_known, or proposed where no date is known."""
        start = self.start
        if start is None:
            return "proposed" if "proposed" in self.table else "in_force"
        sure = date(start.year + 1, 1, 1) if self.precision == "year" else start
        if day >= sure:
            return "in_force"
        return "not_yet" if day < start else "day_not_known"


@dataclass(frozen=True)
class PrecursorHit:
    """A precursor that was recognised. `found_by` is "structure", "structure_without_stereo", "cas" or "name".

    `part` is the component that was found, where the structure has several.
    """

    name: str
    table: str
    since: str
    precision: str
    phase: str
    source: str
    confidence: str
    found_by: str
    jurisdiction: str
    part: str = ""


@dataclass(frozen=True, eq=False)
class PrecursorTable:
    """The rows with their digest, and the indexes."""

    digest: str
    rows: tuple[Precursor, ...]
    _by_name: dict[str, list[Precursor]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for row in self.rows:
            for key in {name_key(part) for part in spelled(row.name)}:
                self._by_name.setdefault(key, []).append(row)

    def recognise(
        self,
        *,
        on: date,
        inchikeys: Mapping[str, str] | Iterable[str] = (),
        cas: str = "",
        names: Iterable[str] = (),
    ) -> tuple[PrecursorHit, ...]:
        """Return every matching row, the exact stereo form first.

        `inchikeys` are those of the whole input, of its parent and of its components, each with its part where a mapping gives
        it. As with listings, a name or number of another structure finds nothing where a structure is given.
        """
        given = inchikeys if isinstance(inchikeys, Mapping) else dict.fromkeys(inchikeys, "")
        keys = {key: part for key, part in given.items() if key}
        found = {row: way for row in self.rows if (way := _way(row, keys))}
        found = dict(sorted(found.items(), key=lambda item: item[1] != "structure"))
        by_name = [row for name in names for key in keys_of(name) for row in self._by_name.get(key, ())]
        by_cas = [row for row in self.rows if row.cas and row.cas == cas.strip()]
        if not keys:
            for rows, way in ((by_cas, "cas"), (by_name, "name")):
                for row in rows:
                    found.setdefault(row, way)
        return tuple(_hit(row, way, on, _part_of(row, keys)) for row, way in found.items())


def _way(row: Precursor, keys: Iterable[str]) -> str:
    """Return how a row matches: the tables include every stereo form of what they name."""
    way = way_of((row.inchikey,), keys)
    return "structure_without_stereo" if way == "other_form" else way


def _part_of(row: Precursor, parts: Mapping[str, str]) -> str:
    """Return which of several components has a key that matches the row."""
    return next((part for key, part in parts.items() if key[:14] == row.inchikey[:14]), "")


def _hit(row: Precursor, way: str, on: date, part: str) -> PrecursorHit:
    return PrecursorHit(
        name=row.name,
        table=row.table,
        since=row.since,
        precision=row.precision,
        phase=row.phase_on(on),
        source=row.source,
        confidence=row.confidence,
        found_by=way,
        jurisdiction=row.jurisdiction,
        part=part,
    )


@lru_cache(maxsize=4)
def read_precursors(text: str) -> PrecursorTable:
    """Parse the table from a CSV text in the reference format. Raises RulesRefusedError with every fault and its row."""
    rows = read_table(text, COLUMNS)
    faults: list[Fault] = []
    found = tuple(_read_row(row, f"row {number}", faults) for number, row in enumerate(rows, start=2))
    if faults:
        raise RulesRefusedError(tuple(faults))
    return PrecursorTable(digest_of(canonical([list(row.values()) for row in rows])), found)


@cache
def shipped_precursors() -> PrecursorTable:
    """Return the table that comes with the code."""
    return read_precursors(shipped_precursors_text())


@cache
def shipped_precursors_text() -> str:
    return _FILE.read_text(encoding="utf-8")


def _read_row(row: dict[str, str], place: str, faults: list[Fault]) -> Precursor:
    if row["confidence"] not in CONFIDENCE:
        faults.append(Fault(f"{place}, confidence", "not_a_choice", ", ".join(CONFIDENCE)))
    faults.extend(missing_cells(row, ("name", "inchikey", "list", "source"), place))
    since = row["in_force_from"].strip()
    precision = "unknown" if not since else "year" if _YEAR.match(since) else "day"
    if precision != "unknown" and day_of(since if precision == "day" else f"{since}-01-01") is None:
        faults.append(Fault(f"{place}, in_force_from", "date_expected"))
    return Precursor(
        name=row["name"],
        smiles=row["smiles"],
        cas=row["cas"],
        inchikey=row["inchikey"],
        table=row["list"],
        since=since,
        precision=precision,
        source=row["source"],
        confidence=row["confidence"],
    )
