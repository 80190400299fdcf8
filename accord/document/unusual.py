# SPDX-License-Identifier: Apache-2.0
"""Questions about what may be right in an alert and is seldom meant, for its author before it goes out: of the hub's forms and of the command.

Each of them gives the question its own sentence; nothing here speaks to people. What is never right is in `accord.document.rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from accord.document.rules import grams, read_day, years_after

LONG_AGO_YEARS: Final = 10
FAR: Final = timedelta(days=90)
MANY_CASES: Final = 10_000
MANY_GRAMS: Final = Decimal(10_000_000)
OF_CASES: Final = frozenset({"new_substance", "harm_cluster", "seizure", "suspicious_order"})
"""Kinds of alert that report cases."""
OF_ANALYSES: Final = OF_CASES - {"suspicious_order"} | {"request_for_information", "peer_review"}
"""Kinds of alert that have lines of evidence."""
USUAL_UNITS: Final[Mapping[str, frozenset[str]]] = {
    "powder": frozenset({"g", "kg"}),
    "crystal": frozenset({"g", "kg"}),
    "plant": frozenset({"g", "kg", "units"}),
    "tablet": frozenset({"units", "g", "kg"}),
    "capsule": frozenset({"units", "g", "kg"}),
    "liquid": frozenset({"mL", "L", "g", "kg"}),
    "impregnated_paper": frozenset({"units", "g", "kg"}),
    "vape": frozenset({"units", "mL", "L", "g", "kg"}),
    "edible": frozenset({"units", "g", "kg"}),
}
_EMPTY: Final[tuple[object, ...]] = (None, "", [], (), {})
_NO_CASES: Final[tuple[object, ...]] = (None, "", "unknown", 0)


def is_life_safety(pri: object, lane: object) -> bool:
    """Tell whether life is in danger: no question holds such an alert up."""
    return pri == "flash" and lane == "public_health"


@dataclass(frozen=True)
class Asked:
    """An alert as it is asked about; members in `unfit` have a wrong form. `answer_by` is the day by which an answer is wanted."""

    alert: Mapping[str, Any] = field(repr=False)
    today: date
    pri: object
    answer_by: date | None
    unfit: Collection[str] = ()

    def good(self, name: str) -> Any:
        """Return a member that says something and has its form, else None."""
        value = self.alert.get(name)
        return None if name in self.unfit or value in _EMPTY else value

    @property
    def cases(self) -> tuple[object, ...]:
        """The two numbers of cases, as they were written."""
        return tuple(self.alert.get(name) for name in ("cases_non_fatal", "cases_fatal"))


def _without_reference(asked: Asked) -> bool:
    rows = asked.alert.get("evidence")
    named = {row.get("reference") for row in rows} if isinstance(rows, list) else set()
    named.add(asked.alert.get("reference"))
    return asked.good("identity_state") == "confirmed" and named <= {None, "", "none"}


def _isomers_not_named(asked: Asked) -> bool:
    return asked.alert.get("identity_state") == "isomer_group" and not asked.good("alternatives")


def _long_ago(asked: Asked) -> bool:
    day = read_day(asked.good("event_date"))
    return day is not None and years_after(day, LONG_AGO_YEARS) < asked.today


def _many_cases(asked: Asked) -> bool:
    good = (asked.good(name) for name in ("cases_non_fatal", "cases_fatal"))
    return any(type(count) is int and count > MANY_CASES for count in good)


def _unit_of_another_form(asked: Asked) -> bool:
    usual, unit = USUAL_UNITS.get(asked.good("physical_form") or ""), asked.good("unit")
    return bool(usual and unit and asked.good("quantity") and unit not in usual)


def _answer_far_ahead(asked: Asked) -> bool:
    return asked.answer_by is not None and asked.answer_by > asked.today + FAR


def _passed_with_signs(asked: Asked) -> bool:
    return asked.good("kyc_result") == "pass" and bool(asked.good("red_flags"))


def _cases_without_harm(asked: Asked) -> bool:
    is_some = any(type(count) is int and count > 0 for count in asked.cases)
    return asked.alert.get("harm_evidence") == "none_yet" and is_some


def _flash_without_harm(asked: Asked) -> bool:
    is_flash = asked.pri == "flash" and asked.alert.get("alert_type") in OF_CASES
    is_harmless = asked.alert.get("harm_evidence") in (None, "", "none_yet")
    return is_flash and is_harmless and all(count in _NO_CASES for count in asked.cases)


def _very_much(asked: Asked) -> bool:
    quantity = asked.good("quantity")
    return quantity is not None and grams(quantity, asked.alert.get("unit")) > MANY_GRAMS


UNUSUAL: Final[Mapping[str, tuple[str, Callable[[Asked], bool]]]] = {
    "confirmed-without-reference": ("identity_state", _without_reference),
    "isomers-not-named": ("alternatives", _isomers_not_named),
    "event-long-ago": ("event_date", _long_ago),
    "very-many-cases": ("cases_non_fatal", _many_cases),
    "unit-unusual-for-form": ("unit", _unit_of_another_form),
    "answer-far-ahead": ("due_at", _answer_far_ahead),
    "passed-with-warning-signs": ("kyc_result", _passed_with_signs),
    "cases-without-harm": ("harm_evidence", _cases_without_harm),
    "flash-without-harm": ("pri", _flash_without_harm),
    "amount-over-10-t": ("quantity", _very_much),
}
"""Each question by its code: the field of a draft that it is about, and whether it is asked."""


def unusual(asked: Asked) -> Iterator[str]:
    """Yield the codes of the questions to ask."""
    return (code for code, (_, is_asked) in UNUSUAL.items() if is_asked(asked))
