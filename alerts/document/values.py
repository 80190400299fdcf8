# SPDX-License-Identifier: Apache-2.0
"""Conversion of a typed or posted value into the JSON value that a draft keeps.

A draft keeps what was typed even when it is wrong, so that nothing is lost. Refused are only a shape that no form can send,
an unknown field, and more than a field could ever hold.
"""

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from alerts.document.characters import without_breaks
from alerts.document.fields import FIELDS, Field, Kind
from alerts.document.science_values import ROWS_AT_MOST, SCIENCE_READERS, TYPED_AT_MOST
from alerts.document.validators import PARTY_MEMBERS, UNKNOWN
from callers.errors import InputError

__all__ = ["ROWS_AT_MOST", "TYPED_AT_MOST", "read_value", "read_values"]


def read_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known fields of `data`, normalised; raises `InputError` naming the first field that cannot be kept.

    Fields that the hub computes are left out.
    """
    for name in data:
        if name not in FIELDS:
            raise InputError(name, _("There is no such field."))
    return {
        name: read_value(FIELDS[name], value) for name, value in data.items() if not FIELDS[name].computed
    }


def read_value(field: Field, value: object) -> Any:
    """Return one value as a draft keeps it: text trimmed and in NFC, digits of any script as numbers, empty as None.

    Characters that only allow a line break are dropped: nobody typed them.
    """
    try:
        return _READERS[field.kind](value)
    except (TypeError, ValueError):
        raise InputError(field.name, str(field.problem) or _("This is not a value of this field.")) from None


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    text = without_breaks(unicodedata.normalize("NFC", str(value))).strip()
    if len(text) > TYPED_AT_MOST or (not text.isascii() and _has_surrogate(text)):
        raise ValueError
    return text.replace("\r\n", "\n").replace("\r", "\n") or None


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _count(value: object) -> int | str | None:
    text = _text(value)
    if text is not None and text.isdecimal() and len(text) <= 9:
        return int(text)
    return text


def _decimal(value: object) -> str | None:
    text = _text(value)
    if text is None:
        return None
    return "".join(str(unicodedata.decimal(character, character)) for character in text)


def _items(value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > ROWS_AT_MOST:
        raise TypeError
    return list(value)


def _texts(value: object) -> list[str]:
    texts = [_text(item) for item in _items(value)]
    return list(dict.fromkeys(text for text in texts if text))


def _route(value: object) -> list[dict[str, str | None]]:
    stops = [_stop(item) for item in _items(value)]
    return [stop for stop in stops if any(stop.values())]


def _stop(item: object) -> dict[str, str | None]:
    if not isinstance(item, Mapping) or not set(item) <= {"country", "part", "basis"}:
        raise TypeError
    return {name: _text(item.get(name)) for name in ("country", "part", "basis")}


def _parties(value: object) -> object:
    if value == UNKNOWN:
        return UNKNOWN
    rows = [_party(item) for item in _items(value)]
    return [row for row in rows if row["name"] or row["role"] or row["country"]]


def _party(item: object) -> dict[str, str | None]:
    if not isinstance(item, Mapping) or not set(item) <= set(PARTY_MEMBERS):
        raise TypeError
    # A category that is left out is unknown; one that a form leaves unchosen is still to be judged.
    return {name: _text(item.get(name, UNKNOWN if name == "category" else None)) for name in PARTY_MEMBERS}


def _moment(value: object) -> str | None:
    """Return a moment in UTC, to the minute; a text that is no moment with a time zone stays as it was typed."""
    text = _text(value)
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return text if moment.tzinfo is None else f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M}Z"
    except (ValueError, OverflowError):
        return text


def _reasons(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or len(value) > ROWS_AT_MOST:
        raise TypeError
    reasons = {_text(agency): _text(reason) for agency, reason in value.items()}
    return {agency: reason for agency, reason in reasons.items() if agency and reason}


_READERS: Final[dict[Kind, Callable[[object], Any]]] = {
    Kind.CHOICE: _text,
    Kind.CHOICES: _texts,
    Kind.LINE: _text,
    Kind.TEXT: _text,
    Kind.DATE: _text,
    Kind.COUNT: _count,
    Kind.DECIMAL: _decimal,
    Kind.COUNTRY: _text,
    Kind.ROUTE: _route,
    Kind.PARTIES: _parties,
    Kind.MOMENT: _moment,
    Kind.AGENCIES: _texts,
    Kind.OFFICERS: _texts,
    Kind.REASONS: _reasons,
    **SCIENCE_READERS,
}
