# SPDX-License-Identifier: Apache-2.0
"""Questions about unusual values that may be right: asked once, and kept by the author with "Keep it"."""

import datetime as dt
from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _

from accord.document.rules import grams, read_day
from alerts.document.defaults import years_after
from alerts.document.fields import EMPTY, FIELDS
from alerts.document.identity import ask_reference
from alerts.document.kinds import CASES, REQUEST
from alerts.document.rules import DraftCheck
from alerts.document.substance_checks import SUBSTANCE_QUESTIONS
from alerts.document.validators import ASK_GRAMS, UNKNOWN, read_moment, texts_of
from callers.names import mixes_scripts

LONG_AGO_YEARS: Final = 10
FAR_DAYS: Final = 90
MANY_CASES: Final = 10_000
USUAL_UNITS: Final = {
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


def _ask_scripts(draft: DraftCheck) -> str | None:
    name = draft.good("preferred_name")
    return _("Substance: two scripts are mixed; retype it.") if name and mixes_scripts(name) else None


def _ask_title(draft: DraftCheck) -> str | None:
    title = draft.good("title")
    return (
        _("Title: two scripts are mixed in one word; retype it.") if title and mixes_scripts(title) else None
    )


def _ask_names(draft: DraftCheck) -> str | None:
    names = texts_of(FIELDS["parties"], draft.good("parties"))
    return (
        _("Parties: two scripts are mixed in one name; retype it.")
        if any(map(mixes_scripts, names))
        else None
    )


def _ask_year(draft: DraftCheck) -> str | None:
    day = read_day(draft.good("event_date"))
    if day is not None and years_after(day, LONG_AGO_YEARS) < draft.known.today:
        return _("When: over 10 years ago; check the year.")
    return None


def _ask_cases(draft: DraftCheck) -> str | None:
    cases = [draft.good(name) for name in ("cases_non_fatal", "cases_fatal")]
    if any(type(count) is int and count > MANY_CASES for count in cases):
        return _("Cases: over 10,000; check the number.")
    return None


def _ask_form(draft: DraftCheck) -> str | None:
    usual = USUAL_UNITS.get(draft.good("physical_form") or "")
    unit = draft.good("unit")
    if usual and unit and draft.good("quantity") and unit not in usual:
        return _("Unit: unusual for this form; check both.")
    return None


def _ask_due(draft: DraftCheck) -> str | None:
    due = read_moment(draft.good("due_at"))
    if due is not None and due.date() > draft.known.today + dt.timedelta(days=FAR_DAYS):
        return _("Answer by: over 90 days ahead; check the date.")
    return None


def _ask_check(draft: DraftCheck) -> str | None:
    if draft.good("kyc_result") == "pass" and draft.good("red_flags"):
        return _("Customer check: you marked warning signs; confirm that it passed.")
    return None


def _ask_harm(draft: DraftCheck) -> str | None:
    cases = [draft[name] for name in ("cases_non_fatal", "cases_fatal")]
    if draft["harm_evidence"] == "none_yet" and any(type(count) is int and count > 0 for count in cases):
        return _("Harm: you report cases; choose suspected or more.")
    return None


def _ask_flash(draft: DraftCheck) -> str | None:
    if draft["pri"] != "flash" or draft["alert_type"] not in CASES - REQUEST:
        return None
    cases = [draft[name] for name in ("cases_non_fatal", "cases_fatal")]
    if draft["harm_evidence"] in (*EMPTY[:2], "none_yet") and all(
        count in (None, "", UNKNOWN, 0) for count in cases
    ):
        return _(
            "Speed: flash is danger to life, but no harm and no case is known; say what is, or choose urgent."
        )
    return None


def _ask_unit(draft: DraftCheck) -> str | None:
    quantity = draft.good("quantity")
    if quantity is not None and grams(quantity, draft["unit"]) > ASK_GRAMS:
        return _("Amount: over 10 t; check the unit.")
    return None


QUESTIONS: Final[tuple[tuple[str, str, Callable[[DraftCheck], str | None]], ...]] = (
    ("confirmed-without-reference", "identity_state", ask_reference),
    *SUBSTANCE_QUESTIONS,
    ("mixed-scripts", "preferred_name", _ask_scripts),
    ("mixed-scripts-title", "title", _ask_title),
    ("mixed-scripts-parties", "parties", _ask_names),
    ("event-long-ago", "event_date", _ask_year),
    ("very-many-cases", "cases_non_fatal", _ask_cases),
    ("unit-unusual-for-form", "unit", _ask_form),
    ("answer-far-ahead", "due_at", _ask_due),
    ("passed-with-warning-signs", "kyc_result", _ask_check),
    ("cases-without-harm", "harm_evidence", _ask_harm),
    ("flash-without-harm", "pri", _ask_flash),
    ("amount-over-10-t", "quantity", _ask_unit),
)
QUESTION_CODES: Final = frozenset(question[0] for question in QUESTIONS)
