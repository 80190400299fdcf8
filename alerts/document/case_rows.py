# SPDX-License-Identifier: Apache-2.0
"""Fields on cases, amounts, parties, questions and answers."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from alerts.document import choices as c
from alerts.document.kinds import (
    ANSWER,
    ASKING,
    CARRY_A_QUESTION,
    CASES,
    CLARIFICATION,
    HARM,
    LEGAL,
    NEW,
    OFFERED,
    ORDER,
    PEER_REVIEW,
    PROFILE_ANSWER,
    PROFILE_DETAILS,
    PROFILE_QUERY,
    REPLY,
    REQUEST,
    SEIZURE,
    Field,
    Kind,
    Step,
)

_CASES: Final = _("Cases: enter a whole number or unknown.")
_AMOUNT: Final = _("Amount: enter more than 0, up to 1,000 t.")
_SUPPLYING: Final = OFFERED | REPLY | ANSWER
_OF_AN_AMOUNT: Final = CASES - REQUEST | PROFILE_DETAILS

CASE_ROWS: Final = (
    Field(
        "cases_non_fatal", Step.CASES, _("Cases, not fatal"), _('0 is not "unknown".'), "number_or_unknown",
        Kind.COUNT, _CASES, default="unknown", required_for=HARM, asked_for=NEW | HARM, known_for=HARM,
    ),
    Field(
        "cases_fatal", Step.CASES, _("Cases, fatal"), _('0 is not "unknown".'), "number_or_unknown", Kind.COUNT,
        _CASES, default="unknown", required_for=HARM, asked_for=NEW | HARM, known_for=HARM,
    ),
    Field(
        "age_band", Step.CASES, _("Patients"), _("Age band only."), "select", Kind.CHOICE,
        choices=c.AGE_BANDS, asked_for=NEW | HARM, hint_group="patients",
    ),
    Field(
        "tox_matrix", Step.CASES, _("Sample from patients"), _("What was tested."), "select", Kind.CHOICE,
        choices=c.TOX_MATRICES, asked_for=NEW | HARM, hint_group="patients",
    ),
    Field(
        "tox_outcome", Step.CASES, _("Outcome"), _("The worst, if several."), "select", Kind.CHOICE,
        choices=c.TOX_OUTCOMES, asked_for=NEW | HARM, hint_group="patients",
    ),
    Field(
        "naloxone", Step.CASES, _("Naloxone"), _("Given or not."), "select", Kind.CHOICE,
        choices=c.NALOXONE, asked_for=NEW | HARM, hint_group="patients",
    ),
    Field(
        "health_measures", Step.CASES, _("Measures"), _("Taken or planned."), "textarea", Kind.TEXT,
        _("Measures: use up to 2,000 characters."), asked_for=NEW | HARM, hint_group="patients",
        max_length=2_000,
    ),
    Field(
        "physical_form", Step.AMOUNT, _("Form"), _("As it was found."), "select", Kind.CHOICE,
        choices=c.PHYSICAL_FORMS, asked_for=_OF_AN_AMOUNT, hint_group="amount", hinted_for=SEIZURE | ORDER,
    ),
    Field(
        "quantity", Step.AMOUNT, _("Amount"), _("Net if known."), "decimal", Kind.DECIMAL, _AMOUNT,
        asked_for=_OF_AN_AMOUNT, hint_group="amount", hinted_for=SEIZURE | ORDER, max_length=24, known_for=SEIZURE,
    ),
    Field(
        "unit", Step.AMOUNT, _("Unit"), _("Of the amount."), "select", Kind.CHOICE, choices=c.UNITS,
        asked_for=_OF_AN_AMOUNT, hint_group="amount", hinted_for=SEIZURE | ORDER, known_for=SEIZURE,
    ),
    Field(
        "route", Step.AMOUNT, _("Route"), _("Asserted or proven."), "route_rows", Kind.ROUTE,
        _("Route: choose a country per stop."), default=(), asked_for=_OF_AN_AMOUNT, max_length=20,
    ),
    Field(
        "concealment", Step.AMOUNT, _("Concealment"), _("How it was hidden."), "text", Kind.LINE,
        _("Concealment: use up to 200 characters on one line."),
        asked_for=SEIZURE | NEW | PROFILE_DETAILS, max_length=200,
    ),
    Field(
        "exhibit_no", Step.AMOUNT, _("Exhibit"), _("Your own number."), "text", Kind.LINE,
        _("Exhibit: use up to 60 characters on one line."),
        asked_for=NEW | HARM | SEIZURE | PROFILE_DETAILS, max_length=60,
    ),
    Field(
        "parties", Step.AMOUNT, _("Parties"), _("Only what is needed."), "party_rows", Kind.PARTIES,
        _("Parties: add one or choose unknown."), default=(), required_for=ORDER,
        asked_for=SEIZURE | ORDER, max_length=20, known_for=ORDER,
    ),
    Field(
        "red_flags", Step.CUSTOMER, _("Warning signs"), _("Mark what you saw."), "checks", Kind.CHOICES,
        choices=c.RED_FLAGS, default=(), asked_for=ORDER,
    ),
    Field(
        "kyc_result", Step.CUSTOMER, _("Customer check"), _("What your check of the customer found."), "radios", Kind.CHOICE,
        choices=c.KYC_RESULTS, asked_for=ORDER,
    ),
    Field(
        "question", Step.QUESTION, _("Question"), _("Ask one thing."), "textarea", Kind.TEXT,
        _("Question: write what you ask."), required_for=ASKING, asked_for=CARRY_A_QUESTION, max_length=2_000, known_for=ASKING,
    ),
    Field(
        "request_priority", Step.QUESTION, _("Answer by"), _("How soon you need the answer, counted from sending."),
        "radios", Kind.CHOICE, choices=c.REQUEST_PRIORITIES, required_for=CARRY_A_QUESTION,
        asked_for=CARRY_A_QUESTION, needed_with=("question",), known_for=ASKING,
    ),
    Field(
        "due_at", Step.QUESTION, _("Another time to answer by"), _("In your own time zone."), "moment", Kind.MOMENT,
        _("Answer by: choose a later time."), asked_for=CARRY_A_QUESTION, in_document=False, known_for=ASKING,
    ),
    Field(
        "due_reason", Step.QUESTION, _("Reason for another time"), _("Why these times do not fit."), "text", Kind.LINE,
        _("Reason for another time: use up to 200 characters."), asked_for=CARRY_A_QUESTION, max_length=200, known_for=ASKING,
    ),
    Field(
        "question_change", Step.QUESTION, _("What changes in the question"),
        _("Left open, answers that came stay. Ask anew where everybody is to answer again."), "select",
        Kind.CHOICE, choices=c.QUESTION_CHANGES, asked_for=CARRY_A_QUESTION, for_update=True, known_for=ASKING,
    ),
    Field(
        "answer_code", Step.KNOWN, _("Answer"), _("What your agency answers."), "radios", Kind.CHOICE,
        choices=c.ANSWER_CODES, required_for=ANSWER, asked_for=ANSWER,
    ),
    Field(
        "refusal_reason", Step.KNOWN, _("Reason for refusing"), _("Only where you refuse."), "select", Kind.CHOICE,
        choices=c.REFUSAL_REASONS, asked_for=ANSWER,
    ),
    Field(
        "expected_at", Step.KNOWN, _("Answer expected on"), _("Only where more follows, or an authorisation is needed."),
        "date", Kind.DATE, _("Answer expected on: enter a day from today on."), asked_for=ANSWER,
    ),
    Field(
        "proposed_rule", Step.KNOWN, _("Change of the law"),
        _("Where and from when it holds; a rule as data is an attached file."), "proposed_rule", Kind.PROPOSED_RULE,
        _("Change of the law: enter the jurisdiction, the day it takes effect, and an attached file or none."),
        required_for=LEGAL, asked_for=LEGAL, max_length=255,
    ),
    Field(
        "opinion", Step.KNOWN, _("Opinion"), _("On the identification that you reviewed."), "radios", Kind.CHOICE,
        choices=c.OPINIONS, required_for=PEER_REVIEW, asked_for=PEER_REVIEW,
    ),
    Field(
        "opinion_text", Step.KNOWN, _("Reasons"), _("What you compared, and what is missing."), "textarea", Kind.TEXT,
        _("Reasons: use up to 4,000 characters."), asked_for=PEER_REVIEW, max_length=4_000,
    ),
    Field(
        "profile", Step.AMOUNT, _("Profile"), _("Method, version, and one value for each of its targets."), "profile",
        Kind.PROFILE, _("Profile: enter method, version and one number per target; empty is below detection."),
        required_for=PROFILE_QUERY, asked_for=SEIZURE | PROFILE_QUERY | PROFILE_DETAILS, max_length=200, known_for=PROFILE_QUERY,
    ),
    Field(
        "region_evidence", Step.AMOUNT, _("Isotopes"),
        _(
            "Region evidence only, never a link between samples. One line for each ratio; uncertainty expanded, k = 2."
        ),
        "region_evidence", Kind.REGION_EVIDENCE,
        _("Isotopes: give ratios, region, certainty and basis; each ratio with standard, value and uncertainty."),
        asked_for=SEIZURE | NEW | PROFILE_DETAILS, max_length=500,
    ),
    Field(
        "comparison", Step.KNOWN, _("Comparison"), _("What comparing the two profiles found: a lead, not proof."),
        "comparison", Kind.COMPARISON, _("Comparison: this is computed; compare again."),
        asked_for=PROFILE_ANSWER, computed=True,
    ),
    Field(
        "supplies", Step.MORE, _("Also supplied"),
        _("What goes with it, or is announced in it. It is counted between the two agencies."), "checks", Kind.CHOICES,
        choices=c.SUPPLIES, default=(), asked_for=_SUPPLYING,
    ),
    Field(
        "verdict_on", Step.MORE, _("Day of the verdict"), _("Of the court case whose outcome it tells."), "date", Kind.DATE,
        _("Day of the verdict: enter a day."), asked_for=_SUPPLYING,
    ),
    Field(
        "dispute", Step.MORE, _("Counts between us"), _("Only where your agency disputes that what you reply to counts."),
        "select", Kind.CHOICE, choices=c.DISPUTES, asked_for=REPLY,
    ),
    Field(
        "contact", Step.KNOWN, _("Contact"), _("Who answers questions on this, and how."), "text", Kind.LINE,
        _("Contact: use up to 200 characters on one line."),
        asked_for=PROFILE_QUERY | PROFILE_ANSWER | PROFILE_DETAILS | PEER_REVIEW | REPLY | ANSWER | CLARIFICATION,
        max_length=200,
    ),
)  # fmt: skip
