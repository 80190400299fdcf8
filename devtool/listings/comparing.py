# SPDX-License-Identifier: Apache-2.0
"""Compare the entries of a new text with those of the list: which one continues which.

An entry continues another of the same instrument and schedule by its item and name, else by its name, else by a code that
occurs once on each side. Rows that ended before the day of the text are history and continue nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from devtool.listings.held import Line
from substances.control.listings import CLASS, COLUMNS, EXCLUSION
from substances.control.naming import name_key

_UNTOLD: Final = ("source", "seen")
"""Every row of a new text has another source."""


@dataclass(frozen=True)
class Changed:
    """An entry that continues another, with the cells that differ: column, before, after."""

    after: Line
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Comparison:
    """The effect of a new text on the list. `follows` gives by index of a new row the row it continues.

    `gone` are no longer in the text, `kept` are classes, which a text of single entries does not mention.
    """

    follows: Mapping[int, Line]
    added: tuple[Line, ...]
    changed: tuple[Changed, ...]
    gone: tuple[Line, ...]
    kept: tuple[Line, ...]
    same: int


def follow(
    before: Sequence[Line], rows: Sequence[Mapping[str, str]], days: Mapping[str, str]
) -> dict[int, Line]:
    """Return for each new row, by place, the row that it continues. `days` are those of the texts, by instrument."""
    found: dict[int, Line] = {}
    left = [line for line in before if not _is_history(line, rows, days)]
    for key, once in ((_exactly, False), (_place, False), (_named, False), (_coded, True)):
        waiting = [place for place in range(len(rows)) if place not in found]
        found.update(_pairs(waiting, rows, left, key, once=once))
        taken = {id(line) for line in found.values()}
        left = [line for line in left if id(line) not in taken]
    return found


def compare(
    before: Sequence[Line], after: Sequence[Line], follows: Mapping[int, Line], days: Mapping[str, str]
) -> Comparison:
    """Return what is added, changed, gone or kept."""
    taken = {id(line) for line in follows.values()}
    left = [line for line in before if id(line) not in taken and not _has_ended(line, days)]
    changed = [
        Changed(after[place], cells)
        for place, line in sorted(follows.items())
        if (cells := _cells(line, after[place]))
    ]
    return Comparison(
        follows=follows,
        added=tuple(line for place, line in enumerate(after) if place not in follows),
        changed=tuple(changed),
        gone=tuple(line for line in left if line.kind != CLASS),
        kept=tuple(line for line in left if line.kind == CLASS),
        same=len(follows) - len(changed),
    )


def _cells(before: Line, after: Line) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (column, before.cells[column], after.cells[column])
        for column in COLUMNS
        if column not in _UNTOLD and before.cells[column] != after.cells[column]
    )


Key = Callable[[Mapping[str, str]], Hashable]


def _named(row: Mapping[str, str]) -> Hashable:
    return (row["kind"] == EXCLUSION, row["instrument"], row["schedule"], name_key(row["name"]))


def _place(row: Mapping[str, str]) -> Hashable:
    return (_named(row), row["item"])


def _exactly(row: Mapping[str, str]) -> Hashable:
    return (_place(row), row["source"])


def _coded(row: Mapping[str, str]) -> Hashable:
    return (
        (row["kind"] == EXCLUSION, row["instrument"], row["schedule"], row["code"]) if row["code"] else None
    )


def _pairs(
    waiting: Sequence[int], rows: Sequence[Mapping[str, str]], left: Sequence[Line], key: Key, *, once: bool
) -> list[tuple[int, Line]]:
    """Return new rows and rows of the list that share a key, in their order."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    lines: dict[Hashable, list[Line]] = defaultdict(list)
    for place in waiting:
        places[key(rows[place])].append(place)
    for line in left:
        lines[key(line.cells)].append(line)
    return [
        pair
        for shared in places.keys() & lines.keys() - {None}
        if not once or len(places[shared]) == len(lines[shared]) == 1
        for pair in zip(places[shared], lines[shared], strict=False)
    ]


def _has_ended(line: Line, days: Mapping[str, str]) -> bool:
    return "" < line.cells["to"] <= days[line.cells["instrument"]]


def _is_history(line: Line, rows: Sequence[Mapping[str, str]], days: Mapping[str, str]) -> bool:
    """Tell whether it ended before the text, and the text no longer prints it with that end."""
    if not _has_ended(line, days):
        return False
    return not any(_named(row) == _named(line.cells) and row["to"] == line.cells["to"] for row in rows)
