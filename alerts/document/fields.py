# SPDX-License-Identifier: Apache-2.0
"""The one table of an alert's fields: it drives validation, forms, JSON, schema and display.

A row says what the officer sees (label, help, widget, step), what a value may be (kind, choices, limits), when
it is required or hinted at, and the exact sentence for a value that is not acceptable. Rules over several
fields are in `check`; nothing else about a field is written elsewhere. The rows of steps 2 and 3 are in files of
their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from alerts.document import choices as c
from alerts.document.case_rows import CASE_ROWS
from alerts.document.kinds import (
    ALL,
    ANSWER,
    ASKING,
    CASES,
    EMPTY,
    OFFERED,
    PEER_REVIEW,
    PROFILE_DETAILS,
    REPLY,
    Field,
    Kind,
)
from alerts.document.substance_rows import SUBSTANCE_ROWS

if TYPE_CHECKING:
    from alerts.document.choices import Text

__all__ = [
    "ALL", "CONTENT_STEPS", "DOCUMENT_FIELDS", "EMPTY", "FIELDS", "LIFE_SAFETY_FIELDS", "OFFERED", "STEPS",
    "Field", "Kind", "Step", "fields_of_step", "is_asked", "is_hinted", "shown_fields", "step_title",
]  # fmt: skip


@dataclass(frozen=True)
class Step:
    number: int
    title: "Text"


STEPS: Final = (
    Step(1, _("What happened")),
    Step(2, _("Substance")),
    Step(3, _("Cases and amounts")),
    Step(4, _("How sure")),
    Step(5, _("Marking and recipients")),
    Step(6, _("Check and submit")),
)
CONTENT_STEPS: Final = range(1, 5)
_OWN_TITLES: Final[Mapping[tuple[int, str], "Text"]] = MappingProxyType(
    {
        (3, "seizure"): _("Amount, route and parties"),
        (3, "suspicious_order"): _("Order and parties"),
        (3, "request_for_information"): _("Question"),
        (3, "legal_status_change"): _("Change of the law"),
        (3, "answer"): _("Answer"),
        (3, "clarification"): _("Question"),
        (3, "peer_review"): _("Opinion"),
        (3, "profile_query"): _("Profile"),
        (3, "profile_answer"): _("Comparison"),
    }
)


_TABLE: Final = (
    # --- step 1 -------------------------------------------------------------------------------------------
    Field(
        "alert_type", 1, _("Kind"), _("Decides the questions."), "radios", Kind.CHOICE,
        choices=c.ALERT_TYPES, required_for=ALL, asked_for=ALL,
    ),
    Field(
        "status", 1, _("Real or exercise"), _("Exercises start no real clock."), "radios", Kind.CHOICE,
        choices=c.STATUSES, default="actual", required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "title", 1, _("Title"), _("Read only by recipients."), "text", Kind.LINE,
        _("Title: use 5 to 120 characters on one line."), required_for=ALL, min_length=5, max_length=120,
        asked_for=ALL,
    ),
    Field(
        "narrative", 1, _("What happened"), _("Never name a source."), "textarea", Kind.TEXT,
        _("What happened: use up to 10,000 characters."), hint_group="narrative", max_length=10_000,
        asked_for=OFFERED | REPLY | ANSWER | PROFILE_DETAILS,
    ),
    Field(
        "summary_safe", 1, _("Safe text"), _("No person, place or case."), "textarea", Kind.TEXT,
        _("Safe text: use up to 280 characters."), max_length=280, asked_for=OFFERED | PEER_REVIEW,
    ),
    Field(
        "event_date", 1, _("When"), _("The day is enough."), "date", Kind.DATE,
        _("When: enter a day up to today."), hint_group="when", asked_for=CASES | PROFILE_DETAILS,
    ),
    Field(
        "event_precision", 1, _("Date known to"), _("The day is enough."), "select", Kind.CHOICE,
        choices=c.EVENT_PRECISIONS, default="day", asked_for=CASES | PROFILE_DETAILS,
    ),
    Field(
        "place_country", 1, _("Where"), _("Region is enough."), "country", Kind.COUNTRY,
        _("Where: choose a listed country."), hint_group="where", asked_for=CASES | PROFILE_DETAILS,
    ),
    Field(
        "place_region", 1, _("Region"), _("Region is enough."), "text", Kind.LINE,
        _("Region: use up to 120 characters on one line."), max_length=120, asked_for=CASES | PROFILE_DETAILS,
    ),
    Field(
        "geo_precision", 1, _("Place known to"), _("Region is enough."), "select", Kind.CHOICE,
        choices=c.GEO_PRECISIONS, default="region", asked_for=CASES | PROFILE_DETAILS,
    ),
    # --- steps 2 and 3 ------------------------------------------------------------------------------------
    *SUBSTANCE_ROWS,
    *CASE_ROWS,
    # --- step 4 -------------------------------------------------------------------------------------------
    Field(
        "source_grade", 4, _("Source"), _("Your agency's scheme."), "select", Kind.CHOICE,
        choices=c.SOURCE_GRADES, default="X", required_for=ALL, asked_for=ALL,
    ),
    Field(
        "info_grade", 4, _("Information"), _("Your agency's scheme."), "select", Kind.CHOICE,
        choices=c.INFO_GRADES, default="4", required_for=ALL, asked_for=ALL,
    ),
    Field(
        "assessment_kind", 4, _("Fact or assessment"), _("Fact or assessment."), "select", Kind.CHOICE,
        choices=c.ASSESSMENT_KINDS, default="fact", required_for=ALL, asked_for=ALL,
    ),
    Field(
        "severity", 4, _("Severity"), _("How bad it is or may become."), "select", Kind.CHOICE,
        choices=c.SEVERITIES, default="unknown", required_for=ALL, asked_for=ALL,
    ),
    Field(
        "certainty", 4, _("Certainty"), _("How sure you are."), "select", Kind.CHOICE,
        choices=c.CERTAINTIES, default="unknown", required_for=ALL, asked_for=ALL,
    ),
    # --- step 5 -------------------------------------------------------------------------------------------
    Field(
        "tlp", 5, _("TLP"), _("Who may read it."), "radios", Kind.CHOICE,
        choices=c.TLPS, default="AMBER", required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "handling", 5, _("Handling"), _("What may be done with it."), "checks", Kind.CHOICES,
        choices=c.HANDLING_CODES, default=("H0",), required_for=ALL, asked_for=ALL,
    ),
    Field(
        "handling_condition", 5, _("H3 condition"), _("Only with H3."), "text", Kind.LINE,
        _("H3 condition: use up to 200 characters on one line."), max_length=200, asked_for=ALL,
    ),
    Field(
        "lane", 5, _("Lane"), _("Must fit an agreement."), "select", Kind.CHOICE,
        choices=c.LANES, required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "purpose", 5, _("Purpose"), _("Must fit an agreement."), "select", Kind.CHOICE,
        choices=c.PURPOSES, required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "pri", 5, _("Speed"), _("Flash is danger to life."), "radios", Kind.CHOICE,
        choices=c.PRIORITIES, default="routine", required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "recipients", 5, _("To"), _("Agency or circle."), "search_list", Kind.AGENCIES,
        _("To: choose an agency that can receive this."), default=(), required_for=ALL, max_length=500,
        in_document=False, asked_for=ALL,
    ),
    Field(
        "recipient_reasons", 5, _("Reason for each"), _("Why this agency needs it."), "reason_rows",
        Kind.REASONS, _("Reason for each: use up to 200 characters."), default=None, max_length=200,
        in_document=False, asked_for=ALL,
    ),
    Field(
        "for_attention", 5, _("For attention only"), _("They read the question and owe no answer."), "checks",
        Kind.AGENCIES, _("For attention only: choose among the recipients, not all of them."), default=(),
        max_length=500, asked_for=ASKING,
    ),
    Field(
        "named_officers", 5, _("Named officers"),
        _("For RED alone, who may open it. One on a line: the agency, then the officer's id, as they gave it to you."),
        "lines", Kind.LINES, _("Named officers: write one on a line, like: xb-health Bxze5."), default=(), max_length=500,
        in_document=False, asked_for=ALL, for_red=True,
    ),
    Field(
        "expiry", 5, _("Expires"), _("Nobody receives it for the first time after this day."), "date",
        Kind.DATE, _("Expires: enter a day after today, not past the day it is kept until."), in_document=False,
        asked_for=ALL,
    ),
    Field(
        "review_date", 5, _("Kept until"),
        _("After this day its content is deleted for every recipient. Nobody is asked first."),
        "date", Kind.DATE, _("Kept until: more than 30 days and up to 5 years, or give a reason for longer."),
        required_for=ALL, asked_for=ALL,
    ),
    Field(
        "review_reason", 5, _("Reason for keeping it longer"), _("Only past 5 years."), "text", Kind.LINE,
        _("Reason for keeping it longer: use up to 200 characters."), max_length=200, asked_for=ALL,
    ),
)  # fmt: skip

FIELDS: Final[Mapping[str, Field]] = MappingProxyType({field.name: field for field in _TABLE})
DOCUMENT_FIELDS: Final = tuple(field for field in _TABLE if field.in_document)
LIFE_SAFETY_FIELDS: Final = frozenset({"title", "tlp", "recipients", "named_officers"})
"""The only fields that can stop a life-safety alert; others are left out and named. RED cannot be sent without its names."""


def fields_of_step(number: int) -> tuple[Field, ...]:
    """Return the fields of one step of the form, in order."""
    return tuple(field for field in _TABLE if field.step == number)


def shown_fields(
    number: int, data: Mapping[str, object], *, takes_red: bool = False, is_update: bool = False
) -> tuple[Field, ...]:
    """Return the fields that the form shows for this draft's kind, and any other field that is not empty.

    `takes_red`: RED is possible for the draft's agency; without it, fields for RED alone are not shown. `is_update`: the
    draft is a next version.
    """
    return tuple(
        field
        for field in fields_of_step(number)
        if not field.computed
        and (takes_red or not field.for_red)
        and (
            (is_asked(field, data) and (is_update or not field.for_update))
            or data.get(field.name) not in EMPTY
        )
    )


def is_asked(field: Field, data: Mapping[str, object]) -> bool:
    """Tell whether the draft's kind asks for the field; while no kind is chosen, every field is asked for."""
    kind = data.get("alert_type")
    return kind in field.asked_for or kind not in ALL


def is_hinted(field: Field, data: Mapping[str, object]) -> bool:
    """Tell whether leaving the field empty is a hint for the draft's kind."""
    kind = data.get("alert_type")
    return is_asked(field, data) and (kind in field.hinted_for or kind not in ALL)


def step_title(number: int, kind: object) -> "Text":
    """Return the title of a step; the third step's depends on the kind."""
    return _OWN_TITLES.get((number, str(kind)), STEPS[number - 1].title)
