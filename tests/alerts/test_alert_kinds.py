# SPDX-License-Identifier: Apache-2.0
"""Fields that each kind of alert requires, hints at and sends; an error for bad input, a question for unusual input."""

import datetime as dt
from typing import Any

import jsonschema
import pytest

from accord.envelope.encoding import canonical
from alerts.document import choices
from alerts.document.building import answer_moment, build_document, build_terms
from alerts.document.check import check_document
from alerts.document.defaults import follow_choices, new_fields
from alerts.document.display import describe
from alerts.document.fields import FIELDS, GRADES, OFFERED, Step, added_steps, shown_fields, way_of
from alerts.document.findings import Findings
from alerts.document.reading import read_document
from alerts.document.rules import Circumstances
from alerts.document.schema import json_schema
from alerts.document.values import read_values
from callers.errors import InputError

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
JTI = "0195abcd-0000-7000-8000-000000000000"
PARTY = {"role": "forwarder", "name": "Blue Heron Freight", "category": "organisation", "country": "XC"}
COMMON = {
    "title": "Blue tablets",
    "tlp": "GREEN",
    "lane": "trade",
    "purpose": "prevent",
    "recipients": ["xb-health"],
}
COMPLETE: dict[str, dict[str, Any]] = {
    "new_substance": {"harm_evidence": "none_yet"},
    "harm_cluster": {"cases_non_fatal": 9, "cases_fatal": 0, "harm_evidence": "suspected"},
    "seizure": {"quantity": "412", "unit": "g", "physical_form": "powder", "parties": [PARTY]},
    "suspicious_order": {"parties": [PARTY], "red_flags": ["unusual_quantity"], "kyc_result": "conditional"},
    "request_for_information": {"question": "Have you seen this?", "request_priority": "urgent_direct"},
    "legal_status_change": {
        "proposed_rule": {"jurisdiction": "CN", "effective": "2026-07-01", "file": "rule.yaml"}
    },
    "reply": {"narrative": "Seen here too."},
    "answer": {"answer_code": "no_hit"},
    "clarification": {"question": "Which of the two parcels?"},
    "peer_review": {"opinion": "agree", "opinion_text": "Same spectrum as our standard."},
    "profile_query": {"profile": {"method": "IMP-18", "version": "1", "values": ["0.1", None, "0.25"]}},
    "profile_answer": {"contact": "Duty chemist, +43 1 000"},
    "profile_details": {"narrative": "Found in a parcel."},
}


def draft(kind: str, **changes: Any) -> dict[str, Any]:
    typed = read_values({**COMMON, **COMPLETE[kind], **changes})
    return new_fields(typed, kind, today=NOW.date())


def check(kind: str, kept: tuple[str, ...] = (), **changes: Any) -> Findings:
    known = Circumstances(NOW.date(), ("xb-health",), "hub", NOW)
    return check_document(draft(kind, **changes), known=known, kept=kept)


def errors(kind: str, **changes: Any) -> dict[str, str]:
    return {name: " ".join(texts) for name, texts in check(kind, **changes).errors.items()}


@pytest.mark.parametrize("kind", COMPLETE)
def test_a_complete_draft_of_each_kind_passes_and_fits_the_schema(kind: str) -> None:
    found = check(kind)
    assert (dict(found.errors), found.questions) == ({}, ())
    document = build_document(draft(kind))
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    canonical(document)
    assert read_document(document).as_text == ()
    assert describe(document)


REQUIRED = {
    "new_substance": {"harm_evidence"},
    "harm_cluster": {"harm_evidence", "cases_non_fatal", "cases_fatal"},
    "seizure": set(),
    "suspicious_order": {"parties"},
    "request_for_information": {"question"},
    "legal_status_change": {"proposed_rule"},
    "reply": set(),
    "answer": {"answer_code"},
    "clarification": {"question"},
    "peer_review": {"opinion"},
    "profile_query": {"profile"},
    "profile_answer": set(),
    "profile_details": set(),
}
FOR_ALL = {"status", "title", "tlp", "lane", "purpose", "pri", "recipients", "review_date"}


@pytest.mark.parametrize("kind", REQUIRED)
def test_what_is_empty_and_required_is_said(kind: str) -> None:
    known = Circumstances(NOW.date(), ("xb-health",), "hub", NOW)
    found = check_document({"alert_type": kind}, known=known)
    assert set(found.errors) == REQUIRED[kind] | FOR_ALL
    assert found.errors["title"] == ("Title: use 5 to 120 characters on one line.",)


HINTS = {
    "new_substance": ("narrative", "event_date", "place_country", "evidence", "age_band"),
    "harm_cluster": ("narrative", "event_date", "place_country", "evidence", "age_band"),
    "seizure": ("narrative", "event_date", "place_country", "evidence", "physical_form"),
    "suspicious_order": ("narrative", "event_date", "place_country", "physical_form"),
    "request_for_information": ("narrative", "event_date", "place_country"),
}


@pytest.mark.parametrize("kind", HINTS)
def test_hints_are_those_of_the_kind(kind: str) -> None:
    bare: dict[str, Any] = dict.fromkeys(("quantity", "unit", "physical_form"))
    assert check(kind, **bare).hints == HINTS[kind]


def test_a_form_shows_what_its_kind_asks_and_what_it_holds() -> None:
    asked = {"question", "request_priority", "due_at", "due_reason"}
    request = draft("request_for_information")
    assert asked <= {field.name for field in shown_fields(Step.KNOWN, request)}
    assert not shown_fields(Step.AMOUNT, request) and Step.AMOUNT not in added_steps(request)
    held = draft("request_for_information", exhibit_no="X-1")
    assert [field.name for field in shown_fields(Step.AMOUNT, held)] == ["exhibit_no"], "nothing goes unseen"
    assert Step.AMOUNT in added_steps(held)


def test_every_offered_kind_may_add_a_question_and_a_reply_begins_without_a_kind() -> None:
    for kind in OFFERED - {"request_for_information"}:
        assert Step.QUESTION in added_steps(draft(kind)), kind
    assert Step.QUESTION not in added_steps(draft("answer"))
    assert (way_of("seizure")[0], way_of("answer")[0]) == (Step.KIND, Step.KNOWN)


def test_grades_of_the_police_are_asked_of_the_police_alone() -> None:
    for agency_kind, asks in {"customs": True, "laboratory": False, "public_health": False}.items():
        shown = {field.name for field in shown_fields(Step.KNOWN, draft("seizure"), agency_kind=agency_kind)}
        assert ({"source_grade", "info_grade"} <= shown) is asks, agency_kind
        assert "certainty" in shown
    given = draft("seizure", source_grade="A")
    assert "source_grade" in {
        field.name for field in shown_fields(Step.KNOWN, given, agency_kind="laboratory")
    }


def test_what_nobody_judged_is_sent_as_open() -> None:
    document = build_document(draft("seizure"))
    assert {document[name] for name in GRADES} == {"not_graded"}
    assert document["identity_state"] == "unknown" and document["harm_evidence"] is None
    judged = build_document(draft("seizure", certainty="likely", identity_state="class_only"))
    assert (judged["certainty"], judged["identity_state"]) == ("likely", "class_only")


@pytest.mark.parametrize("named", [{"preferred_name": "etizolam"}, {"structure": "CCO"}], ids=str)
def test_a_substance_that_is_named_needs_a_claim_of_identity(named: dict[str, Any]) -> None:
    assert errors("seizure", **named) == {"identity_state": "Identity: choose one."}
    assert errors("seizure", **named, identity_state="unknown") == {}
    assert errors("request_for_information", **named) == {}


class TestChangingTheKind:
    def test_what_stood_at_its_default_follows(self) -> None:
        before = draft(
            "harm_cluster", lane="public_health", purpose="public_health", cases_non_fatal="unknown"
        )
        values = {"alert_type": "suspicious_order"}
        follows = follow_choices(before, values, today=NOW.date())
        assert (follows["lane"], follows["purpose"]) == ("trade", "regulatory_control")
        assert (follows["cases_non_fatal"], follows["handling"]) == (None, ["H0"])

    def test_what_somebody_chose_stays(self) -> None:
        before = draft("harm_cluster", lane="science", purpose="prevent", handling=["H2"], cases_non_fatal=9)
        follows = follow_choices(before, {"alert_type": "seizure", "purpose": "prevent"}, today=NOW.date())
        assert not {"lane", "cases_non_fatal", "purpose", "handling", "title"} & set(follows)

    def test_the_same_kind_changes_nothing(self) -> None:
        assert follow_choices(draft("seizure"), {"alert_type": "seizure"}, today=NOW.date()) == {}
        assert follow_choices(draft("seizure"), {"title": "Another"}, today=NOW.date()) == {}


class TestChoosingTheLane:
    def test_purpose_and_handling_follow_it(self) -> None:
        before = draft("new_substance", lane="science", purpose="science")
        assert follow_choices(before, {"lane": "enforcement"}, today=NOW.date()) == {
            "purpose": "investigate",
            "handling": ["H0"],
        }
        back = draft("seizure", lane="enforcement", purpose="investigate")
        assert follow_choices(back, {"lane": "public_health"}, today=NOW.date()) == {
            "purpose": "public_health",
            "handling": [],
        }

    def test_a_purpose_named_with_it_and_a_handling_of_ones_own_stay(self) -> None:
        before = draft("new_substance", lane="science", purpose="science", handling=["H1"])
        values = {"lane": "enforcement", "purpose": "prevent"}
        assert follow_choices(before, values, today=NOW.date()) == {}

    def test_a_new_draft_has_what_its_own_lane_presets(self) -> None:
        data = new_fields({"lane": "trade"}, "new_substance", today=NOW.date())
        assert (data["purpose"], data["handling"]) == ("regulatory_control", ["H0"])

    def test_police_lanes_need_a_handling_code(self) -> None:
        assert errors("seizure", lane="enforcement", handling=[]) == {"handling": "Handling: choose one."}
        assert errors("seizure", lane="science", purpose="science", handling=[]) == {}


ETIZOLAM = "InChI=1S/C17H15ClN4S/c1-3-11-8-13-16(12-6-4-5-7-14(12)18)19-9-15-21-20-10(2)22(15)17(13)23-11/h4-8H,3,9H2,1-2H3"
INDICATED = [
    {
        "technique": name,
        "method": "1H NMR in DMSO",
        "reference": "certified",
        "conclusion": "indicated",
        "file": None,
        "note": None,
    }
    for name in ("nmr", "ms")
]
HIDDEN = "delete the hidden characters"
BLOCKED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "a CAS number with a wrong digit": (
        "seizure", {"cas_rn": "58-08-3"}, "cas_rn", "CAS number: check digit wrong; compare the source."),
    "a formula that is not the structure's": (
        "seizure", {"formula": "C17H16ClN4S", "inchi": ETIZOLAM}, "formula",
        "Formula: differs from the structure; correct one."),
    "an element that is none": (
        "seizure", {"formula": "C17Xx2"}, "formula",
        "Formula: write element symbols and counts, such as C8H10N4O2."),
    "a key that is another structure's": (
        "seizure", {"inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "inchi": ETIZOLAM}, "inchikey",
        "InChIKey: differs from the InChI; correct one."),
    "half an InChI": ("seizure", {"inchi": "C17H15ClN4S"}, "inchi", "InChI: copy it whole, from InChI=1 on."),
    "a negative amount": (
        "seizure", {"quantity": "-5"}, "quantity", "Amount: enter more than 0, up to 1,000 t."),
    "a milliard of kilograms": (
        "seizure", {"quantity": "1000000000", "unit": "kg"}, "quantity", "Amount: enter more than 0, up to 1,000 t."),
    "an amount not a number": (
        "seizure", {"quantity": "NaN"}, "quantity", "Amount: enter more than 0, up to 1,000 t."),
    "a day in 2099": ("seizure", {"event_date": "2099-01-01"}, "event_date", "When: enter a day up to today."),
    "a negative count": (
        "harm_cluster", {"cases_fatal": "-1"}, "cases_fatal", "Cases: enter a whole number or unknown."),
    "an override in a title": (
        "seizure", {"title": "Blue \u202etablets"}, "title", f"Title: {HIDDEN} (U+202E) or retype it."),
    "an isolate in a text": (
        "seizure", {"narrative": "From \u2066here\u2069 on"}, "narrative",
        f"What happened: {HIDDEN} (U+2066, U+2069) or retype it."),
    "a control character in a name": (
        "seizure", {"parties": [PARTY | {"name": "Blue\x00Heron"}]}, "parties",
        f"Parties: {HIDDEN} (U+0000) or retype it."),
    "tags in a question": (
        "request_for_information", {"question": "Seen?\U000e0041"}, "question",
        f"Question: {HIDDEN} (U+E0041) or retype it."),
    "an override in a reason": (
        "seizure", {"recipient_reasons": {"xb-health": "\u202d"}}, "recipient_reasons",
        f"Reason for each: {HIDDEN} (U+202D) or retype it."),
    "nobody named": ("suspicious_order", {"parties": []}, "parties", "Parties: add one or choose unknown."),
    "a party without a role": (
        "suspicious_order", {"parties": [PARTY | {"role": ""}]}, "parties", "Parties: give each a name, a role and a category."),
    "a party of no country": (
        "suspicious_order", {"parties": [PARTY | {"country": "QQ1"}]}, "parties",
        "Parties: give each a name, a role and a category."),
    "an ended licence that passes": (
        "suspicious_order", {"red_flags": ["licence_ended"], "kyc_result": "pass"}, "kyc_result",
        "Customer check: a licence ended; choose failed or conditional."),
    "an ended licence not checked": (
        "suspicious_order", {"red_flags": ["licence_ended"], "kyc_result": "not_done"}, "kyc_result",
        "Customer check: a licence ended; choose failed or conditional."),
    "a sign that is no sign": (
        "suspicious_order", {"red_flags": ["mood"]}, "red_flags", "Warning signs: choose one."),
    "no question": ("request_for_information", {"question": " "}, "question", "Question: write what you ask."),
    "an answer by yesterday": (
        "request_for_information",
        {"request_priority": "custom", "due_at": "2026-03-02T11:59Z", "due_reason": "Trial"}, "due_at",
        "Answer by: choose a later time."),
    "an answer by no time": (
        "request_for_information", {"request_priority": "custom", "due_reason": "Trial"}, "due_at",
        "Answer by: choose a later time."),
    "an answer after it expires": (
        "request_for_information",
        {"request_priority": "custom", "due_at": "2026-06-02T00:00Z", "due_reason": "Trial"}, "due_at",
        "Answer by: not past the day it expires."),
    "a question without a time": (
        "seizure", {"question": "Seen it?"}, "request_priority", "Answer by: choose one."),
    "a question of a seizure by yesterday": (
        "seizure",
        {"question": "Seen it?", "request_priority": "custom", "due_at": "2026-03-02T11:59Z", "due_reason": "Trial"},
        "due_at", "Answer by: choose a later time."),
    "confirmed by what only indicates": (
        "seizure",
        {"preferred_name": "etizolam", "identity_state": "confirmed", "evidence": INDICATED}, "identity_state",
        "Identity: no analysis identified it; choose tentative, or add the analysis that did."),
    "another time without a reason": (
        "request_for_information", {"request_priority": "custom", "due_at": "2026-03-05T00:00Z"}, "due_reason",
        "Reason for another time: write why these times do not fit."),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "changes", "field", "text"), BLOCKED.values(), ids=BLOCKED)
def test_bad_input_has_one_clear_sentence_at_its_field(
    kind: str, changes: dict[str, Any], field: str, text: str
) -> None:
    assert errors(kind, **changes) == {field: text}


ASKED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "mixed-scripts-title": (
        "seizure", {"title": "Blue t\u0430blets"}, "title", "Title: two scripts are mixed in one word; retype it."),
    "mixed-scripts-parties": (
        "seizure", {"parties": [PARTY | {"name": "Blue H\u0435ron"}]}, "parties",
        "Parties: two scripts are mixed in one name; retype it."),
    "mixed-scripts": (
        "seizure", {"preferred_name": "etiz\u043elam", "identity_state": "unknown"}, "preferred_name",
        "Substance: two scripts are mixed; retype it."),
    "event-long-ago": (
        "seizure", {"event_date": "1926-03-01"}, "event_date", "When: over 10 years ago; check the year."),
    "very-many-cases": (
        "harm_cluster", {"cases_non_fatal": 10_001}, "cases_non_fatal", "Cases: over 10,000; check the number."),
    "unit-unusual-for-form": (
        "seizure", {"physical_form": "tablet", "unit": "mL"}, "unit", "Unit: unusual for this form; check both."),
    "amount-over-10-t": (
        "seizure", {"quantity": "10001", "unit": "kg"}, "quantity", "Amount: over 10 t; check the unit."),
    "answer-far-ahead": (
        "request_for_information",
        {"request_priority": "custom", "due_at": "2026-07-01T00:00Z", "due_reason": "Trial", "expiry": "2026-09-01"},
        "due_at", "Answer by: over 90 days ahead; check the date."),
    "flash-without-harm": (
        "seizure", {"pri": "flash"}, "pri",
        "Speed: flash is danger to life, but no harm and no case is known; say what is, or choose urgent."),
    "cases-without-harm": (
        "harm_cluster", {"harm_evidence": "none_yet"}, "harm_evidence",
        "Harm: you report cases; choose suspected or more."),
    "passed-with-warning-signs": (
        "suspicious_order", {"kyc_result": "pass"}, "kyc_result",
        "Customer check: you marked warning signs; confirm that it passed."),
}  # fmt: skip


@pytest.mark.parametrize("code", ASKED)
def test_the_unusual_is_a_question_that_can_be_kept(code: str) -> None:
    kind, changes, field, text = ASKED[code]
    asked = check(kind, **changes)
    assert not asked.errors
    assert [(q.code, q.field, q.text) for q in asked.open_questions] == [(code, field, text)]
    assert not check(kind, kept=(code,), **changes).blocks


class TestLifeSafety:
    def test_whatever_is_bad_in_the_new_fields_is_left_out_and_named(self) -> None:
        bad: dict[str, Any] = {
            "pri": "flash",
            "lane": "public_health",
            "question": "",
            "inchi": "x",
            "due_at": "soon",
        }
        found = check("request_for_information", **bad)
        assert not found.blocks
        assert found.left_out == ("InChI", "Question", "Another time to answer by")
        data = draft("request_for_information", **bad)
        document = build_document(data, left_out=found.left_out_fields)
        jsonschema.Draft202012Validator(json_schema()).validate(document)
        assert (document["question"], document["inchi"]) == (None, None)

    def test_without_a_kind_it_goes_too_and_fits_the_schema(self) -> None:
        found = check("harm_cluster", alert_type=None, pri="flash", lane="public_health")
        assert (found.blocks, found.left_out) == (False, ("Kind",))
        document = build_document(draft("harm_cluster", alert_type=None), left_out=found.left_out_fields)
        jsonschema.Draft202012Validator(json_schema()).validate(document)


class TestAnswerBy:
    @pytest.mark.parametrize(
        ("priority", "hours"), [("urgent_direct", 8), ("urgent_indirect", 72), ("normal", 168)]
    )
    def test_it_is_counted_from_sending(self, priority: str, hours: int) -> None:
        data = draft("request_for_information", request_priority=priority)
        assert answer_moment(data, now=NOW) == NOW + dt.timedelta(hours=hours)
        terms = build_terms(data, jti=JTI, now=NOW)
        assert terms.reply_by == int((NOW + dt.timedelta(hours=hours)).timestamp())

    def test_another_time_travels_as_it_was_set(self) -> None:
        data = draft("request_for_information", request_priority="custom", due_at="2026-03-05T09:30+05:45")
        assert data["due_at"] == "2026-03-05T03:45Z"
        moment = dt.datetime(2026, 3, 5, 3, 45, tzinfo=dt.UTC)
        assert build_terms(data, jti=JTI, now=NOW).reply_by == int(moment.timestamp())
        assert "due_at" not in build_document(data), "the manifest says it"

    @pytest.mark.parametrize("kind", sorted(OFFERED))
    def test_any_kind_that_carries_a_question_starts_it(self, kind: str) -> None:
        data = draft(kind, question="Seen it?", request_priority="normal")
        due = build_terms(data, jti=JTI, now=NOW).reply_by
        assert due == int((NOW + dt.timedelta(days=7)).timestamp())
        sent = build_document(data)
        assert (sent["question"], sent["request_priority"]) == ("Seen it?", "normal")

    def test_without_a_question_nothing_is_sent_of_its_time(self) -> None:
        sent = build_document(draft("seizure", request_priority="normal", due_reason="Trial"))
        assert (sent["request_priority"], sent["due_reason"]) == (None, None)

    @pytest.mark.parametrize(
        ("kind", "changes"),
        [
            ("seizure", {}),
            ("seizure", {"request_priority": "urgent_direct"}),
            ("answer", {"request_priority": "urgent_direct", "question": "And you?"}),
            ("request_for_information", {"request_priority": "custom", "due_at": "soon"}),
            ("request_for_information", {"request_priority": None}),
        ],
        ids=str,
    )
    def test_nothing_else_starts_that_clock(self, kind: str, changes: dict[str, Any]) -> None:
        assert build_terms(draft(kind, **changes), jti=JTI, now=NOW).reply_by is None


@pytest.mark.parametrize(
    "typed",
    [
        {"parties": [{"name": "A", "passport": "1"}]},
        {"parties": ["A"]},
        {"parties": {"name": "A"}},
        {"parties": [PARTY] * 501},
        {"due_at": ["2026-03-05"]},
        {"red_flags": "licence_ended"},
    ],
    ids=["unknown member", "text as row", "row as list", "too many", "list as moment", "text as list"],
)
def test_a_shape_that_no_form_sends_is_refused(typed: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        read_values(typed)


def test_rows_without_anything_go_and_a_wrong_moment_stays_typed() -> None:
    typed = {"parties": [{"name": " ", "role": "", "category": "suspect"}], "due_at": "next week"}
    assert read_values(typed) == {"parties": [], "due_at": "next week"}
    left_out = {name: value for name, value in PARTY.items() if name != "category"}
    assert read_values({"parties": [left_out]}) == {"parties": [PARTY | {"category": "unknown"}]}


def test_parties_are_said_in_words() -> None:
    document = build_document(draft("seizure", parties=[PARTY, PARTY | {"country": None, "name": "جسر"}]))
    words = {label: text for section in describe(document) for label, text in section.rows}
    assert words["Parties"] == (
        "Forwarder: Blue Heron Freight (Organisation, no person, XC); Forwarder: جسر (Organisation, no person)"
    )


def test_every_kind_is_somebodys_and_every_field_is_asked_by_one() -> None:
    kinds = {code for code, _ in choices.ALERT_TYPES}
    assert kinds == set(COMPLETE)
    assert all(field.asked_for and field.asked_for <= kinds for field in FIELDS.values())
    assert all(field.required_for <= field.asked_for for field in FIELDS.values())
