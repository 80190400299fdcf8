# SPDX-License-Identifier: Apache-2.0
"""Labels of listings: the list that a file says a substance stands on, or that it stands on none.

A file gives them in columns `us_schedule`, `us_named` or `us_listed` (any jurisdiction, in lower case), or one a row in
`jurisdiction` and `schedule`, `named` or `listed`. A blank says nothing. Schedules are compared by meaning, not by spelling:
"1961 I and IV (2016)" is Schedules I and IV of the convention of 1961.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

JURISDICTION: Final = "jurisdiction"
VALUES: Final = ("schedule", "named", "listed")
_WIDE: Final = re.compile(rf"([a-z]{{2,3}})_({'|'.join(VALUES)})")
_NOT_LISTED: Final = frozenset({"not listed", "notlisted", "not named", "not controlled", "none", "no", "out", "-", "\u2013", "\u2014"})  # fmt: skip
_LISTED: Final = frozenset({"yes", "listed", "named", "controlled", "in", "x", "true"})
_ASIDE: Final = re.compile(r"\([^)]*\)|\uff08[^\uff09]*\uff09")
_CONVENTION: Final = re.compile(r"\b(1961|1971|1988)\b")
_BETWEEN: Final = re.compile(r"[,;/&+|、]|\band\b|\bund\b|\bet\b")
_ROMAN: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_CHINESE: Final = {"一": "1", "二": "2", "三": "3", "四": "4"}
_SORTS: Final = {
    "narcotic": re.compile(r"narcotic|麻醉药品"),
    "psychotropic": re.compile(r"psychotropic|精神药品"),
    "supplementary": re.compile(r"supplement|non-medic|增补"),
    "table": re.compile(r"\btables?\b|\btabellen?\b"),
    "chemical": re.compile(r"\blist\b|chemical|precursor|易制毒"),
    "class": re.compile(r"\bclass\b"),
}
"""The words for what a number counts where it is no schedule (or annex, which is a schedule too)."""
_NUMBER: Final = re.compile(r"(?<![a-z0-9])(\d+|[ivx]+|[abc])(?![a-z0-9])|[一二三四]")


@dataclass(frozen=True)
class Label:
    """A file's statement about one substance and one jurisdiction."""

    jurisdiction: str
    text: str

    @property
    def is_listed(self) -> bool:
        return self.text.casefold() not in _NOT_LISTED

    @property
    def schedules(self) -> frozenset[str]:
        """The schedules as `schedules_of` reads them; empty where the label only says that it is listed."""
        return frozenset() if self.text.casefold() in _LISTED else schedules_of(self.text)

    @cached_property
    def convention(self) -> str:
        """The year of the United Nations' convention, where the label gives one."""
        found = _CONVENTION.search(_ASIDE.sub(" ", self.text))
        return found[0] if found else ""


def schedules_of(text: str) -> frozenset[str]:
    """Return the schedules in a text, as words that different spellings share: "1", "class a", "table 1".

    The year of a convention and the text in brackets are left out; so is the part of a class.
    """
    plain = _CONVENTION.sub(" ", _ASIDE.sub(" ", text)).casefold()
    found: list[str] = []
    sort = ""
    for piece in _BETWEEN.split(plain):
        sort = next((name for name, words in _SORTS.items() if words.search(piece)), sort)
        number = _NUMBER.search(piece)
        if number or sort:
            found.append(f"{sort} {_digit(number[0]) if number else ''}".strip())
    return frozenset(f"class {one}" if one in ("a", "b", "c") else one for one in found)


def _digit(number: str) -> str:
    return _ROMAN.get(number, _CHINESE.get(number, number))


def is_label_column(column: str) -> bool:
    return bool(_WIDE.fullmatch(column)) or column == JURISDICTION or column in VALUES


def labels_of(cells: Mapping[str, str]) -> tuple[Label, ...]:
    """Return the labels of one row, each once; of several columns of one jurisdiction each is a label."""
    return tuple(dict.fromkeys(_read(cells)))


def _read(cells: Mapping[str, str]) -> Iterator[Label]:
    for column, text in cells.items():
        wide = _WIDE.fullmatch(column)
        if wide and text:
            yield Label(_code(wide[1]), text)
    if cells.get(JURISDICTION):
        yield from (Label(_code(cells[JURISDICTION]), cells[one]) for one in VALUES if cells.get(one))


def _code(text: str) -> str:
    """Return the jurisdiction as the lists write it; ISO's GB is the UK."""
    return {"GB": "UK"}.get(text.upper(), text.upper())
