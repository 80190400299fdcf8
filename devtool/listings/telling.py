# SPDX-License-Identifier: Apache-2.0
"""Remarks on a sound text: nothing of it is wrong, but a person should see them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from devtool.listings.held import Line
from substances.control.listings import BLOCK_CHARS, COMBINATION, EXCLUSION, SUBSTANCE
from substances.control.naming import name_key

MOST_ROWS: Final = 6


@dataclass(frozen=True)
class Told:
    """A code of what was found, and a sentence about it."""

    code: str
    words: str


def tell(after: Sequence[Line], whole: Sequence[Line], *, today: date) -> tuple[Told, ...]:
    """Return everything worth a look, by the new rows and the whole list."""
    return (*_single(after, today), *_codes(after), *_shared(after, whole))


def _single(after: Sequence[Line], today: date) -> Iterator[Told]:
    for line in after:
        name = _place(line)
        if line.kind == COMBINATION:
            yield Told("together", f"{name}: two substances in one line, kept as one entry of both together")
        if line.kind == EXCLUSION and not line.cells["inchikey"]:
            yield Told("exclusion", f"{name}: an exclusion without a structure; it takes out by name alone")
        if line.end is not None and line.end <= today:
            yield Told("ended", f"{name}: ended on {line.end}, kept with its end")


def _codes(after: Sequence[Line]) -> Iterator[Told]:
    rows: dict[str, list[Line]] = defaultdict(list)
    for line in after:
        if line.cells["code"]:
            rows[line.cells["code"]].append(line)
    for code, lines in rows.items():
        if len({name_key(line.cells["name"]) for line in lines}) > 1:
            yield Told("code", f"code {code} stands at {len(lines)} rows: {_some(lines)}")


def _shared(after: Sequence[Line], whole: Sequence[Line]) -> Iterator[Told]:
    """Yield names of new rows that lead to several substances."""
    blocks: dict[str, set[str]] = defaultdict(set)
    for line in whole:
        if line.kind == SUBSTANCE and line.cells["inchikey"]:
            for key in _names(line):
                blocks[key].add(line.cells["inchikey"][:BLOCK_CHARS])
    told: dict[str, str] = {}
    for line in after:
        if line.kind == SUBSTANCE:
            for key, name in _names(line).items():
                if len(blocks[key]) > 1:
                    told.setdefault(key, name)
    for key, name in told.items():
        yield Told(
            "shared",
            f"{name} names {len(blocks[key])} substances in the lists; by name alone it stays undecided",
        )


def _names(line: Line) -> dict[str, str]:
    names = (line.cells["name"], *line.cells["synonyms"].split("|"))
    return {name_key(name): name for name in names if name}


def _place(line: Line) -> str:
    return " ".join(part for part in (line.cells["item"], line.cells["name"][:80]) if part)


def _some(lines: Iterable[Line]) -> str:
    shown = [line.cells["name"][:40] for line in lines]
    more = f" and {len(shown) - MOST_ROWS} more" if len(shown) > MOST_ROWS else ""
    return "; ".join(shown[:MOST_ROWS]) + more
