# SPDX-License-Identifier: Apache-2.0
"""Validators of one value for its field, seen alone: formats, check digits, limits, listed codes."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from accord.document.chemistry import is_cas_number, is_formula, is_inchi, is_inchikey
from accord.document.rules import least_title, read_day
from accord.moments import LATEST_SHOWN, moment_of
from alerts.document import choices as c
from alerts.document.characters import hidden_characters
from alerts.document.countries import is_listed
from alerts.document.kinds import EMPTY, Field, Kind
from alerts.document.naming import are_namings, are_officers
from alerts.document.science_validators import SCIENCE_SHAPES, texts_in

UNKNOWN: Final = "unknown"
MAX_CASES: Final = 1_000_000

_AGENCY_ID: Final = re.compile(r"[a-z]{2}-[a-z0-9]{2,20}")
_DECIMAL: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z")
PARTY_NAME_AT_MOST: Final = 200
PARTY_MEMBERS: Final = ("role", "name", "category", "country")


def is_acceptable(field: Field, value: Any) -> bool:
    """Tell whether the value fits its field's kind, choices and limits. Callers do not pass empty values."""
    fits = _OWN_FORMS.get(field.name) or _KINDS[field.kind]
    return fits(field, value)


def read_moment(value: object) -> dt.datetime | None:
    """Return a moment written YYYY-MM-DDThh:mmZ, aware; None for another text or outside 1970 to 9999 in any time zone."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        moment = dt.datetime.strptime(value, "%Y-%m-%dT%H:%M%z")
    except ValueError:
        return None
    return moment if moment_of(0) <= moment <= moment_of(LATEST_SHOWN) else None


def texts_of(field: Field, value: Any) -> list[str]:
    """Return every text that people would read in this value, valid or not."""
    if field.kind in (Kind.LINE, Kind.TEXT):
        return [value] if isinstance(value, str) else []
    if field.kind is Kind.PARTIES and isinstance(value, list):
        return [str(row.get("name") or "") for row in value if isinstance(row, dict)]
    if field.kind is Kind.REASONS and isinstance(value, dict):
        return list(map(str, value.values()))
    return texts_in(field.kind, value)


def hidden_in(field: Field, value: Any) -> tuple[str, ...]:
    """Return the code points of hidden characters in this value's texts."""
    found = (code for text in texts_of(field, value) for code in hidden_characters(text, lines=True))
    return tuple(dict.fromkeys(found))


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


def _title(field: Field, value: Any) -> bool:
    return isinstance(value, str) and _line(replace(field, min_length=least_title(value)), value)


def _line(field: Field, value: Any) -> bool:
    return _text(field, value) and not hidden_characters(value, lines=False)


def _text(field: Field, value: Any) -> bool:
    return (
        isinstance(value, str)
        and field.min_length <= len(value) <= field.max_length
        and not hidden_characters(value, lines=True)
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


def _parties(field: Field, value: Any) -> bool:
    return value == UNKNOWN or (
        isinstance(value, list) and 0 < len(value) <= field.max_length and all(map(_is_party, value))
    )


def _is_party(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and set(row) == set(PARTY_MEMBERS)
        and _is_in(row["role"], c.PARTY_ROLES)
        and _is_in(row["category"], c.PERSON_CATEGORIES)
        and isinstance(row["name"], str)
        and 0 < len(row["name"]) <= PARTY_NAME_AT_MOST
        and not hidden_characters(row["name"], lines=False)
        and (row["country"] in EMPTY or is_listed(row["country"]))
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
    Kind.PARTIES: _parties,
    Kind.MOMENT: lambda field, value: read_moment(value) is not None,
    Kind.AGENCIES: _agencies,
    Kind.OFFICERS: are_officers,
    Kind.REASONS: _reasons,
    **SCIENCE_SHAPES,
}


def _own(fits: Callable[[str], bool]) -> Callable[[Field, Any], bool]:
    return lambda field, value: isinstance(value, str) and len(value) <= field.max_length and fits(value)


_OWN_FORMS: Final[dict[str, Callable[[Field, Any], bool]]] = {
    "title": _title,
    "named_officers": are_namings,
    "inchikey": _own(is_inchikey),
    "cas_rn": _own(is_cas_number),
    "formula": _own(is_formula),
    "inchi": _own(is_inchi),
}
