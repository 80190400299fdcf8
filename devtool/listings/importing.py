# SPDX-License-Identifier: Apache-2.0
"""Import a newer text of an instrument into the list: judge it, compare it with the list, say what it would change.

- The rows of the text replace those of its instruments.
- A row that it no longer names ends on its day and stays, so that questions about earlier days are answered as before. Only
  where the list holds a text of the same day, which the file then corrects, is such a row removed.
- Of an instrument that is known in part nothing ends, as the file may be a part, too.
- Classes stay: a text of single entries does not mention them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from devtool.errors import DevtoolError
from devtool.listings.comparing import Comparison, compare, follow
from devtool.listings.converting import convert, is_german
from devtool.listings.held import Held, Line, line_of, next_source_id, read_held
from devtool.listings.resolving import Entry, known_records, right_spellings
from devtool.listings.structures import Structures
from devtool.listings.telling import Told, tell
from devtool.listings.texts import TextFault, TextRefusedError, TextRow, is_formula, read_text
from substances.control.listings import COMPLETE, COVERAGE, DECIDING, EXCLUSION, SOURCE, SUBSTANCE
from substances.control.naming import name_key

ENDED: Final = "ends"
REMOVED: Final = "is taken away"
KEPT: Final = "stays"
IN_PART: Final = "stays, as the instrument is known in part"
UNDECIDED: Final = "stays or ends: say which"
FEW: Final = 5
"""Rows that may go without being counted by the maintainer; of a long text one in twenty."""


@dataclass(frozen=True)
class Order:
    """The maintainer's words about the file: its jurisdiction, the day for which it states the law, and its origin."""

    jurisdiction: str
    as_of: date
    link: str
    today: date
    credit: str = ""
    exclusions: str = ""
    """The fate of held exclusions that the file does not name: "keep", "end", or "" for undecided."""


@dataclass(frozen=True)
class Tools:
    """The ways to a structure beside the project's own records. `opsin` is its version, "" where it is not installed."""

    opsin: str = ""
    read_names: Callable[[Iterable[str]], Mapping[str, str]] = lambda _names: {}
    table: Mapping[str, Iterable[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """An import before it is done: the list before and after, and remarks."""

    before: str
    after: str
    days: Mapping[str, str]
    """The day of the newest text in the file, by instrument."""
    rows: int
    comparison: Comparison
    sources: tuple[Line, ...]
    unresolved: tuple[Line, ...]
    told: tuple[Told, ...]
    covered: Mapping[str, str]
    fates: tuple[str, ...]
    """The fate of each row that is gone: one of the five words above."""

    @property
    def exclusions_to_decide(self) -> int:
        """The number of exclusions that the file does not name, while they are undecided."""
        return self.fates.count(UNDECIDED)

    @property
    def going(self) -> int:
        """The number of rows that end or are removed."""
        return self.fates.count(ENDED) + self.fates.count(REMOVED)

    @property
    def many_go(self) -> bool:
        """Tell whether so many rows go that the file may be truncated."""
        return self.going > max(FEW, self.rows // 20)


def plan_import(data: bytes, held_text: str, order: Order, tools: Tools) -> Plan:
    """Judge and compare a file. Raises TextRefusedError with every fault, DevtoolError where the order itself is wrong."""
    held = read_held(held_text)
    before = held.of(order.jurisdiction)
    _demand_order(order, held, before)
    rows, faults = read_text(data)
    ids, sources = _sources(rows, held, order)
    converted, more = _converted(rows, ids, before, order)
    faults = (*faults, *more)
    if faults:
        raise TextRefusedError(tuple(sorted(set(faults), key=lambda fault: (fault.row, fault.what))))
    seen = {line.cells["item"]: line.cells["seen"] for line in (*held.sources.values(), *sources)}
    days = _days(rows, ids, seen)
    _demand_newer(days, held, order)
    mine = [line for line in before if line.is_entry and line.cells["instrument"] in days]
    follows = follow(mine, converted, days)
    structures = Structures(held.lines, known_records(), tools.opsin, tools.read_names, tools.table)
    given = structures.given(rows, converted, follows)
    after = [line_of(_since(cells, follows.get(place), seen)) for place, cells in enumerate(given)]
    comparison = compare(mine, after, follows, days)
    fates = _fates(comparison.gone, held, order, days, after)
    lines, covered = _new_list(held, order, after, comparison, fates, sources, days)
    return Plan(
        before=held.text,
        after=held.head + "".join(line.raw for line in lines),
        days=days,
        rows=len(rows),
        comparison=comparison,
        sources=sources,
        unresolved=tuple(line for line in after if line.kind == SUBSTANCE and not line.cells["inchikey"]),
        told=tell(after, lines, today=max(order.today, order.as_of)),
        covered=covered,
        fates=fates,
    )


def _demand_order(order: Order, held: Held, before: Sequence[Line]) -> None:
    if not before:
        known = sorted({line.cells["jurisdiction"] for line in held.lines} - {""})
        raise DevtoolError(
            f"The list knows no jurisdiction {order.jurisdiction}; it knows {', '.join(known)}.",
            "A new one begins with its coverage rows, by hand (docs/listings.md).",
        )
    if order.as_of > order.today:
        raise DevtoolError(
            f"--as-of {order.as_of}: the day lies ahead.", "Give the day for which the text tells the law."
        )
    if not order.link.startswith("https://"):
        raise DevtoolError(
            "--link: give the https address of the text.", "No entry goes in without its source."
        )


def _sources(rows: Sequence[TextRow], held: Held, order: Order) -> tuple[dict[str, str], tuple[Line, ...]]:
    """Return the id of each text that the rows name, and the new source rows. A held text keeps its day and link."""
    begin = f"{order.jurisdiction.casefold()}-"
    ids = {line.cells["name"]: one for one, line in held.sources.items() if one.startswith(begin)}
    made: list[Line] = []
    for citation in dict.fromkeys(row.source for row in rows if row.source):
        if citation in ids:
            continue
        ids[citation] = next_source_id([*held.sources, *ids.values()], order.jurisdiction)
        cells = {"kind": SOURCE, "item": ids[citation], "name": citation, "seen": order.as_of.isoformat()}
        made.append(line_of({**cells, "link": order.link, "note": order.credit}))
    return ids, tuple(made)


def _converted(
    rows: Sequence[TextRow], ids: Mapping[str, str], before: Sequence[Line], order: Order
) -> tuple[list[dict[str, str]], list[TextFault]]:
    """Return the rows of the list without their structures, and the faults of the entries themselves."""
    known = {line.cells["instrument"] for line in before}
    right = right_spellings()
    faults: list[TextFault] = []
    converted = []
    for row in rows:
        if row.instrument and row.instrument not in known:
            faults.append(
                TextFault(
                    row.number,
                    f"instrument: the list knows no {row.instrument[:80]} of {order.jurisdiction}; "
                    "write it as there, or give it a coverage row first",
                )
            )
        try:
            cells = convert(
                Entry(order.jurisdiction, row, german=is_german(row)), ids.get(row.source, ""), right
            )
        except ValueError as error:
            faults.append(TextFault(row.number, str(error)))
            continue
        if is_formula(cells["synonyms"]):
            faults.append(
                TextFault(
                    row.number, "other_names: begins like a formula of a spreadsheet; take the sign away"
                )
            )
        converted.append(cells)
    if len(converted) == len(rows):
        faults.extend(faults_of(rows, converted))
    return converted, faults


def faults_of(rows: Sequence[TextRow], converted: Sequence[Mapping[str, str]]) -> list[TextFault]:
    """Return faults: two rows for one item with the same name, and one substance of a schedule under two codes.

    Either means that it was gathered twice, or that one is wrong. Several names at one item are as a text may print them.
    """
    faults = []
    items: dict[tuple[str, ...], int] = {}
    codes: dict[tuple[str, ...], tuple[str, int]] = {}
    for row, cells in zip(rows, converted, strict=True):
        named = (row.instrument, row.schedule, name_key(row.name), row.source)
        first = items.setdefault((*named, row.item), row.number)
        if first != row.number:
            faults.append(
                TextFault(
                    row.number,
                    f"item {row.item or '(none)'}: {row.name[:60]} stands in row {first} too; keep one",
                )
            )
            continue
        if not row.code or cells["kind"] != SUBSTANCE:
            continue
        code, other = codes.setdefault(named, (row.code, row.number))
        if code != row.code:
            what = (
                f"code: {row.name[:60]} has {row.code} here and {code} in row {other}; look it up in the text"
            )
            faults.append(TextFault(row.number, what))
    return faults


def _days(rows: Sequence[TextRow], ids: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """Return the day of the newest text in the file, by instrument."""
    found: dict[str, str] = {}
    for row in rows:
        found[row.instrument] = max(seen[ids[row.source]], found.get(row.instrument, ""))
    return found


def _demand_newer(days: Mapping[str, str], held: Held, order: Order) -> None:
    """Refuse older texts, and a day that is of no text: one that is held under the same words keeps its day."""
    known = held.known_to(order.jurisdiction)
    if older := [name for name, day in days.items() if day < known.get(name, "")]:
        raise DevtoolError(
            f"The list holds a newer text of {older[0][:80]}: {known[older[0]]}; this one tells the law for "
            f"{days[older[0]]}.",
            "Import the newer text, or leave the rows of this instrument out.",
        )
    if order.as_of.isoformat() not in days.values():
        raise DevtoolError(
            f"--as-of {order.as_of}: every text in the file is held already, with the day {max(days.values())}.",
            "Name the day or version of a newer text in the column source; for the same text give its own day.",
        )


def _since(cells: Mapping[str, str], before: Line | None, seen: Mapping[str, str]) -> dict[str, str]:
    """Return the row with the list's knowledge of its beginning, where the text does not give it.

    That is a first day, or the day of the earliest text that named it.
    """
    if before is None or cells["from"]:
        return dict(cells)
    if before.cells["from"]:
        return {**cells, "from": before.cells["from"], "precision": before.cells["precision"]}
    earliest = before.cells["seen"] or seen[before.cells["source"]]
    is_sure = before.cells["grade"] in DECIDING and earliest < seen[cells["source"]]
    return {**cells, "seen": earliest if is_sure else ""}


def _new_list(
    held: Held,
    order: Order,
    after: Sequence[Line],
    comparison: Comparison,
    fates: Sequence[str],
    sources: Sequence[Line],
    days: Mapping[str, str],
) -> tuple[list[Line], dict[str, str]]:
    """Return the rows of the new list, and the instruments that it covers to the new day."""
    waiting: dict[str, list[Line]] = defaultdict(list)
    for line in after:
        waiting[line.cells["instrument"]].append(line)
    follows = {id(line) for line in comparison.follows.values()}
    gone = {id(line): fate for line, fate in zip(comparison.gone, fates, strict=True)}
    lines: list[Line] = []
    covered: dict[str, str] = {}
    for line in held.lines:
        instrument = line.cells["instrument"]
        if line.cells["jurisdiction"] != order.jurisdiction or instrument not in days:
            lines.append(line)
        elif line.kind == COVERAGE and line.cells["name"] == COMPLETE:
            covered[instrument] = days[instrument]
            lines.append(line.with_cells(seen=covered[instrument]))
        elif id(line) in follows:
            lines.extend(waiting.pop(instrument, ()))
        elif gone.get(id(line)) == ENDED:
            lines.append(line.with_cells(to=days[instrument]))
        elif gone.get(id(line)) == REMOVED:
            continue
        else:
            lines.append(line)
    lines.extend(line for left in waiting.values() for line in left)
    return _with_sources(lines, sources, order), covered


def _fates(
    gone: Sequence[Line], held: Held, order: Order, days: Mapping[str, str], after: Sequence[Line]
) -> tuple[str, ...]:
    """Return the fate of each row that the text no longer names."""
    complete = held.complete(order.jurisdiction)
    named = {(line.cells["instrument"], line.cells["schedule"], line.cells["inchikey"]) for line in after}
    return tuple(_fate(line, held, order, days, named, complete) for line in gone)


def _fate(
    line: Line,
    held: Held,
    order: Order,
    days: Mapping[str, str],
    named: set[tuple[str, str, str]],
    complete: Collection[str],
) -> str:
    cells, day = line.cells, days[line.cells["instrument"]]
    if line.kind == EXCLUSION and order.exclusions != "end":
        return KEPT if order.exclusions else UNDECIDED
    if cells["inchikey"] and (cells["instrument"], cells["schedule"], cells["inchikey"]) in named:
        return REMOVED
    if cells["instrument"] not in complete:
        return IN_PART
    is_same_text = held.sources[cells["source"]].cells["seen"] >= day
    return REMOVED if is_same_text or cells["from"] >= day else ENDED


def _with_sources(lines: list[Line], sources: Sequence[Line], order: Order) -> list[Line]:
    """Put new texts behind those that are held."""
    begin = f"{order.jurisdiction.casefold()}-"
    places = [
        place
        for place, line in enumerate(lines)
        if line.kind == SOURCE and line.cells["item"].startswith(begin)
    ] or [place for place, line in enumerate(lines) if line.kind == SOURCE]
    place = places[-1] + 1 if places else 0
    return [*lines[:place], *sources, *lines[place:]]
