# SPDX-License-Identifier: Apache-2.0
"""The published JSON Schema and the check of the forms decide alike wherever JSON Schema can express a rule."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from accord.document.checking import findings
from accord.document.judging import check_alert
from accord.document.schema import READING_ORDER, alert_schema
from alerts.document.building import build_document
from alerts.document.check import check_document
from alerts.document.countries import is_listed
from alerts.document.defaults import defaults_for
from alerts.document.fields import DOCUMENT_FIELDS, FIELDS, Kind
from alerts.document.rules import Circumstances
from alerts.document.schema import json_schema
from desk.alerts.display.sections import ASKED, DANGEROUS, EVIDENCE, HAPPENED, IDENTIFIERS, SURE

TODAY = dt.date(2026, 3, 1)
NOW = int(dt.datetime.combine(TODAY, dt.time(), tzinfo=dt.UTC).timestamp())
BASE: Mapping[str, Any] = {
    "alert_type": "new_substance",
    "title": "Impregnated paper in a book",
    "harm_evidence": "none_yet",
    "question": "Seen it?",
    "request_priority": "normal",
    "lane": "science",
    "purpose": "science",
    "tlp": "GREEN",
    "recipients": ["xb-health"],
}
CAFFEINE = "InChI=1S/C8H10N4O2/c1-10-4-9-6-5(10)7(13)12(3)8(14)11(6)2/h4H,1-3H3"
UNLISTED = next(code for code in ("QQ", "QZ", "ZY", "JJ", "WW") if not is_listed(code))
CARRIES = [
    {
        "technique": technique,
        "method": method,
        "reference": "certified",
        "conclusion": "identified",
        "file": None,
        "note": None,
    }
    for technique, method in (("ms", "LC-HRMS"), ("nmr", "1H NMR"))
]
INDICATES = [row | {"conclusion": "indicated"} for row in CARRIES]
BAD: dict[str, tuple[Any, ...]] = {
    "title": ("ab", "x" * 121),
    "narrative": ("x" * 10_001,),
    "summary_safe": ("x" * 281,),
    "event_date": ("2026-02-30", "01.03.2026", "tomorrow"),
    "place_country": ("Arvenia", "xa", UNLISTED),
    "identity_state": ("guessed",),
    "inchikey": ("VMZUTJCNQWMAGF", "vmzutjcnqwmagf-uhfffaoysa-n"),
    "formula": ("C17 H13", "x"),
    "technique": (["guessing"],),
    "cases_fatal": (-1, "some", 1_000_001),
    "quantity": ("12a", "1,5", "1" * 13, "0", "0.00"),
    "unit": ("barrels",),
    "route": ([{"country": "XA", "part": "nowhere", "basis": "proven"}],),
    "severity": ("9",),
    "handling": (["H9"],),
}
GOOD: dict[str, tuple[Any, ...]] = {
    "title": ("Five5", "x" * 120, "毒品警报通知"),
    "narrative": ("Two lines\nof text", None),
    "event_date": ("2026-02-28", None),
    "place_country": ("XA", None),
    "inchikey": ("VMZUTJCNQWMAGF-UHFFFAOYSA-N", None),
    "cas_rn": ("58-08-2", None),
    "formula": ("C17H13ClN4S", None),
    "technique": ([FIELDS["technique"].choices[0][0]], []),
    "cases_fatal": (0, 12, "unknown"),
    "quantity": ("12.5", None),
    "route": ([{"country": "XA", "part": "origin", "basis": "proven"}], []),
    "handling": (["H0"], ["H1", "H2"]),
}
ONLY_THE_CHECK = (
    ("cas_rn", "58-08-3"),  # wrong check digit
    ("event_date", "2026-03-02"),  # in the future
    ("title", "four"),  # three characters are enough only in scripts whose character is a word
    ("formula", "C2Xx"),  # not an element
    ("inchi", "InChI=1S/2/c1"),  # without a formula layer
    ("concealment", "in a \U000e0041 book"),  # a hidden tag character
    ("quantity", "1000000001"),  # above the limit
    ("handling", ["H0", "H1"]),  # "no restriction" beside a restriction
    ("handling", ["H3"]),  # without the text of its condition
)
"""Faults that JSON Schema cannot express; the check of the forms and the sender's check both find them."""
CONTRADICTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("unit", {"quantity": "1", "unit": None}),
    ("preferred_name", {"identity_state": "tentative", "preferred_name": None}),
    ("formula", {"formula": "C8H10N4O3", "inchi": CAFFEINE}),
    ("inchikey", {"inchikey": "VMZUTJCNQWMAGF-UHFFFAOYSA-N", "inchi": CAFFEINE}),
    ("kyc_result", {"red_flags": ["licence_ended"], "kyc_result": "pass"}),
    ("due_reason", {"alert_type": "request_for_information", "request_priority": "custom"}),
    ("due_reason", {"request_priority": "custom"}),
    ("identity_state", {"identity_state": "confirmed", "preferred_name": "etizolam", "evidence": INDICATES}),
)


def whole(name: str, value: Any) -> dict[str, Any]:
    data = {**defaults_for("new_substance", today=TODAY), **BASE, name: value}
    beside: dict[str, dict[str, Any]] = {"quantity": {"unit": "g"}, "identity_state": {"evidence": CARRIES}}
    return data | beside.get(name, {})


def schema_takes(name: str, value: Any) -> bool:
    validator = Draft202012Validator(json_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    return bool(validator.is_valid(build_document(whole(name, value))))


def client_takes(name: str, value: Any) -> bool:
    return not check_alert(build_document(whole(name, value)), now=NOW)


def check_takes(name: str, value: Any) -> bool:
    return name not in check_document(whole(name, value), known=Circumstances(TODAY)).errors


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in GOOD.items() for value in values]
)
def test_both_take_what_is_good(name: str, value: Any) -> None:
    assert (schema_takes(name, value), check_takes(name, value)) == (True, True)
    assert client_takes(name, value)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_both_refuse_what_is_bad(name: str, value: Any) -> None:
    assert (schema_takes(name, value), check_takes(name, value)) == (False, False)
    assert not client_takes(name, value)


@pytest.mark.parametrize(("name", "value"), ONLY_THE_CHECK)
def test_what_a_schema_cannot_say_both_checks_refuse(name: str, value: Any) -> None:
    assert (schema_takes(name, value), check_takes(name, value)) == (True, False)
    assert not client_takes(name, value)


@pytest.mark.parametrize(("name", "members"), CONTRADICTIONS)
def test_members_that_contradict_each_other_are_named_alike(name: str, members: dict[str, Any]) -> None:
    data = {**defaults_for("new_substance", today=TODAY), **BASE, **members}
    assert name in check_document(data, known=Circumstances(TODAY)).errors
    assert [found.pointer for found in check_alert(build_document(data), now=NOW)] == [f"/{name}"]


def test_every_choice_of_every_field_is_taken_by_both_and_no_other() -> None:
    seen = 0
    for field in DOCUMENT_FIELDS:
        if field.kind is not Kind.CHOICE or field.name == "alert_type":
            continue
        for value, _label in field.choices:
            assert (schema_takes(field.name, value), check_takes(field.name, value)) == (True, True), (
                field,
                value,
            )
            seen += 1
        assert (schema_takes(field.name, "no such"), check_takes(field.name, "no such")) == (False, False)
    assert seen > 40


def test_the_schema_is_closed_and_complete() -> None:
    properties = set(json_schema()["properties"])
    assert properties == {"schema", "grading_scheme", "resent", *(field.name for field in DOCUMENT_FIELDS)}
    assert not properties & {name for name, field in FIELDS.items() if not field.in_document}


def test_the_client_ships_this_schema() -> None:
    """Renew the file by `./dev manage print_alert_schema > accord/document/alert.json`."""
    assert alert_schema() == json_schema()


def test_the_client_shows_an_alert_in_the_order_of_the_desks_page() -> None:
    assert (
        "title",
        "alert_type",
        *ASKED,
        "narrative",
        *HAPPENED,
        *SURE,
        *DANGEROUS,
        *EVIDENCE,
        *IDENTIFIERS,
    ) == READING_ORDER


# Each keyword of the schema broken alone, and values that a careless reader takes for equal.
ODD: tuple[tuple[dict[str, Any], object], ...] = (
    ({"type": "integer"}, True),
    ({"const": 1}, True),
    ({"enum": ["1"]}, 1),
    ({"pattern": "^[a-z]$"}, "a"),
    ({"pattern": "^[a-z]$"}, "ab"),
    ({"minLength": 2}, "\U0001f600"),
    ({"maxLength": 1}, "\U0001f600"),
    ({"minimum": 1}, 0),
    ({"maximum": 1}, 2),
    ({"minItems": 1}, []),
    ({"maxItems": 1}, [1, 2]),
    ({"uniqueItems": True}, [{"a": 1, "b": 2}, {"b": 2, "a": 1}]),
    ({"uniqueItems": True}, ["1", 1]),
    ({"items": {"type": "null"}}, [None, 1]),
    ({"required": ["a"]}, {"b": 1}),
    ({"properties": {"a": {"type": "null"}}}, {"a": 1}),
    ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}),
    ({"additionalProperties": {"type": "null"}}, {"b": 1}),
    ({"propertyNames": {"maxLength": 1}}, {"ab": 1}),
    ({"maxProperties": 1}, {"a": 1, "b": 1}),
    ({"format": "date"}, "2026-02-30"),
    ({"format": "date"}, "20260228"),
    ({"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 1}]}, "ab"),
    ({"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 1}]}, "a"),
)


@pytest.mark.parametrize(("schema", "value"), ODD, ids=str)
def test_the_client_judges_as_the_reference_implementation(schema: dict[str, Any], value: object) -> None:
    reference = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert bool(list(findings(schema, value, ""))) is not reference.is_valid(value)


def test_it_is_published_where_everybody_finds_it() -> None:
    answer = Client().get("/api/schema/alert.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/schema+json")
    assert answer.json() == json_schema()
    Draft202012Validator.check_schema(answer.json())
