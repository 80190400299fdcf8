# SPDX-License-Identifier: Apache-2.0
"""Here are listings by name: what a convention or a national list names, since when, and where that is known from.

A listing is found by the first block of the InChIKey (stereo forms and isotopes count as the substance, and the hit says
so), by CAS number, or by name and synonym. Dates are only as exact as the source: a year stands for a day nobody has looked up, and a
substance that is in no listing here is not thereby free.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from substances.control.faults import Fault, RulesRefusedError, refused
from substances.control.fields import day_of
from substances.control.naming import keys_of, name_key, spelled
from substances.control.rules import canonical, digest_of

COLUMNS: Final = (
    "jurisdiction", "instrument", "schedule", "name", "synonyms", "cas", "inchikey", "from", "precision", "to", "state",
    "source", "confidence",
)  # fmt: skip
PRECISIONS: Final = ("day", "year", "unknown")
STATES: Final = ("listed", "proposed")
CONFIDENCE: Final = ("high", "medium", "low")
MAX_BYTES: Final = 8 * 1024 * 1024
MAX_ROWS: Final = 50_000
MAX_CELL_CHARS: Final = 600
_BLOCK: Final = 14
_NOT_DRAWN: Final = "UHFFFAOYSA"  # the second block of a key without stereo and isotopes
_FOLDER: Final = Path(__file__).resolve().parents[1] / "data" / "control"


@dataclass(frozen=True)
class Listing:
    """One substance on one list. `start` is a day, the first day of a year (precision "year"), or None."""

    jurisdiction: str
    instrument: str
    schedule: str
    name: str
    synonyms: tuple[str, ...]
    cas: str
    inchikey: str
    start: date | None
    precision: str
    end: date | None
    state: str
    source: str
    confidence: str

    @property
    def title(self) -> str:
        return f"{self.instrument}, {self.schedule}" if self.schedule else self.instrument

    def phase_on(self, day: date) -> str:
        """ "in_force", "not_yet", "ended", "day_not_known" (some day of that year), or "proposed"."""
        if self.state == "proposed":
            return "proposed"
        if self.end is not None and day >= self.end:
            return "ended"
        if self.start is None or day >= self.sure_from:
            return "in_force"
        return "not_yet" if day < self.start else "day_not_known"

    @property
    def sure_from(self) -> date:
        """The first day on which the listing is law for certain; a start that is not known is taken as long ago."""
        if self.start is None:
            return date.min
        return date(self.start.year + 1, 1, 1) if self.precision == "year" else self.start


@dataclass(frozen=True)
class ListingHit:
    """A listing and how it was found: "structure", "structure_without_stereo", "cas" or "name".

    `part` is what `find` was told of the key that was met: of several components, which one.
    """

    listing: Listing
    found_by: str
    part: str = ""


@dataclass(frozen=True, eq=False)
class ListingSet:
    """Listings with their digest, and the ways in."""

    digest: str
    listings: tuple[Listing, ...]
    _counts: dict[str, int] = field(default_factory=dict, repr=False)
    _by_block: dict[str, list[Listing]] = field(default_factory=dict, repr=False)
    _by_cas: dict[str, list[Listing]] = field(default_factory=dict, repr=False)
    _by_name: dict[str, list[Listing]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._counts.update(Counter(listing.jurisdiction for listing in self.listings))
        for listing in self.listings:
            if listing.inchikey:
                self._by_block.setdefault(listing.inchikey[:14], []).append(listing)
            if listing.cas:
                self._by_cas.setdefault(listing.cas, []).append(listing)
            for name in (listing.name, *listing.synonyms):
                for key in {name_key(part) for part in spelled(name)}:
                    self._by_name.setdefault(key, []).append(listing)

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        return tuple(sorted({listing.jurisdiction for listing in self.listings}))

    def count_of(self, jurisdiction: str) -> int:
        """How many entries of its lists are known here."""
        return self._counts.get(jurisdiction, 0)

    def find(
        self, *, keys: Mapping[str, str] | Iterable[str] = (), cas: str = "", names: Iterable[str] = ()
    ) -> tuple[ListingHit, ...]:
        """Every listing that is met, each once, by the strongest way; the exact stereo form before the others.

        `keys` are InChIKeys, or first blocks where nothing is known of stereo, each with the part it is of where a
        mapping says so. Where a structure is given, a name or number that belongs to another structure finds nothing:
        the disagreement is told elsewhere, and the structure decides.
        """
        parts = keys if isinstance(keys, Mapping) else dict.fromkeys(keys, "")
        wanted = sorted(key for key in parts if key)
        met = {listing: key for key in wanted for listing in self._by_block.get(key[:14], ())}
        of_part = {listing: parts[key] for listing, key in met.items()}
        found = {listing: way_of(listing.inchikey, wanted) for listing in met}
        found = dict(sorted(found.items(), key=lambda item: item[1] != "structure"))
        by_cas = self._by_cas.get(cas.strip(), ())
        by_name = (one for name in names for key in keys_of(name) for one in self._by_name.get(key, ()))
        for listings, way in ((by_cas, "cas"), (by_name, "name")):
            for listing in listings:
                if not wanted or not listing.inchikey:
                    found.setdefault(listing, way)
        return tuple(ListingHit(listing, way, of_part.get(listing, "")) for listing, way in found.items())


def way_of(inchikey: str, keys: Iterable[str]) -> str:
    """How an entry's key is met by those of a structure: "structure", "structure_without_stereo", or "" for not at all.

    Compared by two blocks of the key, so that a charge makes no difference; the forms that are drawn come first. A
    first block alone says nothing of stereo and is met as it stands.
    """
    same = [key for key in keys if key[:14] == inchikey[:14]]
    if not same:
        return ""
    drawn = [key for key in same if key[15:25] not in ("", _NOT_DRAWN)] or same
    exact = any(len(key) == _BLOCK or key[:25] == inchikey[:25] for key in drawn)
    return "structure" if exact else "structure_without_stereo"


@lru_cache(maxsize=4)
def read_listings(text: str) -> ListingSet:
    """Listings of a CSV text with the columns above. Raises RulesRefusedError with every fault and its row."""
    rows = read_table(text, COLUMNS)
    faults: list[Fault] = []
    listings = tuple(_read_row(row, number, faults) for number, row in enumerate(rows, start=2))
    if faults:
        raise RulesRefusedError(tuple(faults))
    return ListingSet(digest_of(canonical([list(row.values()) for row in rows])), listings)


@cache
def shipped_listings() -> ListingSet:
    """The listings that come with the code."""
    return read_listings(shipped_listings_text())


@cache
def shipped_listings_text() -> str:
    return (_FOLDER / "listings.csv").read_text(encoding="utf-8")


def read_table(text: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a CSV text with exactly these columns. Raises RulesRefusedError."""
    if len(text) > MAX_BYTES:
        raise refused("", "file_too_large")
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if tuple(reader.fieldnames or ()) != columns:
            raise refused("row 1", "other_columns", ", ".join(columns))
        rows = list(reader)
    except csv.Error:
        raise refused("", "not_csv") from None
    if len(rows) > MAX_ROWS:
        raise refused("", "too_many", str(MAX_ROWS))
    for number, row in enumerate(rows, start=2):
        cells = list(row.values())
        if None in row or None in cells or any(len(cell) > MAX_CELL_CHARS for cell in cells):
            raise refused(f"row {number}", "other_columns")
    return rows


def missing_cells(row: dict[str, str], columns: tuple[str, ...], place: str) -> list[Fault]:
    return [Fault(f"{place}, {column}", "missing") for column in columns if not row[column].strip()]


def _read_row(row: dict[str, str], number: int, faults: list[Fault]) -> Listing:
    place = f"row {number}"
    for column, choices in (("precision", PRECISIONS), ("state", STATES), ("confidence", CONFIDENCE)):
        if row[column] not in choices:
            faults.append(Fault(f"{place}, {column}", "not_a_choice", ", ".join(choices)))
    faults.extend(missing_cells(row, ("jurisdiction", "instrument", "name", "source"), place))
    start, end = _day(row, "from", place, faults), _day(row, "to", place, faults)
    if (start is None) != (row["precision"] == "unknown"):
        faults.append(Fault(f"{place}, precision", "precision_does_not_fit"))
    if start and end and end <= start:
        faults.append(Fault(place, "interval_empty"))
    return Listing(
        jurisdiction=row["jurisdiction"],
        instrument=row["instrument"],
        schedule=row["schedule"],
        name=row["name"],
        synonyms=tuple(part.strip() for part in row["synonyms"].split("|") if part.strip()),
        cas=row["cas"],
        inchikey=row["inchikey"],
        start=start,
        precision=row["precision"],
        end=end,
        state=row["state"],
        source=row["source"],
        confidence=row["confidence"],
    )


def _day(row: dict[str, str], column: str, place: str, faults: list[Fault]) -> date | None:
    """A day, or a year where the precision says so; None where the cell is empty."""
    value = row[column].strip()
    if not value:
        return None
    if column == "from" and row["precision"] == "year":
        value = f"{value}-01-01"
    day = day_of(value)
    if day is None:
        faults.append(Fault(f"{place}, {column}", "date_expected"))
    return day
