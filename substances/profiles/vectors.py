# SPDX-License-Identifier: Apache-2.0
"""A profile: the numbers of one sample by one version of a method, in the order of the method's targets.

A value is a positive finite number or None, and None only means *below the detection limit*. Zero is refused: a laboratory
measures "less than we can see", never nothing, and a stray zero would pull two samples together or apart by what nobody
measured.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from substances.errors import InputRefusedError

FIELD = "profile"
MAX_TARGETS = 500
MAX_VALUE = 1e15
MAX_NAME_CHARS = 80
BELOW = frozenset({"", "null", "none", "nd", "n.d.", "-", "\N{EN DASH}"})
"""A laboratory's signs, in lower case, for nothing detected."""

_MEMBERS = {"method", "version", "values"}
_DECIMAL = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?")


@dataclass(frozen=True)
class Profile:
    """`method` and `version` say how it was measured; units are the method's own, one for all values."""

    method: str
    version: str
    values: tuple[float | None, ...]

    @property
    def name(self) -> str:
        """The method and its version in one word."""
        return f"{self.method}/{self.version}"

    @property
    def detected(self) -> int:
        """The number of targets above the detection limit."""
        return sum(value is not None for value in self.values)

    def as_json(self) -> dict[str, object]:
        """Return it as it stands in an alert's document."""
        return {"method": self.method, "version": self.version, "values": list(self.values)}


def read_profile(raw: object) -> Profile:
    """Parse a profile from its JSON form `{"method", "version", "values": [number | null]}`; raise InputRefusedError.

    Use `methods.require_method` to check method and length: a profile that another agency sends by a method of its own is
    valid, but not comparable.
    """
    if not isinstance(raw, Mapping) or set(raw) != _MEMBERS:
        raise InputRefusedError(FIELD, "form")
    values = raw["values"]
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        raise InputRefusedError(FIELD, "form", "values")
    return Profile(_name(raw["method"], "method"), _name(raw["version"], "version"), checked_values(values))


def read_signed_profile(raw: object) -> Profile:
    """Parse a profile from a signed document, which holds no floats: its values are decimal texts, "0.125"."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("values"), list):
        raise InputRefusedError(FIELD, "form")
    return read_profile({**raw, "values": [_of_text(value) for value in raw["values"]]})


def _of_text(value: object) -> object:
    """Return the number of a decimal text; leave anything else for the reader to judge."""
    return float(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else value


def checked_values(values: Sequence[object]) -> tuple[float | None, ...]:
    """Return the numbers of a profile; raise InputRefusedError with the position (from 1) of the fault."""
    if not 2 <= len(values) <= MAX_TARGETS:
        raise InputRefusedError(FIELD, "count", str(len(values)))
    checked = tuple(_value(value, position) for position, value in enumerate(values, start=1))
    if all(value is None for value in checked):
        raise InputRefusedError(FIELD, "nothing_detected")
    return checked


def read_numbers(text: str) -> tuple[float | None, ...]:
    """Parse the numbers of a profile as a laboratory pastes them: split at semicolons or tabs, else at commas and lines.

    An empty cell, "null", "nd", "n.d.", a hyphen, "<LOD" or "<0.003" is below detection. Raises InputRefusedError; a comma
    within a cell is refused as a decimal comma and not guessed at.
    """
    if len(text) > MAX_TARGETS * 40:
        raise InputRefusedError(FIELD, "count")
    # A tab at the end is an empty cell.
    flat = text.strip(" \r\n").strip("[]").replace("\r\n", "\n").replace("\r", "\n")
    separator = next((mark for mark in ";\t" if mark in flat), ",")
    cells = flat.replace("\n", separator).split(separator)
    return checked_values([_cell(cell.strip(), position) for position, cell in enumerate(cells, start=1)])


def _cell(cell: str, position: int) -> float | None:
    if cell.lower() in BELOW or cell.startswith("<"):
        return None
    if "," in cell:
        raise InputRefusedError(FIELD, "decimal_comma", f"value {position}")
    try:
        return float(cell)
    except ValueError:
        raise InputRefusedError(FIELD, "number", f"value {position}") from None


def _value(value: object, position: int) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputRefusedError(FIELD, "number", f"value {position}")
    fault = _fault_of(value)
    if fault:
        raise InputRefusedError(FIELD, fault, f"value {position}")
    return float(value)


def _fault_of(value: int | float) -> str:
    """Return the code of a number's fault, or "". An integer may be too large for a float."""
    if value in (math.inf, -math.inf) or value != value:  # an integer may not fit a float
        return "not_finite"
    if value < 0:
        return "negative"
    if value == 0:
        return "zero"
    return "too_large" if value > MAX_VALUE else ""


def _name(value: object, member: str) -> str:
    if (
        isinstance(value, str)
        and 0 < len(value) <= MAX_NAME_CHARS
        and value.isascii()
        and value.isprintable()
    ):
        return value
    raise InputRefusedError(FIELD, "name", member)
