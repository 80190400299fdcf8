# SPDX-License-Identifier: Apache-2.0
"""Take a mapping of a rule file apart: each key once, by its kind; an unread key is a fault.

A wrong value never raises: the fault is recorded with its path and a harmless value is used, so that the author of a file sees
every fault in one pass.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeVar

from substances.control.faults import Fault, joined
from substances.control.strict_yaml import Plain

T = TypeVar("T")
FIRST_YEAR: Final = 1800
LAST_YEAR: Final = 2200
CONFIDENCE: Final = ("high", "medium", "low")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_DECIMAL: Final = re.compile(r"\d{1,5}\.\d{1,4}\Z")


@dataclass
class Faults:
    """The list that every part of the reader writes faults into."""

    found: list[Fault] = field(default_factory=list)

    def note(self, path: str, code: str, about: str = "") -> None:
        self.found.append(Fault(path, code, about[:80]))


def day_of(text: str) -> date | None:
    """Parse a day written YYYY-MM-DD in a year that a law can have; return None for anything else."""
    if not _DATE.match(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


class Fields:
    """One mapping and its path. `done()` records the keys that nobody read."""

    def __init__(self, node: Plain, path: str, faults: Faults) -> None:
        self.path = path
        self.faults = faults
        self._asked: set[str] = set()
        self._node: dict[str | int, Plain] = {}
        if isinstance(node, dict):
            self._node = node
        else:
            faults.note(path, "not_a_mapping")

    def at(self, key: str) -> str:
        return joined(self.path, key)

    def has(self, key: str) -> bool:
        return key in self._node

    def raw(self, key: str) -> Plain:
        self._asked.add(key)
        return self._node.get(key)

    def done(self) -> None:
        for key in self._node:
            if str(key) not in self._asked:
                self.faults.note(joined(self.path, key), "unknown_key", str(key))

    def rest_of_text(self) -> tuple[str, ...]:
        """Return keys without a value: the rest of a text in a flow mapping that had commas and no quotes."""
        rest = [key for key, value in self._node.items() if value is None and str(key) not in self._asked]
        self._asked.update(str(key) for key in rest)
        return tuple(str(key) for key in rest)

    def text(self, key: str, *, required: bool = False, choices: tuple[str, ...] = ()) -> str:
        value = self.raw(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.faults.note(self.at(key), "text_expected" if key in self._node else "missing")
            return ""
        if choices and value not in choices:
            self.faults.note(self.at(key), "not_a_choice", ", ".join(choices))
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return one text or a list of texts."""
        value = self.raw(key)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        if not items or not all(isinstance(item, str) and item for item in items):
            self.faults.note(self.at(key), "texts_expected")
        return tuple(item for item in items if isinstance(item, str))

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self.raw(key)
        if value is None and key not in self._node:
            return default
        if not isinstance(value, bool):
            self.faults.note(self.at(key), "true_or_false_expected")
            return default
        return value

    def whole(self, key: str, *, least: int = 0, most: int = 999) -> int | None:
        value = self.raw(key)
        if value is None and key not in self._node:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.faults.note(self.at(key), "whole_number_expected", f"{least} to {most}")
            return None
        return value

    def mass(self, key: str) -> float | None:
        """Return an average molecular mass in g/mol."""
        value = self.raw(key)
        if value is None and key not in self._node:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return float(value)
        if isinstance(value, str) and _DECIMAL.match(value):
            return float(value)
        self.faults.note(self.at(key), "mass_expected")
        return None

    def day(self, key: str, *, required: bool = False) -> date | None:
        value = self.raw(key)
        if value is None and not required:
            return None
        found = day_of(value) if isinstance(value, str) else None
        if found is None:
            self.faults.note(self.at(key), "date_expected")
        return found

    def items(self, key: str, *, most: int = 200) -> Iterator[tuple[Plain, str]]:
        """Yield the entries of a list, each with its path."""
        value = self.raw(key)
        if value is None and key not in self._node:
            return
        if not isinstance(value, list):
            self.faults.note(self.at(key), "list_expected")
            return
        if len(value) > most:
            self.faults.note(self.at(key), "too_many", str(most))
            return
        for index, item in enumerate(value):
            yield item, f"{self.at(key)}[{index}]"

    def each(self, key: str, read: Callable[["Fields"], T], *, most: int = 200) -> tuple[T, ...]:
        """Read every entry of a list of mappings through one reader, checking each for unread keys."""
        found = []
        for item, path in self.items(key, most=most):
            fields = Fields(item, path, self.faults)
            found.append(read(fields))
            fields.done()
        return tuple(found)
