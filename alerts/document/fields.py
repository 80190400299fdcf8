# SPDX-License-Identifier: Apache-2.0
"""Here is the one table of an alert's fields: it drives validation, forms, JSON, schema and display.

A row says what the officer sees (label, help, widget, step), what a value may be (kind, choices, limits), when
it is required or hinted at, and the exact sentence for a value that is not acceptable. Rules over several
fields stand in `check`; nothing else about a field is written anywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from alerts.document import choices as c

if TYPE_CHECKING:
    from alerts.document.choices import Choices, Text


class Kind(StrEnum):
    """What shape a field's value has in JSON."""

    CHOICE = "choice"  # one of `choices`
    CHOICES = "choices"  # list of `choices`, no repeats
    LINE = "line"  # text without line breaks
    TEXT = "text"  # text
    DATE = "date"  # YYYY-MM-DD
    COUNT = "count"  # integer from 0, or "unknown"
    DECIMAL = "decimal"  # decimal number as text
    COUNTRY = "country"  # alpha-2 code
    ROUTE = "route"  # list of {country, part, basis}
    PARTIES = "parties"  # list of {role, name, category, country}, or "unknown"
    MOMENT = "moment"  # YYYY-MM-DDThh:mmZ, in UTC
    AGENCIES = "agencies"  # list of agency ids
    REASONS = "reasons"  # {agency id: text}


EMPTY: Final[tuple[object, ...]] = (None, "", [], (), {})
"""Values that say nothing; 0 is not one of them."""

NEW: Final = frozenset({"new_substance"})
HARM: Final = frozenset({"harm_cluster"})
SEIZURE: Final = frozenset({"seizure"})
ORDER: Final = frozenset({"suspicious_order"})
REQUEST: Final = frozenset({"request_for_information"})
ALL: Final = NEW | HARM | SEIZURE | ORDER | REQUEST


@dataclass(frozen=True)
class Field:
    """One row of the table.

    `problem` is the sentence for a bad value; choices without one say "<label>: choose one.". `asked_for` are the
    kinds of alert whose form shows the field, `hinted_for` those in which leaving it empty is a hint.
    """

    name: str
    step: int
    label: "Text"
    help: "Text"
    widget: str
    kind: Kind
    problem: "Text" = ""
    choices: "Choices" = ()
    default: object = None
    required_for: frozenset[str] = frozenset()
    asked_for: frozenset[str] = ALL
    hint_group: str = ""
    hinted_for: frozenset[str] = ALL
    min_length: int = 0
    max_length: int = 0
    in_document: bool = True

    @property
    def hint(self) -> bool:
        """Whether leaving it empty is counted as a hint (once per group)."""
        return bool(self.hint_group)


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
    }
)

_CASES: Final = _("Cases: enter a whole number or unknown.")
_AMOUNT: Final = _("Amount: enter more than 0, up to 1,000 t.")

_TABLE: Final = (
    # --- 1 ------------------------------------------------------------------------------------------------
    Field(
        "alert_type", 1, _("Kind"), _("Decides the questions."), "radios", Kind.CHOICE,
        choices=c.ALERT_TYPES, required_for=ALL,
    ),
    Field(
        "status", 1, _("Real or exercise"), _("Exercises start no real clock."), "radios", Kind.CHOICE,
        choices=c.STATUSES, default="actual", required_for=ALL, in_document=False,
    ),
    Field(
        "title", 1, _("Title"), _("Read only by recipients."), "text", Kind.LINE,
        _("Title: use 5 to 120 characters on one line."), required_for=ALL, min_length=5, max_length=120,
    ),
    Field(
        "narrative", 1, _("What happened"), _("Never name a source."), "textarea", Kind.TEXT,
        _("What happened: use up to 10,000 characters."), hint_group="narrative", max_length=10_000,
    ),
    Field(
        "summary_safe", 1, _("Safe text"), _("No person, place or case."), "textarea", Kind.TEXT,
        _("Safe text: use up to 280 characters."), max_length=280,
    ),
    Field(
        "event_date", 1, _("When"), _("The day is enough."), "date", Kind.DATE,
        _("When: enter a day up to today."), hint_group="when",
    ),
    Field(
        "event_precision", 1, _("Date known to"), _("The day is enough."), "select", Kind.CHOICE,
        choices=c.EVENT_PRECISIONS, default="day",
    ),
    Field(
        "place_country", 1, _("Where"), _("Region is enough."), "country", Kind.COUNTRY,
        _("Where: choose a listed country."), hint_group="where",
    ),
    Field(
        "place_region", 1, _("Region"), _("Region is enough."), "text", Kind.LINE,
        _("Region: use up to 120 characters on one line."), max_length=120,
    ),
    Field(
        "geo_precision", 1, _("Place known to"), _("Region is enough."), "select", Kind.CHOICE,
        choices=c.GEO_PRECISIONS, default="region",
    ),
    # --- 2 ------------------------------------------------------------------------------------------------
    Field(
        "identity_state", 2, _("Identity"), _("Unknown is allowed."), "radios", Kind.CHOICE,
        choices=c.IDENTITY_STATES, default="unknown", required_for=ALL - REQUEST,
    ),
    Field(
        "preferred_name", 2, _("Substance"), _("Pick or type."), "combobox", Kind.LINE,
        _("Substance: use up to 200 characters on one line."), max_length=200,
    ),
    Field(
        "inchikey", 2, _("InChIKey"), _("If known."), "text", Kind.LINE,
        _("InChIKey: enter 14, 10, 1 letters with hyphens."), max_length=27,
    ),
    Field(
        "cas_rn", 2, _("CAS number"), _("If known."), "text", Kind.LINE,
        _("CAS number: check digit wrong; compare the source."), max_length=12,
    ),
    Field(
        "formula", 2, _("Formula"), _("If known."), "text", Kind.LINE,
        _("Formula: write element symbols and counts, such as C8H10N4O2."), max_length=80,
    ),
    Field(
        "inchi", 2, _("InChI"), _("If known; key and formula are compared with it."), "text", Kind.LINE,
        _("InChI: copy it whole, from InChI=1 on."), max_length=1_000,
    ),
    Field(
        "harm_evidence", 2, _("Harm"), _('"Not known yet" is an answer.'), "radios", Kind.CHOICE,
        choices=c.HARM_EVIDENCE, default="none_yet", required_for=NEW | HARM,
    ),
    Field(
        "technique", 2, _("Analysed by"), _("Mark all used."), "checks", Kind.CHOICES,
        choices=c.TECHNIQUES, default=(), asked_for=ALL - ORDER, hint_group="analysis",
        hinted_for=NEW | HARM | SEIZURE,
    ),
    Field(
        "reference", 2, _("Compared with"), _("What the result was compared with."), "select", Kind.CHOICE,
        choices=c.REFERENCES, asked_for=ALL - ORDER, hint_group="analysis", hinted_for=NEW | HARM | SEIZURE,
    ),
    # --- 3 ------------------------------------------------------------------------------------------------
    Field(
        "cases_non_fatal", 3, _("Cases, not fatal"), _('0 is not "unknown".'), "number_or_unknown",
        Kind.COUNT, _CASES, default="unknown", required_for=HARM, asked_for=NEW | HARM,
    ),
    Field(
        "cases_fatal", 3, _("Cases, fatal"), _('0 is not "unknown".'), "number_or_unknown", Kind.COUNT,
        _CASES, default="unknown", required_for=HARM, asked_for=NEW | HARM,
    ),
    Field(
        "age_band", 3, _("Patients"), _("Age band only."), "select", Kind.CHOICE,
        choices=c.AGE_BANDS, asked_for=NEW | HARM, hint_group="patients",
    ),
    Field(
        "tox_matrix", 3, _("Sample from patients"), _("What was tested."), "select", Kind.CHOICE,
        choices=c.TOX_MATRICES, asked_for=NEW | HARM, hint_group="patients",
    ),
    Field(
        "tox_outcome", 3, _("Outcome"), _("The worst, if several."), "select", Kind.CHOICE,
        choices=c.TOX_OUTCOMES, asked_for=NEW | HARM, hint_group="patients",
    ),
    Field(
        "naloxone", 3, _("Naloxone"), _("Given or not."), "select", Kind.CHOICE,
        choices=c.NALOXONE, asked_for=NEW | HARM, hint_group="patients",
    ),
    Field(
        "health_measures", 3, _("Measures"), _("Taken or planned."), "textarea", Kind.TEXT,
        _("Measures: use up to 2,000 characters."), asked_for=NEW | HARM, hint_group="patients",
        max_length=2_000,
    ),
    Field(
        "physical_form", 3, _("Form"), _("As it was found."), "select", Kind.CHOICE,
        choices=c.PHYSICAL_FORMS, asked_for=ALL - REQUEST, hint_group="amount", hinted_for=SEIZURE | ORDER,
    ),
    Field(
        "quantity", 3, _("Amount"), _("Net if known."), "decimal", Kind.DECIMAL, _AMOUNT,
        asked_for=ALL - REQUEST, hint_group="amount", hinted_for=SEIZURE | ORDER, max_length=24,
    ),
    Field(
        "unit", 3, _("Unit"), _("Of the amount."), "select", Kind.CHOICE, choices=c.UNITS,
        asked_for=ALL - REQUEST, hint_group="amount", hinted_for=SEIZURE | ORDER,
    ),
    Field(
        "route", 3, _("Route"), _("Asserted or proven."), "route_rows", Kind.ROUTE,
        _("Route: choose a country per stop."), default=(), asked_for=ALL - REQUEST, max_length=20,
    ),
    Field(
        "concealment", 3, _("Concealment"), _("How it was hidden."), "text", Kind.LINE,
        _("Concealment: use up to 200 characters on one line."), asked_for=SEIZURE | NEW, max_length=200,
    ),
    Field(
        "exhibit_no", 3, _("Exhibit"), _("Your own number."), "text", Kind.LINE,
        _("Exhibit: use up to 60 characters on one line."), asked_for=NEW | HARM | SEIZURE, max_length=60,
    ),
    Field(
        "parties", 3, _("Parties"), _("Only what is needed."), "party_rows", Kind.PARTIES,
        _("Parties: add one or choose unknown."), default="unknown", required_for=ORDER,
        asked_for=SEIZURE | ORDER, max_length=20,
    ),
    Field(
        "red_flags", 3, _("Warning signs"), _("Mark what you saw."), "checks", Kind.CHOICES,
        choices=c.RED_FLAGS, default=(), asked_for=ORDER,
    ),
    Field(
        "kyc_result", 3, _("Customer check"), _("What your check of the customer found."), "radios", Kind.CHOICE,
        choices=c.KYC_RESULTS, default="not_done", required_for=ORDER, asked_for=ORDER,
    ),
    Field(
        "question", 3, _("Question"), _("Ask one thing."), "textarea", Kind.TEXT,
        _("Question: write what you ask."), required_for=REQUEST, asked_for=REQUEST, max_length=2_000,
    ),
    Field(
        "request_priority", 3, _("Answer by"), _("How soon you need the answer, counted from sending."),
        "radios", Kind.CHOICE, choices=c.REQUEST_PRIORITIES, default="normal", required_for=REQUEST,
        asked_for=REQUEST,
    ),
    Field(
        "due_at", 3, _("Another time to answer by"), _("In your own time zone."), "moment", Kind.MOMENT,
        _("Answer by: choose a later time."), asked_for=REQUEST, in_document=False,
    ),
    Field(
        "due_reason", 3, _("Reason for another time"), _("Why these times do not fit."), "text", Kind.LINE,
        _("Reason for another time: use up to 200 characters."), asked_for=REQUEST, max_length=200,
    ),
    # --- 4 ------------------------------------------------------------------------------------------------
    Field(
        "source_grade", 4, _("Source"), _("Your agency's scheme."), "select", Kind.CHOICE,
        choices=c.SOURCE_GRADES, default="X", required_for=ALL,
    ),
    Field(
        "info_grade", 4, _("Information"), _("Your agency's scheme."), "select", Kind.CHOICE,
        choices=c.INFO_GRADES, default="4", required_for=ALL,
    ),
    Field(
        "assessment_kind", 4, _("Fact or assessment"), _("Fact or assessment."), "select", Kind.CHOICE,
        choices=c.ASSESSMENT_KINDS, default="fact", required_for=ALL,
    ),
    Field(
        "severity", 4, _("Severity"), _("How bad it is or may become."), "select", Kind.CHOICE,
        choices=c.SEVERITIES, default="unknown", required_for=ALL,
    ),
    Field(
        "certainty", 4, _("Certainty"), _("How sure you are."), "select", Kind.CHOICE,
        choices=c.CERTAINTIES, default="unknown", required_for=ALL,
    ),
    # --- 5 ------------------------------------------------------------------------------------------------
    Field(
        "tlp", 5, _("TLP"), _("Who may read it."), "radios", Kind.CHOICE,
        choices=c.TLPS, default="AMBER", required_for=ALL, in_document=False,
    ),
    Field(
        "handling", 5, _("Handling"), _("What may be done with it."), "checks", Kind.CHOICES,
        choices=c.HANDLING_CODES, default=("H0",), required_for=ALL,
    ),
    Field(
        "handling_condition", 5, _("H3 condition"), _("Only with H3."), "text", Kind.LINE,
        _("H3 condition: use up to 200 characters on one line."), max_length=200,
    ),
    Field(
        "lane", 5, _("Lane"), _("Must fit an agreement."), "select", Kind.CHOICE,
        choices=c.LANES, required_for=ALL, in_document=False,
    ),
    Field(
        "purpose", 5, _("Purpose"), _("Must fit an agreement."), "select", Kind.CHOICE,
        choices=c.PURPOSES, required_for=ALL, in_document=False,
    ),
    Field(
        "pri", 5, _("Speed"), _("Flash is danger to life."), "radios", Kind.CHOICE,
        choices=c.PRIORITIES, default="routine", required_for=ALL, in_document=False,
    ),
    Field(
        "recipients", 5, _("To"), _("Agency or circle."), "search_list", Kind.AGENCIES,
        _("To: choose an agency that can receive this."), default=(), required_for=ALL, max_length=500,
        in_document=False,
    ),
    Field(
        "recipient_reasons", 5, _("Reason for each"), _("Why this agency needs it."), "reason_rows",
        Kind.REASONS, _("Reason for each: use up to 200 characters."), default=None, max_length=200,
        in_document=False,
    ),
    Field(
        "expiry", 5, _("Expires"), _("Nobody receives it for the first time after this day."), "date",
        Kind.DATE, _("Expires: enter a day after today, not past the review."), in_document=False,
    ),
    Field(
        "review_date", 5, _("Review"), _("After this you are asked."), "date", Kind.DATE,
        _("Review: up to 5 years, or give a reason."), required_for=ALL,
    ),
    Field(
        "review_reason", 5, _("Reason for a later review"), _("Only past 5 years."), "text", Kind.LINE,
        _("Reason for a later review: use up to 200 characters."), max_length=200,
    ),
)  # fmt: skip

FIELDS: Final[Mapping[str, Field]] = MappingProxyType({field.name: field for field in _TABLE})
DOCUMENT_FIELDS: Final = tuple(field for field in _TABLE if field.in_document)
LIFE_SAFETY_FIELDS: Final = frozenset({"title", "tlp", "recipients"})
"""What alone may stop a life-safety alert: everything else is left out and named."""


def fields_of_step(number: int) -> tuple[Field, ...]:
    """The fields of one step of the form, in order."""
    return tuple(field for field in _TABLE if field.step == number)


def shown_fields(number: int, data: Mapping[str, object]) -> tuple[Field, ...]:
    """Those that the form of this draft's kind shows, and any other that holds something: nothing goes unseen."""
    return tuple(
        field
        for field in fields_of_step(number)
        if is_asked(field, data) or data.get(field.name) not in EMPTY
    )


def is_asked(field: Field, data: Mapping[str, object]) -> bool:
    """Whether the draft's kind asks for the field; every kind's fields while none is chosen."""
    kind = data.get("alert_type")
    return kind in field.asked_for or kind not in ALL


def is_hinted(field: Field, data: Mapping[str, object]) -> bool:
    """Whether leaving the field empty is a hint for the draft's kind."""
    kind = data.get("alert_type")
    return is_asked(field, data) and (kind in field.hinted_for or kind not in ALL)


def step_title(number: int, kind: object) -> "Text":
    """The third step is named after what the kind asks there."""
    return _OWN_TITLES.get((number, str(kind)), STEPS[number - 1].title)
