# SPDX-License-Identifier: Apache-2.0
"""Named listings: the substances that a convention or a national list names, from when, by which text, and coverage.

One CSV holds four kinds of row, told apart by `kind`: a `source` (a text that was read, with its day and link), a `coverage`
(how far an instrument is known), an `exclusion` (a substance that an item excludes by name), and entries. An entry is found by
the first block of the InChIKey, by CAS number or by an exact name, synonym or code; `control.covering` says what follows. A
substance that is in no entry is not thereby free.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Final

from substances.control.faults import Fault, RulesRefusedError, refused
from substances.control.fields import day_of
from substances.control.naming import keys_of, name_key, spelled
from substances.control.rules import canonical, digest_of

COLUMNS: Final = (
    "kind", "jurisdiction", "instrument", "schedule", "item", "name", "synonyms", "code", "cas", "inchikey", "smiles", "structure",
    "clause", "from", "precision", "to", "grade", "source", "seen", "link", "note",
)  # fmt: skip
SOURCE: Final = "source"
COVERAGE: Final = "coverage"
EXCLUSION: Final = "exclusion"
SUBSTANCE: Final = "substance"
CLASS: Final = "class"
MATERIAL: Final = "material"
PREPARATION: Final = "preparation"
COMBINATION: Final = "combination"
KINDS: Final = (SOURCE, COVERAGE, EXCLUSION, SUBSTANCE, CLASS, MATERIAL, PREPARATION, COMBINATION)
PRECISIONS: Final = ("day", "month", "year", "unknown")
GRADES: Final = ("A", "B", "C", "D", "unsourced")
"""The grades of evidence. D and "unsourced" never decide alone.

A the text of the instrument, B national law that names it, C a notice or list of its body, D second hand or before the
decision, "unsourced" where no text was read.
"""
DECIDING: Final = ("A", "B", "C")
CLAUSES: Final = (
    "salts", "isomers", "position_isomers", "stereoisomers", "stereoisomers_if_misused", "esters", "ethers", "compounds",
    "preparations", "derivatives", "analogues", "none", "not_seen",
)  # fmt: skip
COMPLETE: Final = "complete"
PARTIAL: Final = "partial"
NOT_COVERED: Final = "none"
EXTENTS: Final = (COMPLETE, PARTIAL, NOT_COVERED)
MAX_BYTES: Final = 8 * 1024 * 1024
MAX_ROWS: Final = 50_000
MAX_CELL_CHARS: Final = 1_000
BLOCK_CHARS: Final = 14
NO_STEREO: Final = "UHFFFAOYSA"
"""The second block of a key without stereo and isotopes."""
_FOLDER: Final = Path(__file__).resolve().parents[1] / "data" / "control"
_TELLING: Final = {SOURCE: ("kind", "item"), COVERAGE: ("kind", "jurisdiction", "instrument")}
_TELLING_ENTRY: Final = ("kind", "jurisdiction", "instrument", "schedule", "item", "name", "source")
_INCHIKEY: Final = re.compile(r"[A-Z]{14}(?:-[A-Z]{10}-[A-Z])?")
_LINK: Final = re.compile(r"https://[a-z0-9.-]+(?:/[A-Za-z0-9._~%/?=&+-]*)?")
"""The links allowed in a list, since pages show them unchanged."""
RACEMATE: Final = ("race", "rac-", "(±)", "(rs)", "d,l-", "dl-")
"""Beginnings of a name, in lower case, that mean both forms together."""


@dataclass(frozen=True)
class Source:
    """A text that was read. `seen` is the day for which it states the law; `credit` the attribution its licence requires."""

    id: str
    citation: str
    seen: date | None
    link: str = ""
    credit: str = ""


@dataclass(frozen=True)
class Coverage:
    """The coverage of one instrument's lists: complete to a day, in part, or none."""

    jurisdiction: str
    instrument: str
    extent: str
    until: date | None
    note: str = ""


@dataclass(frozen=True)
class Listing:
    """One entry of a list.

    `start` is a day, the first of a month or year by `precision`, or None; `end` is the first day on which it no longer stands.
    `clause` says what it covers beside what it names (codes of CLAUSES). `seen` is the day of the earliest text that named it,
    where its source is a newer one.
    """

    kind: str
    jurisdiction: str
    instrument: str
    schedule: str
    item: str
    name: str
    synonyms: tuple[str, ...]
    code: str
    cas: str
    inchikeys: tuple[str, ...]
    smiles: str
    structure: str
    clause: frozenset[str]
    start: date | None
    precision: str
    end: date | None
    grade: str
    source: Source
    note: str = ""
    seen: date | None = None

    @property
    def first_seen(self) -> date | None:
        """The day of the earliest text that was read and names it."""
        return self.seen or self.source.seen

    @property
    def title(self) -> str:
        return f"{self.instrument}, {self.schedule}" if self.schedule else self.instrument

    @property
    def is_racemate(self) -> bool:
        """Tell whether its name means both forms together."""
        return self.name.casefold().startswith(RACEMATE)

    @property
    def decides(self) -> bool:
        """Tell whether its text may decide alone."""
        return self.grade in DECIDING

    def phase_on(self, day: date) -> str:
        """Return "in_force", "not_yet", "ended", "day_not_known" or "not_known_then".

        "day_not_known": some day of that month or year. "not_known_then": the text gives no start, and is younger than that
        day.
        """
        if self.end is not None and day >= self.end:
            return "ended"
        if self.start is None:
            return "in_force" if self.first_seen is None or day >= self.first_seen else "not_known_then"
        if day >= self.sure_from:
            return "in_force"
        return "not_yet" if day < self.start else "day_not_known"

    @property
    def sure_from(self) -> date:
        """The first day on which it is law for certain; without a known start, the day of the earliest text that was read."""
        if self.start is None:
            return self.first_seen or date.min
        if self.precision == "year":
            return date(self.start.year + 1, 1, 1)
        if self.precision == "month":
            return date(self.start.year + self.start.month // 12, self.start.month % 12 + 1, 1)
        return self.start


@dataclass(frozen=True)
class ListingHit:
    """A listing and the way it was found.

    The way is "structure", "structure_without_stereo" (no stereo is drawn), "other_form" (another stereo form than the named
    one), "ester", "ether", "cas" or "name". `part` is the label that `find` was given with the key that matched: of several
    components, which one. `is_whole`: the key of the whole drawing matched, so that the entry names this very salt.
    `is_shared`: the name or number stands for several substances. `led_by` is "cas" or "name" where that led to another entry,
    and this one matched that entry's structure.
    """

    listing: Listing
    found_by: str
    part: str = ""
    is_whole: bool = True
    is_shared: bool = False
    led_by: str = ""

    @property
    def way(self) -> str:
        """The way by which the question led to the listing."""
        return self.led_by or self.found_by


@dataclass(frozen=True, eq=False)
class ListingSet:
    """Listings with their digest, and indexes by first block, number and name; each leads to positions in `listings`."""

    digest: str
    listings: tuple[Listing, ...]
    coverage: tuple[Coverage, ...] = ()
    sources: tuple[Source, ...] = ()
    _counts: dict[str, int] = field(default_factory=dict, repr=False)
    _by_block: dict[str, list[int]] = field(default_factory=dict, repr=False)
    _by_cas: dict[str, list[int]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._counts.update(Counter(listing.jurisdiction for listing in self.listings))
        for place, listing in enumerate(self.listings):
            for block in {key[:BLOCK_CHARS] for key in listing.inchikeys}:
                self._by_block.setdefault(block, []).append(place)
            if listing.cas:
                self._by_cas.setdefault(listing.cas, []).append(place)

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        """The index by name, built on first use: it takes longer than all the rest."""
        found: dict[str, list[int]] = {}
        for place, listing in enumerate(self.listings):
            names = {name_key(part) for name in (listing.name, *listing.synonyms) for part in spelled(name)}
            for key in names | ({listing.code} if listing.code else set()):
                found.setdefault(key, []).append(place)
        return found

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        return tuple(sorted({*self._counts, *(one.jurisdiction for one in self.coverage)}))

    def count_of(self, jurisdiction: str) -> int:
        """Return the number of known entries of its lists."""
        return self._counts.get(jurisdiction, 0)

    def coverage_of(self, jurisdiction: str) -> tuple[Coverage, ...]:
        return tuple(one for one in self.coverage if one.jurisdiction == jurisdiction)

    @cached_property
    def with_classes(self) -> frozenset[str]:
        """Jurisdictions whose lists have classes without a structure: a person has to read them."""
        return frozenset(one.jurisdiction for one in self.listings if one.kind == CLASS and not one.inchikeys)

    @cached_property
    def with_names_only(self) -> frozenset[str]:
        """Jurisdictions whose lists have a substance that can only be compared by name."""
        return frozenset(
            one.jurisdiction for one in self.listings if one.kind == SUBSTANCE and not one.inchikeys
        )

    def of_block(self, block: str) -> tuple[Listing, ...]:
        """Return every entry that names a form of the substance, exclusions included."""
        return tuple(self.listings[place] for place in self._by_block.get(block, ()))

    def find(
        self,
        *,
        keys: Mapping[str, str] | Iterable[str] = (),
        cas: str = "",
        names: Iterable[str] = (),
        whole: str = "",
    ) -> tuple[ListingHit, ...]:
        """Return every matching listing once, by the strongest way; the exact stereo form before the others.

        `keys` are InChIKeys, or first blocks where nothing is known of stereo, each with its part where a mapping gives it;
        `whole` is the key of the whole drawing. Where a structure is given, a name or number that belongs to another structure
        finds nothing: the disagreement is reported elsewhere, and the structure decides. Without one, a name in one list leads
        to the same substance in every other.
        """
        parts = keys if isinstance(keys, Mapping) else dict.fromkeys(keys, "")
        wanted = sorted((key for key in parts if key), key=lambda key: (key != whole, key))
        met: dict[int, str] = {}
        for key in wanted:
            for place in self._by_block.get(key[:BLOCK_CHARS], ()):
                met.setdefault(place, key)
        hits = {place: self._met(place, key, parts[key], wanted, whole) for place, key in met.items()}
        found = dict(sorted(hits.items(), key=lambda item: (item[1].found_by != "structure", item[0])))
        for place, hit in (*self._numbered(cas.strip()), *self._named(names)):
            if not wanted or not hit.listing.inchikeys:
                found.setdefault(place, hit)
        return tuple(found.values())

    def _met(self, place: int, key: str, part: str, wanted: list[str], whole: str) -> ListingHit:
        listing = self.listings[place]
        is_whole = not whole or key[:BLOCK_CHARS] == whole[:BLOCK_CHARS]
        return ListingHit(listing, way_of(listing.inchikeys, wanted), part, is_whole)

    def _numbered(self, cas: str) -> Iterator[tuple[int, ListingHit]]:
        return self._spread(self._by_cas.get(cas, ()), "cas")

    def _named(self, names: Iterable[str]) -> Iterator[tuple[int, ListingHit]]:
        places = (place for name in names for key in keys_of(name) for place in self._by_name.get(key, ()))
        return self._spread(dict.fromkeys(places), "name")

    def _spread(self, places: Iterable[int], way: str) -> Iterator[tuple[int, ListingHit]]:
        """Yield the entries, marked where they are of different substances; otherwise also every entry with the same structure."""
        places = list(places)
        blocks = {key[:BLOCK_CHARS] for place in places for key in self.listings[place].inchikeys[:1]}
        is_shared = len(blocks) > 1
        for place in places:
            yield place, ListingHit(self.listings[place], way, is_shared=is_shared)
        if is_shared:
            return
        keys = list(drawn_keys(self.listings[place] for place in places))
        others = {place for block in blocks for place in self._by_block[block]} - set(places)
        for place in sorted(others):
            listing = self.listings[place]
            yield place, ListingHit(listing, way_of(listing.inchikeys, keys), led_by=way)


def drawn_keys(listings: Iterable[Listing]) -> Iterator[str]:
    """Yield the keys of the entries' substances, as if drawn: a name that leaves the form open is drawn without stereo."""
    for listing in listings:
        for key in listing.inchikeys:
            yield f"{key}-{NO_STEREO}-N" if len(key) == BLOCK_CHARS else key


def way_of(inchikeys: Iterable[str], keys: Iterable[str]) -> str:
    """Return how a structure matches an entry's keys: "structure", "structure_without_stereo", "other_form" or "".

    Two blocks of the key are compared, so that a charge makes no difference; drawn forms come first. A first block alone says
    nothing of stereo and matches as it stands.
    """
    ways = {
        _way_of_one(key, [one for one in keys if one[:BLOCK_CHARS] == key[:BLOCK_CHARS]]) for key in inchikeys
    }
    return next((way for way in ("structure", "structure_without_stereo", "other_form") if way in ways), "")


def _way_of_one(inchikey: str, same: list[str]) -> str:
    if not same:
        return ""
    drawn = [key for key in same if key[15:25] not in ("", NO_STEREO)] or same
    if len(inchikey) == BLOCK_CHARS or any(
        len(key) == BLOCK_CHARS or key[:25] == inchikey[:25] for key in drawn
    ):
        return "structure"
    is_flat = inchikey[15:25] == NO_STEREO or all(key[15:25] == NO_STEREO for key in drawn)
    return "structure_without_stereo" if is_flat else "other_form"


@lru_cache(maxsize=4)
def read_listings(text: str) -> ListingSet:
    """Parse listings from a CSV text with the columns above. Raises RulesRefusedError with every fault and its row."""
    rows = read_table(text, COLUMNS)
    faults: list[Fault] = []
    numbered = list(enumerate(rows, start=2))
    sources = {
        row["item"]: _read_source(row, f"row {number}", faults)
        for number, row in numbered
        if row["kind"] == SOURCE
    }
    coverage = [
        _read_coverage(row, f"row {number}", faults) for number, row in numbered if row["kind"] == COVERAGE
    ]
    listings = [
        _read_row(row, f"row {number}", sources, faults)
        for number, row in numbered
        if row["kind"] not in (SOURCE, COVERAGE)
    ]
    _refuse_twice(numbered, faults)
    if faults:
        raise RulesRefusedError(tuple(faults))
    digest = digest_of(canonical([list(row.values()) for row in rows]))
    return ListingSet(digest, tuple(listings), tuple(coverage), tuple(sources.values()))


@cache
def shipped_listings() -> ListingSet:
    """Return the listings that come with the code."""
    return read_listings(shipped_listings_text())


@cache
def shipped_listings_text() -> str:
    return (_FOLDER / "listings.csv").read_text(encoding="utf-8")


def read_table(text: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a CSV text with exactly these columns. Raises RulesRefusedError."""
    if len(text) > MAX_BYTES:
        raise refused("", "file_too_large")
    try:
        head, *lines = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
    except csv.Error:
        raise refused("", "not_csv") from None
    if tuple(head) != columns:
        raise refused("row 1", "other_columns", ", ".join(columns))
    lines = [line for line in lines if line]
    if len(lines) > MAX_ROWS:
        raise refused("", "too_many", str(MAX_ROWS))
    for number, line in enumerate(lines, start=2):
        if len(line) != len(columns) or max(map(len, line)) > MAX_CELL_CHARS:
            raise refused(f"row {number}", "other_columns")
    return [dict(zip(columns, line, strict=True)) for line in lines]


def missing_cells(row: dict[str, str], columns: tuple[str, ...], place: str) -> list[Fault]:
    return [Fault(f"{place}, {column}", "missing") for column in columns if not row[column].strip()]


def _refuse_twice(numbered: list[tuple[int, dict[str, str]]], faults: list[Fault]) -> None:
    """Record a fault for a repeated source or coverage, and for a repeated entry of the same text."""
    seen: set[tuple[str, ...]] = set()
    for number, row in numbered:
        place = tuple(row[column] for column in _TELLING.get(row["kind"], _TELLING_ENTRY))
        if place in seen:
            faults.append(Fault(f"row {number}", "duplicate_key", row["name"][:60]))
        seen.add(place)


def _read_source(row: dict[str, str], place: str, faults: list[Fault]) -> Source:
    faults.extend(missing_cells(row, ("item", "name", "seen"), place))
    if row["link"] and not _LINK.fullmatch(row["link"]):
        faults.append(Fault(f"{place}, link", "not_https"))
    return Source(row["item"], row["name"], _day(row, "seen", place, faults), row["link"], row["note"])


def _read_coverage(row: dict[str, str], place: str, faults: list[Fault]) -> Coverage:
    faults.extend(missing_cells(row, ("jurisdiction", "instrument"), place))
    if row["name"] not in EXTENTS:
        faults.append(Fault(f"{place}, name", "not_a_choice", ", ".join(EXTENTS)))
    until = _day(row, "seen", place, faults)
    if row["name"] == COMPLETE and until is None:
        faults.append(Fault(f"{place}, seen", "missing"))
    return Coverage(row["jurisdiction"], row["instrument"], row["name"], until, row["note"])


def _read_row(row: dict[str, str], place: str, sources: Mapping[str, Source], faults: list[Fault]) -> Listing:
    for column, choices in (("kind", KINDS), ("precision", PRECISIONS), ("grade", GRADES)):
        if row[column] not in choices:
            faults.append(Fault(f"{place}, {column}", "not_a_choice", ", ".join(choices)))
    clause = row["clause"].split()
    if not set(clause) <= set(CLAUSES):
        faults.append(Fault(f"{place}, clause", "not_a_choice", ", ".join(CLAUSES)))
    if not all(_INCHIKEY.fullmatch(key) for key in row["inchikey"].split()):
        faults.append(Fault(f"{place}, inchikey", "not_an_inchikey"))
    faults.extend(missing_cells(row, ("jurisdiction", "instrument", "name", "source"), place))
    source = sources.get(row["source"])
    if source is None and row["source"]:
        faults.append(Fault(f"{place}, source", "unknown_source", row["source"][:60]))
    start, end = _day(row, "from", place, faults), _day(row, "to", place, faults)
    if (start is None) != (row["precision"] == "unknown"):
        faults.append(Fault(f"{place}, precision", "precision_does_not_fit"))
    if start and end and end <= start:
        faults.append(Fault(place, "interval_empty"))
    return Listing(
        kind=row["kind"],
        jurisdiction=row["jurisdiction"],
        instrument=row["instrument"],
        schedule=row["schedule"],
        item=row["item"],
        name=row["name"],
        synonyms=tuple(part.strip() for part in row["synonyms"].split("|") if part.strip()),
        code=row["code"],
        cas=row["cas"],
        inchikeys=tuple(row["inchikey"].split()),
        smiles=row["smiles"],
        structure=row["structure"],
        clause=frozenset(clause),
        start=start,
        precision=row["precision"],
        end=end,
        grade=row["grade"],
        source=source or Source("", "", None),
        note=row["note"],
        seen=_day(row, "seen", place, faults),
    )


def _day(row: dict[str, str], column: str, place: str, faults: list[Fault]) -> date | None:
    """Parse a day, or the first of a month or year where the precision says so; None where the cell is empty."""
    value = row[column].strip()
    if not value:
        return None
    if column == "from":
        value += {"year": "-01-01", "month": "-01"}.get(row["precision"], "")
    day = day_of(value)
    if day is None:
        faults.append(Fault(f"{place}, {column}", "date_expected"))
    return day
