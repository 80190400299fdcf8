# SPDX-License-Identifier: Apache-2.0
"""The alert document in words for people: sections by the pages of the form, empty fields left out."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils import formats
from django.utils.translation import gettext as _

from accord.document.rules import read_day
from alerts.document import choices as c
from alerts.document.countries import country_name
from alerts.document.fields import EMPTY, FIELDS, STEP_TITLES, Field, Kind, Step, fields_of_step
from alerts.document.science_words import SCIENCE_WORDS


@dataclass(frozen=True)
class Section:
    title: str
    rows: tuple[tuple[str, str], ...]


def describe(document: Mapping[str, Any]) -> list[Section]:
    """Return the document page by page, without its markings, which have a band of their own."""
    sections = [
        Section(str(title), tuple(_rows(step, document)))
        for step, title in STEP_TITLES.items()
        if step is not Step.RECIPIENTS
    ]
    return [section for section in sections if section.rows]


def choice_text(name: str, value: object) -> str:
    """Return the word for one value of a field with choices; the value itself when it is not listed."""
    return str(dict(FIELDS[name].choices).get(str(value), value))


def rows_of(names: Iterable[str], document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return label and words of these fields, in this order; empty fields are left out."""
    fields = (FIELDS[name] for name in names)
    return tuple(
        (str(field.label), _words(field, document[field.name], document))
        for field in fields
        if document.get(field.name) not in EMPTY
    )


_SILENT: Final = frozenset(
    {"title", "event_precision", "geo_precision", "unit", "review_date", "review_reason"}
)


def _rows(step: Step, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in fields_of_step(step, str(document.get("alert_type"))):
        value = document.get(field.name)
        if field.in_document and field.name not in _SILENT and value not in EMPTY:
            yield str(field.label), _words(field, value, document)


def _words(field: Field, value: Any, document: Mapping[str, Any]) -> str:
    own = _OWN_WORDS.get(field.name)
    return own(value, document) if own else _KIND_WORDS.get(field.kind, _plain)(field, value)


def _plain(field: Field, value: Any) -> str:
    return str(value)


def _chosen(field: Field, value: Any) -> str:
    return choice_text(field.name, value)


def _all_chosen(field: Field, value: Any) -> str:
    return "; ".join(choice_text(field.name, item) for item in value)


def _count(field: Field, value: Any) -> str:
    return _("unknown") if value == "unknown" else str(value)


def _route(field: Field, value: Any) -> str:
    return "; ".join(
        _("%(part)s %(country)s (%(basis)s)")
        % {
            "part": dict(c.ROUTE_PARTS)[stop["part"]],
            "country": country_name(stop["country"]),
            "basis": dict(c.ROUTE_BASES)[stop["basis"]],
        }
        for stop in value
    )


def _parties(field: Field, value: Any) -> str:
    return _("unknown") if value == "unknown" else "; ".join(map(_party, value))


def _party(row: Mapping[str, Any]) -> str:
    words = {
        "role": dict(c.PARTY_ROLES)[row["role"]],
        "name": row["name"],
        "category": dict(c.PERSON_CATEGORIES)[row["category"]],
    }
    if row["country"]:
        country = country_name(row["country"])
        return _("%(role)s: %(name)s (%(category)s, %(country)s)") % {**words, "country": country}
    return _("%(role)s: %(name)s (%(category)s)") % words


def _day(field: Field, value: Any) -> str:
    day = read_day(value)
    return str(value) if day is None else formats.date_format(day, _("j M Y"))


def _event_day(value: Any, document: Mapping[str, Any]) -> str:
    day = read_day(value)
    if day is not None and document.get("event_precision") == "month":
        return formats.date_format(dt.date(day.year, day.month, 1), _("M Y"))
    return _day(FIELDS["event_date"], value)


def _amount(value: Any, document: Mapping[str, Any]) -> str:
    unit = document.get("unit")
    return f"{value} {choice_text('unit', unit)}" if unit else str(value)


_KIND_WORDS: Final[dict[Kind, Callable[[Field, Any], str]]] = {
    Kind.CHOICE: _chosen,
    Kind.CHOICES: _all_chosen,
    Kind.COUNT: _count,
    Kind.COUNTRY: lambda field, value: country_name(value),
    Kind.ROUTE: _route,
    Kind.PARTIES: _parties,
    Kind.DATE: _day,
    Kind.OFFICERS: lambda field, value: ", ".join(value),
    **SCIENCE_WORDS,
}
_OWN_WORDS: Final[dict[str, Callable[[Any, Mapping[str, Any]], str]]] = {
    "event_date": _event_day,
    "quantity": _amount,
}
