# SPDX-License-Identifier: Apache-2.0
"""Rules of an alert document that JSON Schema cannot express, shared by the hub's forms and the sender's check.

Each of them gives the finding its own sentence; nothing here speaks to people.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from datetime import MAXYEAR, date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from accord.document.chemistry import differs_from_structure
from accord.document.inchikeys import inchikey_of
from accord.moments import moment_of

LEAST_TITLE: Final = 5
LEAST_WIDE_TITLE: Final = 3
NAMED_IDENTITIES: Final = frozenset({"tentative", "confirmed"})
ASKING: Final = frozenset({"request_for_information", "clarification"})
"""Kinds of alert that are a question."""
NOT_ASKING: Final = frozenset(
    {"reply", "answer", "peer_review", "profile_query", "profile_answer", "profile_details"}
)
"""Kinds that cannot carry a question; every other one may."""
ASKS_ANEW: Final = "asks_anew"
"""Change by which a new version of a question takes no earlier answer: every recipient owes one again."""
CLOSED: Final = "closed"
"""Change by which a new version of a question asks no more."""
REFUSED: Final = "refused"
DEFERRING: Final = frozenset({"partial", "needs_judicial_authorisation"})
"""Codes of an answer after which another one is to come."""
SAYING: Final = frozenset({"information_supplied", "partial"})
"""Codes of an answer that say nothing without a text."""
LICENCE_RESULTS: Final = frozenset({"fail", "conditional"})
MAX_GRAMS: Final = Decimal(1_000_000_000)
GRAMS: Final[Mapping[str, Decimal]] = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "mL": Decimal(1),
    "L": Decimal(1000),
    # A tablet or capsule weighs under a gram, so one gram a piece is a generous bound.
    "units": Decimal(1),
}

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FURTHEST_ZONE: Final = timedelta(hours=14)


class Clash(StrEnum):
    """The ways in which a member contradicts another one, or the day."""

    FUTURE = "future"
    NO_NAME = "no_name"
    OTHER_FORMULA = "other_formula"
    OTHER_KEY = "other_key"
    NO_UNIT = "no_unit"
    TOO_MUCH = "too_much"
    LICENCE = "licence"
    NOT_ALONE = "not_alone"
    NO_CONDITION = "no_condition"
    NO_REASON = "no_reason"
    NOT_IDENTIFIED = "not_identified"
    NO_REFUSAL = "no_refusal"
    NOT_REFUSED = "not_refused"
    NO_TEXT = "no_text"
    NO_EXPECTED_DAY = "no_expected_day"
    NOTHING_EXPECTED = "nothing_expected"
    EXPECTED_BEFORE = "expected_before"


def read_day(value: object) -> date | None:
    """Parse a day written YYYY-MM-DD, or return None."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def years_after(day: date, years: int) -> date:
    """Return the same day `years` later, in the year 9999 at most; 29 February becomes 1 March."""
    year = min(day.year + years, MAXYEAR)
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def latest_today(now: int) -> date:
    """Return the date where the day begins first: the author may be in another zone than the machine."""
    return (moment_of(now) + _FURTHEST_ZONE).date()


def least_title(title: str) -> int:
    """Return 3 for titles with Chinese, Japanese or Korean characters, each of which says as much as a word."""
    return LEAST_WIDE_TITLE if any(map(_is_wide_letter, title)) else LEAST_TITLE


def _is_wide_letter(character: str) -> bool:
    return unicodedata.category(character) == "Lo" and unicodedata.east_asian_width(character) in "WF"


def grams(quantity: str, unit: str | None) -> Decimal:
    """Return the amount in grams as a bound; an amount without a unit counts as grams."""
    return Decimal(quantity) * GRAMS.get(unit or "g", Decimal(1))


def asks(alert: Mapping[str, Any]) -> bool:
    """Tell whether an alert wants an answer: it is a question by its kind, or carries one."""
    kind = alert.get("alert_type")
    return kind in ASKING or (bool(alert.get("question")) and kind not in NOT_ASKING)


def clashes(alert: Mapping[str, Any], unfit: Collection[str], *, today: date) -> Iterator[tuple[str, Clash]]:
    """Yield the members that contradict another one; those in `unfit` have a wrong form and are not compared."""
    good = {name: value for name, value in alert.items() if name not in unfit}
    day = read_day(good.get("event_date"))
    if day is not None and day > today:
        yield "event_date", Clash.FUTURE
    yield from _of_the_substance(alert, good)
    yield from _of_the_amount(alert, good)
    yield from _of_the_case(alert, good)
    if good.get("alert_type") == "answer":
        yield from _of_the_answer(alert, good, today)


def _of_the_substance(alert: Mapping[str, Any], good: Mapping[str, Any]) -> Iterator[tuple[str, Clash]]:
    if good.get("identity_state") in NAMED_IDENTITIES and not alert.get("preferred_name"):
        yield "preferred_name", Clash.NO_NAME
    found = [row["conclusion"] for row in good.get("evidence") or ()]
    if good.get("identity_state") == "confirmed" and found and "identified" not in found:
        yield "identity_state", Clash.NOT_IDENTIFIED
    inchi, formula, key = good.get("inchi"), good.get("formula"), good.get("inchikey")
    if inchi and formula and differs_from_structure(formula, inchi):
        yield "formula", Clash.OTHER_FORMULA
    derived = inchikey_of(inchi) if inchi and key else None
    if derived is not None and derived != key:
        yield "inchikey", Clash.OTHER_KEY


def _of_the_amount(alert: Mapping[str, Any], good: Mapping[str, Any]) -> Iterator[tuple[str, Clash]]:
    quantity = good.get("quantity")
    if not quantity:
        return
    if not alert.get("unit"):
        yield "unit", Clash.NO_UNIT
    if grams(quantity, good.get("unit")) > MAX_GRAMS:
        yield "quantity", Clash.TOO_MUCH


def _of_the_case(alert: Mapping[str, Any], good: Mapping[str, Any]) -> Iterator[tuple[str, Clash]]:
    if "licence_ended" in (good.get("red_flags") or ()) and good.get("kyc_result") not in LICENCE_RESULTS:
        yield "kyc_result", Clash.LICENCE
    handling = good.get("handling") or ()
    if "H0" in handling and len(handling) > 1:
        yield "handling", Clash.NOT_ALONE
    if "H3" in handling and not alert.get("handling_condition"):
        yield "handling", Clash.NO_CONDITION
    if asks(good) and good.get("request_priority") == "custom" and not alert.get("due_reason"):
        yield "due_reason", Clash.NO_REASON


def _of_the_answer(
    alert: Mapping[str, Any], good: Mapping[str, Any], today: date
) -> Iterator[tuple[str, Clash]]:
    code, reason = good.get("answer_code"), alert.get("refusal_reason")
    if code == REFUSED and not reason:
        yield "refusal_reason", Clash.NO_REFUSAL
    elif code != REFUSED and reason:
        yield "refusal_reason", Clash.NOT_REFUSED
    if (code in SAYING or good.get("refusal_reason") == "other") and not alert.get("narrative"):
        yield "narrative", Clash.NO_TEXT
    day = read_day(good.get("expected_at"))
    if code == "needs_judicial_authorisation" and not alert.get("expected_at"):
        yield "expected_at", Clash.NO_EXPECTED_DAY
    elif code not in DEFERRING and alert.get("expected_at"):
        yield "expected_at", Clash.NOTHING_EXPECTED
    elif day is not None and day < today:
        yield "expected_at", Clash.EXPECTED_BEFORE
