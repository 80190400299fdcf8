# SPDX-License-Identifier: Apache-2.0
"""Whether one value is acceptable for its field, seen alone: forms, check digits, limits, listed codes."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from alerts.document import choices as c
from alerts.document.countries import is_listed
from alerts.document.fields import Field, Kind

UNKNOWN: Final = "unknown"
MAX_CASES: Final = 1_000_000
MAX_GRAMS: Final = Decimal(1_000_000_000)
ASK_GRAMS: Final = Decimal(10_000_000)
LEAST_WIDE_TITLE: Final = 3

GRAMS: Final = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "mL": Decimal(1),
    "L": Decimal(1000),
    # A tablet or capsule weighs under a gram: as a bound on nonsense one gram a piece is generous.
    "units": Decimal(1),
}

_AGENCY_ID: Final = re.compile(r"[a-z]{2}-[a-z0-9]{2,20}")
_DECIMAL: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_INCHIKEY: Final = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_CAS: Final = re.compile(r"([0-9]{2,7})-([0-9]{2})-([0-9])")
_FORMULA: Final = re.compile(r"([A-Z][a-z]?[0-9]{0,4})+")


def is_acceptable(field: Field, value: Any) -> bool:
    """Whether the value fits its field's kind, choices and limits. Empty values are not asked about."""
    fits = _OWN_FORMS.get(field.name) or _KINDS[field.kind]
    return fits(field, value)


def is_cas_number(text: str) -> bool:
    """Form and check digit: the digits before it, weighted 1, 2, 3 ... from the right, summed modulo 10."""
    match = _CAS.fullmatch(text)
    if match is None:
        return False
    digits = reversed(match[1] + match[2])
    return sum(weight * int(digit) for weight, digit in enumerate(digits, start=1)) % 10 == int(match[3])


def mixes_scripts(text: str) -> bool:
    """Whether one run of letters mixes Latin with Cyrillic or Greek, as a look-alike spelling does."""
    return any(
        "LATIN" in scripts and len(scripts) > 1
        for scripts in (_scripts(run) for run in re.findall(r"[^\W\d_]+", text))
    )


def grams(quantity: str, unit: str | None) -> Decimal:
    """The amount in grams as a bound; an amount without a unit counts as grams."""
    return Decimal(quantity) * GRAMS.get(unit or "g", Decimal(1))


def read_day(value: object) -> dt.date | None:
    """A day written YYYY-MM-DD, or None."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def _scripts(run: str) -> set[str]:
    names = (unicodedata.name(letter, "").partition(" ")[0] for letter in run)
    return {name for name in names if name in {"LATIN", "CYRILLIC", "GREEK"}}


def _one(field: Field, value: Any) -> bool:
    return _is_in(value, field.choices)


def _several(field: Field, value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(_is_in(item, field.choices) for item in value)
        and len(set(value)) == len(value)
    )


def _is_in(value: Any, choices: "c.Choices") -> bool:
    return isinstance(value, str) and value in dict(choices)


def _has_controls(text: str, allowed: str = "") -> bool:
    return any(
        unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed for character in text
    )


def _title(field: Field, value: Any) -> bool:
    """Three characters are enough where Chinese, Japanese or Korean ones are among them: each says as much as a word."""
    is_wide = isinstance(value, str) and any(map(_is_wide_letter, value))
    return _line(replace(field, min_length=LEAST_WIDE_TITLE if is_wide else field.min_length), value)


def _is_wide_letter(character: str) -> bool:
    return unicodedata.category(character) == "Lo" and unicodedata.east_asian_width(character) in "WF"


def _line(field: Field, value: Any) -> bool:
    return _text(field, value) and not re.search(r"[\n\t\u2028\u2029]", value)


def _text(field: Field, value: Any) -> bool:
    return (
        isinstance(value, str)
        and field.min_length <= len(value) <= field.max_length
        and not _has_controls(value, allowed="\n\t")
    )


def _day(field: Field, value: Any) -> bool:
    return read_day(value) is not None


def _count(field: Field, value: Any) -> bool:
    return value == UNKNOWN or (type(value) is int and 0 <= value <= MAX_CASES)


def _decimal(field: Field, value: Any) -> bool:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        return False
    try:
        return Decimal(value) > 0
    except InvalidOperation:
        return False


def _route(field: Field, value: Any) -> bool:
    return isinstance(value, list) and len(value) <= field.max_length and all(map(_is_stop, value))


def _is_stop(stop: Any) -> bool:
    return (
        isinstance(stop, dict)
        and set(stop) == {"country", "part", "basis"}
        and is_listed(stop["country"])
        and _is_in(stop["part"], c.ROUTE_PARTS)
        and _is_in(stop["basis"], c.ROUTE_BASES)
    )


def _agencies(field: Field, value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= field.max_length
        and all(isinstance(agency, str) and _AGENCY_ID.fullmatch(agency) for agency in value)
    )


def _reasons(field: Field, value: Any) -> bool:
    return isinstance(value, dict) and all(_text(field, reason) for reason in value.values())


_KINDS: Final[dict[Kind, Callable[[Field, Any], bool]]] = {
    Kind.CHOICE: _one,
    Kind.CHOICES: _several,
    Kind.LINE: _line,
    Kind.TEXT: _text,
    Kind.DATE: _day,
    Kind.COUNT: _count,
    Kind.DECIMAL: _decimal,
    Kind.COUNTRY: lambda field, value: is_listed(value),
    Kind.ROUTE: _route,
    Kind.AGENCIES: _agencies,
    Kind.REASONS: _reasons,
}
_OWN_FORMS: Final[dict[str, Callable[[Field, Any], bool]]] = {
    "inchikey": lambda field, value: isinstance(value, str) and _INCHIKEY.fullmatch(value) is not None,
    "cas_rn": lambda field, value: isinstance(value, str) and is_cas_number(value),
    "title": _title,
    "formula": lambda field, value: (
        isinstance(value, str) and len(value) <= field.max_length and _FORMULA.fullmatch(value) is not None
    ),
}
