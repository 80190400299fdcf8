# SPDX-License-Identifier: Apache-2.0
"""The one table of an alert's fields: it drives validation, forms, JSON, schema and display.

A row says what the officer sees (label, help, widget, page), what a value may be (kind, choices, limits), when
it is required or hinted at, and the exact sentence for a value that is not acceptable. Rules over several
fields are in `check`; nothing else about a field is written elsewhere. The rows on substances and on cases are in
files of their own.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from alerts.document import choices as c
from alerts.document.case_rows import CASE_ROWS
from alerts.document.kinds import (
    ALL,
    ANSWER,
    CARRY_A_QUESTION,
    CASES,
    EMPTY,
    OFFERED,
    PEER_REVIEW,
    PROFILE_DETAILS,
    REPLY,
    REQUEST,
    Field,
    Kind,
    Step,
)
from alerts.document.substance_rows import SUBSTANCE_ROWS

if TYPE_CHECKING:
    from alerts.document.choices import Text

__all__ = [
    "ALL", "DOCUMENT_FIELDS", "EMPTY", "FIELDS", "GRADES", "LIFE_SAFETY_FIELDS", "OFFERED", "STEP_TITLES", "WAY",
    "Field", "Kind", "Step", "added_steps", "fields_of_step", "is_asked", "is_hinted", "shown_fields", "step_of", "way_of",
]  # fmt: skip


WAY: Final = (Step.KIND, Step.KNOWN, Step.RECIPIENTS, Step.CHECK)
"""Pages of every alert, in order; a reply's kind is given, so that its way begins with the second."""
STEP_TITLES: Final[Mapping[Step, "Text"]] = MappingProxyType(
    {
        Step.KIND: _("Kind"),
        Step.KNOWN: _("What is known"),
        Step.RECIPIENTS: _("Who gets it"),
        Step.CHECK: _("Check and submit"),
        Step.QUESTION: _("Question"),
        Step.CASES: _("Harm and patients"),
        Step.AMOUNT: _("Amount and route"),
        Step.CUSTOMER: _("Customer check"),
        Step.ANALYSIS: _("Analysis"),
        Step.FILES: _("Files"),
        Step.MORE: _("More"),
    }
)
GRADES: Final = ("source_grade", "info_grade", "assessment_kind", "severity", "certainty")
"""Judgements that an author may leave open; an open one is sent as not graded."""
NOT_ASKED_FOR_POLICE_GRADES: Final = frozenset({"laboratory", "drug_checking", "public_health"})
"""Kinds of agency that do not grade sources as police forces do."""


_TABLE: Final = (
    # --- what happened ------------------------------------------------------------------------------------
    Field(
        "alert_type", Step.KIND, _("Kind"), _("Decides the questions."), "radios", Kind.CHOICE,
        choices=c.ALERT_TYPES, required_for=ALL, asked_for=ALL,
    ),
    Field(
        "status", Step.KIND, _("Real or exercise"), _("Exercises start no real clock."), "radios", Kind.CHOICE,
        choices=c.STATUSES, default="actual", required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "title", Step.KNOWN, _("Title"), _("Only recipients read it."), "text", Kind.LINE,
        _("Title: use 5 to 120 characters on one line."), required_for=ALL, min_length=5, max_length=120,
        asked_for=ALL,
    ),
    Field(
        "narrative", Step.KNOWN, _("What happened"), _("Never name a source."), "textarea", Kind.TEXT,
        _("What happened: use up to 10,000 characters."), hint_group="narrative", max_length=10_000,
        asked_for=OFFERED | REPLY | ANSWER | PROFILE_DETAILS,
    ),
    Field(
        "summary_safe", Step.MORE, _("Safe text"), _("No person, place or case."), "textarea", Kind.TEXT,
        _("Safe text: use up to 280 characters."), max_length=280, asked_for=OFFERED | PEER_REVIEW,
    ),
    Field(
        "event_date", Step.KNOWN, _("When"), _("The day is enough."), "date", Kind.DATE,
        _("When: enter a day up to today."), hint_group="when", asked_for=CASES | PROFILE_DETAILS,
    ),
    Field(
        "event_precision", Step.MORE, _("Date known to"), _("The day is enough."), "select", Kind.CHOICE,
        choices=c.EVENT_PRECISIONS, default="day", asked_for=CASES | PROFILE_DETAILS,
    ),
    Field(
        "place_country", Step.KNOWN, _("Where"), _("The country."), "country", Kind.COUNTRY,
        _("Where: choose a listed country."), hint_group="where", asked_for=CASES | PROFILE_DETAILS,
    ),
    Field(
        "place_region", Step.KNOWN, _("Region"), _("The region is enough."), "text", Kind.LINE,
        _("Region: use up to 120 characters on one line."), max_length=120, asked_for=CASES | PROFILE_DETAILS,
    ),
    Field(
        "geo_precision", Step.MORE, _("Place known to"), _("The region is enough."), "select", Kind.CHOICE,
        choices=c.GEO_PRECISIONS, default="region", asked_for=CASES | PROFILE_DETAILS,
    ),
    # --- substance, cases, amounts, questions -------------------------------------------------------------
    *SUBSTANCE_ROWS,
    *CASE_ROWS,
    # --- how sure -----------------------------------------------------------------------------------------
    Field(
        "source_grade", Step.MORE, _("Source"), _("Your agency's scheme."), "select", Kind.CHOICE,
        choices=c.SOURCE_GRADES, asked_for=ALL, known_for=ALL - REQUEST, for_police=True,
    ),
    Field(
        "info_grade", Step.MORE, _("Information"), _("Your agency's scheme."), "select", Kind.CHOICE,
        choices=c.INFO_GRADES, asked_for=ALL, known_for=ALL - REQUEST, for_police=True,
    ),
    Field(
        "assessment_kind", Step.MORE, _("Fact or assessment"), _("Observed, or your assessment?"), "select", Kind.CHOICE,
        choices=c.ASSESSMENT_KINDS, asked_for=ALL, known_for=ALL - REQUEST,
    ),
    Field(
        "severity", Step.MORE, _("Severity"), _("How bad it is or may become."), "select", Kind.CHOICE,
        choices=c.SEVERITIES, asked_for=ALL, known_for=ALL - REQUEST,
    ),
    Field(
        "certainty", Step.MORE, _("Certainty"), _("How sure you are."), "select", Kind.CHOICE,
        choices=c.CERTAINTIES, asked_for=ALL, known_for=ALL - REQUEST,
    ),
    # --- who gets it --------------------------------------------------------------------------------------
    Field(
        "recipients", Step.RECIPIENTS, _("To"), _("Agency or circle."), "search_list", Kind.AGENCIES,
        _("To: choose an agency that can receive this."), default=(), required_for=ALL, max_length=500,
        in_document=False, asked_for=ALL,
    ),
    Field(
        "named_officers", Step.RECIPIENTS, _("Named officers"),
        _("For RED alone, who may open it. One on a line: the agency, then the officer's id, as they gave it to you."),
        "lines", Kind.LINES, _("Named officers: write one on a line, like: xb-health Bxze5."), default=(), max_length=500,
        in_document=False, asked_for=ALL, for_red=True,
    ),
    Field(
        "reply_to", Step.RECIPIENTS, _("Replies go to"), _("For RED alone, who of your agency may open the answers."),
        "checks", Kind.OFFICERS, _("Replies go to: choose an officer of yours who may read this question."), default=(),
        max_length=100, asked_for=CARRY_A_QUESTION, for_red=True,
    ),
    Field(
        "tlp", Step.RECIPIENTS, _("TLP"), _("Who may read it."), "radios", Kind.CHOICE,
        choices=c.TLPS, default="AMBER", required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "pri", Step.RECIPIENTS, _("Speed"), _("Flash is danger to life."), "radios", Kind.CHOICE,
        choices=c.PRIORITIES, default="routine", required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "lane", Step.RECIPIENTS, _("Lane"), _("Must fit an agreement."), "select", Kind.CHOICE,
        choices=c.LANES, required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "purpose", Step.RECIPIENTS, _("Purpose"), _("Must fit an agreement."), "select", Kind.CHOICE,
        choices=c.PURPOSES, required_for=ALL, in_document=False, asked_for=ALL,
    ),
    Field(
        "handling", Step.RECIPIENTS, _("Handling"), _("What may be done with it."), "checks", Kind.CHOICES,
        choices=c.HANDLING_CODES, default=(), asked_for=ALL,
    ),
    Field(
        "handling_condition", Step.RECIPIENTS, _("H3 condition"), _("Only with H3."), "text", Kind.LINE,
        _("H3 condition: use up to 200 characters on one line."), max_length=200, asked_for=ALL,
    ),
    Field(
        "recipient_reasons", Step.MORE, _("Reason for each"), _("Why this agency needs it."), "reason_rows",
        Kind.REASONS, _("Reason for each: use up to 200 characters."), default=None, max_length=200,
        in_document=False, asked_for=ALL,
    ),
    Field(
        "for_attention", Step.RECIPIENTS, _("For attention only"), _("They read the question and owe no answer."), "checks",
        Kind.AGENCIES, _("For attention only: choose among the recipients, not all of them."), default=(),
        max_length=500, asked_for=CARRY_A_QUESTION,
    ),
    Field(
        "expiry", Step.MORE, _("Expires"), _("Nobody receives it for the first time after this day."), "date",
        Kind.DATE, _("Expires: enter a day after today, not past the day it is kept until."), in_document=False,
        asked_for=ALL,
    ),
    Field(
        "review_date", Step.MORE, _("Kept until"),
        _("After this day its content is deleted for every recipient. Nobody is asked first."),
        "date", Kind.DATE, _("Kept until: more than 30 days and up to 5 years, or give a reason for longer."),
        required_for=ALL, asked_for=ALL,
    ),
    Field(
        "review_reason", Step.MORE, _("Reason for keeping it longer"), _("Only past 5 years."), "text", Kind.LINE,
        _("Reason for keeping it longer: use up to 200 characters."), max_length=200, asked_for=ALL,
    ),
)  # fmt: skip

FIELDS: Final[Mapping[str, Field]] = MappingProxyType({field.name: field for field in _TABLE})
DOCUMENT_FIELDS: Final = tuple(field for field in _TABLE if field.in_document)
LIFE_SAFETY_FIELDS: Final = frozenset({"title", "tlp", "recipients", "named_officers"})
"""The only fields that can stop a life-safety alert; others are left out and named. RED cannot be sent without its names."""


def step_of(field: Field, kind: object) -> Step:
    """Return the page of the form on which this kind of alert has the field."""
    return Step.KNOWN if kind in field.known_for else field.step


def fields_of_step(step: Step, kind: object) -> tuple[Field, ...]:
    """Return the fields of one page of the form, in order."""
    return tuple(field for field in _TABLE if step_of(field, kind) == step)


def shown_fields(
    step: Step,
    data: Mapping[str, object],
    *,
    takes_red: bool = False,
    agency_kind: str = "",
    is_update: bool = False,
) -> tuple[Field, ...]:
    """Return the fields that the form shows for this draft's kind, and any other field that is not empty.

    `takes_red`: RED is possible for the draft's agency; without it, fields for RED alone are not shown. `is_update`: the
    draft is a next version.
    """
    grades = agency_kind not in NOT_ASKED_FOR_POLICE_GRADES

    def shows(field: Field) -> bool:
        is_for_it = (takes_red or not field.for_red) and (grades or not field.for_police)
        is_for_it &= is_update or not field.for_update
        return (is_for_it and is_asked(field, data)) or (
            not field.for_red and data.get(field.name) not in EMPTY
        )

    fields = fields_of_step(step, data.get("alert_type"))
    return tuple(field for field in fields if not field.computed and shows(field))


def way_of(kind: object) -> tuple[Step, ...]:
    """Return the pages on the way of an alert of this kind."""
    return WAY[1:] if kind in ALL - OFFERED else WAY


def added_steps(
    data: Mapping[str, object], *, takes_red: bool = False, agency_kind: str = ""
) -> tuple[Step, ...]:
    """Return the pages that may be added to this draft: those with a field to show, and that of the files."""
    return tuple(
        step
        for step in Step
        if step not in WAY
        and (step is Step.FILES or shown_fields(step, data, takes_red=takes_red, agency_kind=agency_kind))
    )


def is_asked(field: Field, data: Mapping[str, object]) -> bool:
    """Tell whether the draft's kind asks for the field; while no kind is chosen, every field is asked for."""
    kind = data.get("alert_type")
    return kind in field.asked_for or kind not in ALL


def is_hinted(field: Field, data: Mapping[str, object]) -> bool:
    """Tell whether leaving the field empty is a hint for the draft's kind."""
    kind = data.get("alert_type")
    return is_asked(field, data) and (kind in field.hinted_for or kind not in ALL)
