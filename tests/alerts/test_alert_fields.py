# SPDX-License-Identifier: Apache-2.0
"""The sentence of each field, word for word: errors that block, questions, hints."""

import datetime as dt
from typing import Any, ClassVar

import pytest

from alerts.document.check import check_document
from alerts.document.defaults import defaults_for
from alerts.document.fields import FIELDS, OFFERED, Kind, Step, fields_of_step
from alerts.document.findings import Findings
from alerts.document.rules import Circumstances
from alerts.document.values import read_values
from callers.errors import InputError
from tests.alerts.conftest import GOOD

TODAY = dt.date(2026, 3, 2)
KEPT = "Kept until: more than 30 days and up to 5 years, or give a reason for longer."
EXPIRES = "Expires: enter a day after today, not past the day it is kept until."


def check(custody: str = "hub", kept: tuple[str, ...] = (), **changes: Any) -> Findings:
    """Check a good draft with some fields changed."""
    data = defaults_for("new_substance", today=TODAY)
    data |= {**GOOD, "recipients": ["xb-health"], **read_values(changes)}
    known = Circumstances(TODAY, ("xb-health",), custody)
    return check_document(data, known=known, kept=kept)


def errors(**changes: Any) -> dict[str, Any]:
    return {name: " ".join(texts) for name, texts in check(**changes).errors.items()}


def test_a_good_draft_has_no_finding_that_stops_it() -> None:
    found = check()
    assert (dict(found.errors), found.questions, found.blocks) == ({}, (), False)


BLOCKED: list[tuple[dict[str, Any], str, str]] = [
    ({"alert_type": None}, "alert_type", "Kind: choose one."),
    ({"alert_type": "rumour"}, "alert_type", "Kind: choose one."),
    ({"title": "Tab"}, "title", "Title: use 5 to 120 characters on one line."),
    ({"title": "毒品"}, "title", "Title: use 5 to 120 characters on one line."),
    ({"title": "🔥🔥🔥🔥"}, "title", "Title: use 5 to 120 characters on one line."),
    ({"title": "x" * 121}, "title", "Title: use 5 to 120 characters on one line."),
    ({"title": "Two\nlines"}, "title", "Title: use 5 to 120 characters on one line."),
    ({"title": "Bell\x07 rings"}, "title", "Title: delete the hidden characters (U+0007) or retype it."),
    ({"narrative": "x" * 10_001}, "narrative", "What happened: use up to 10,000 characters."),
    ({"summary_safe": "x" * 281}, "summary_safe", "Safe text: use up to 280 characters."),
    ({"event_date": "2099-01-01"}, "event_date", "When: enter a day up to today."),
    ({"event_date": "2026-03-03"}, "event_date", "When: enter a day up to today."),
    ({"event_date": "2026-02-30"}, "event_date", "When: enter a day up to today."),
    ({"event_date": "yesterday"}, "event_date", "When: enter a day up to today."),
    ({"place_country": "ZQ"}, "place_country", "Where: choose a listed country."),
    ({"identity_state": None}, "identity_state", "Identity: choose one."),
    ({"preferred_name": None}, "preferred_name", "Substance: enter a name or lower Identity."),
    ({"inchikey": "VMZUTJCNQWMAGF"}, "inchikey", "InChIKey: enter 14, 10, 1 letters with hyphens."),
    ({"cas_rn": "58-08-3"}, "cas_rn", "CAS number: check digit wrong; compare the source."),
    ({"harm_evidence": None}, "harm_evidence", "Harm: choose one."),
    ({"cases_fatal": "two"}, "cases_fatal", "Cases: enter a whole number or unknown."),
    ({"cases_non_fatal": "-1"}, "cases_non_fatal", "Cases: enter a whole number or unknown."),
    ({"quantity": "4l2", "unit": "g"}, "quantity", "Amount: enter more than 0, up to 1,000 t."),
    ({"quantity": "0", "unit": "g"}, "quantity", "Amount: enter more than 0, up to 1,000 t."),
    ({"quantity": "-3", "unit": "g"}, "quantity", "Amount: enter more than 0, up to 1,000 t."),
    ({"quantity": "1000001", "unit": "kg"}, "quantity", "Amount: enter more than 0, up to 1,000 t."),
    ({"quantity": "12"}, "unit", "Unit: choose one."),
    (
        {"route": [{"country": "", "part": "origin", "basis": "proven"}]},
        "route",
        "Route: choose a country per stop.",
    ),
    ({"tlp": "RED"}, "tlp", "TLP: RED needs keys held by the agency; choose AMBER+STRICT."),
    ({"tlp": "PINK"}, "tlp", "TLP: choose one."),
    ({"handling": ["H0", "H1"]}, "handling", "Handling: untick H0 or the others."),
    ({"handling": ["H3"]}, "handling", "Handling: write the H3 condition."),
    ({"lane": "trade", "handling": []}, "handling", "Handling: choose one."),
    ({"lane": None}, "lane", "Lane: choose one."),
    ({"purpose": None}, "purpose", "Purpose: choose one."),
    ({"recipients": []}, "recipients", "To: choose an agency that can receive this."),
    ({"recipients": ["xq-nobody"]}, "recipients", "To: choose an agency that can receive this."),
    ({"review_date": "2031-03-03"}, "review_date", KEPT),
    ({"review_date": "2026-04-01"}, "review_date", KEPT),
    ({"review_date": "2026-03-02", "status": "exercise"}, "review_date", KEPT),
    ({"expiry": "2026-03-02"}, "expiry", EXPIRES),
    (
        {"expiry": "2027-01-02", "review_date": "2027-01-01"},
        "expiry",
        EXPIRES,
    ),
]


@pytest.mark.parametrize(
    ("changes", "field", "text"), BLOCKED, ids=[f"{row[1]}-{number}" for number, row in enumerate(BLOCKED)]
)
def test_a_bad_value_stops_the_alert_with_its_sentence(
    changes: dict[str, Any], field: str, text: str
) -> None:
    assert errors(**changes) == {field: text}


NMR = {
    "technique": "nmr",
    "method": "1H and 13C NMR in CDCl3",
    "reference": "none",
    "conclusion": "identified",
    "file": None,
    "note": None,
}
GAS = NMR | {"technique": "ms", "method": "GC-MS (EI)"}
ASKED: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {"identity_state": "confirmed", "evidence": [GAS, NMR]},
        "confirmed-without-reference",
        "identity_state",
        "Identity: confirmed needs a reference; add it or choose tentative.",
    ),
    (
        {"preferred_name": "etiz\u043elam"},
        "mixed-scripts",
        "preferred_name",
        "Substance: two scripts are mixed; retype it.",
    ),
    (
        {"cases_fatal": 1, "harm_evidence": "none_yet"},
        "cases-without-harm",
        "harm_evidence",
        "Harm: you report cases; choose suspected or more.",
    ),
    (
        {"quantity": "10001", "unit": "kg"},
        "amount-over-10-t",
        "quantity",
        "Amount: over 10 t; check the unit.",
    ),
]


@pytest.mark.parametrize(("changes", "code", "field", "text"), ASKED, ids=[row[1] for row in ASKED])
def test_an_unusual_value_is_a_question_that_can_be_kept(
    changes: dict[str, Any], code: str, field: str, text: str
) -> None:
    asked = check(**changes)
    assert [(q.code, q.field, q.text) for q in asked.open_questions] == [(code, field, text)]
    assert asked.blocks and not asked.errors
    kept = check(kept=(code,), **changes)
    assert kept.questions[0].kept and not kept.blocks


@pytest.mark.parametrize(
    "changes",
    [
        {"event_date": "2026-03-02"},
        {"preferred_name": "\u03b1-PVP"},
        {"preferred_name": "\u4e8c\u6c22\u57c3\u6258\u5561"},
        {"cas_rn": "58-08-2"},
        {"cas_rn": "1071546-40-1"},
        {"place_country": "DE"},
        {"quantity": "1000000", "unit": "kg"},
        {"quantity": "0.5", "unit": "L"},
        {"cases_fatal": 0, "cases_non_fatal": "unknown"},
        {"handling": ["H1", "H3"], "handling_condition": "Ask the duty officer."},
        {"review_date": "2035-03-03", "review_reason": "Court order until then."},
        {"identity_state": "unknown", "preferred_name": None, "inchikey": None},
    ],
    ids=str,
)
def test_what_is_unusual_and_right_is_not_stopped(changes: dict[str, Any]) -> None:
    codes = ("amount-over-10-t",)
    assert not check(kept=codes, **changes).blocks, errors(**changes)


def test_an_alert_that_fits_no_envelope_is_stopped_before_it_is_sealed() -> None:
    long = {"narrative": "\U00020000" * 10_000, "health_measures": "\U00020000" * 2_000}
    assert errors(**long) == {"narrative": "What happened: too long for one alert; move text into a file."}
    assert errors(narrative="\u4e00" * 10_000, health_measures="\u4e00" * 2_000) == {}


NAMED = ["xb-health Bxze5", "xb-health officer_7", "xb-health Bxze5"]
WRITE_ONE = "Named officers: write one on a line, like: xb-health Bxze5."
NAME_ONE = "Named officers: name one officer at least of xb-health."


def test_red_is_for_agencies_with_keys_of_their_own_and_named_officers() -> None:
    assert dict(check(custody="agency", tlp="RED", named_officers=NAMED).errors) == {}
    assert dict(check(custody="agency", named_officers=["no line at all"]).errors) == {}, (
        "without RED nobody is named"
    )
    assert "named_officers" not in check(tlp="RED").errors, "where it cannot be, nothing more is asked"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], NAME_ONE),
        (["xb-health"], WRITE_ONE),
        (["xb-health officer 7"], WRITE_ONE),
        (["XB-HEALTH officer-7"], WRITE_ONE),
        (["xb-health officer#7"], WRITE_ONE),
        ([f"xb-health {'a' * 65}"], WRITE_ONE),
        (["xd-reg officer-1"], NAME_ONE),
        (
            [*NAMED, "xd-reg officer-1"],
            "Named officers: xd-reg does not receive this; delete the line, or choose it",
        ),
    ],
)
def test_red_names_an_officer_of_each_recipient_and_of_nobody_else(lines: list[str], said: str) -> None:
    flash: dict[str, Any] = {"pri": "flash", "lane": "public_health", "purpose": "public_health"}
    for more in ({}, flash):
        found = check(custody="agency", tlp="RED", named_officers=lines, **more)
        assert set(found.errors) == {"named_officers"}, "danger to life does not do without names"
        assert found.errors["named_officers"][0].startswith(said)


def test_nobody_is_to_be_named_of_an_agency_that_the_exchange_refuses() -> None:
    both: dict[str, Any] = {"custody": "agency", "tlp": "RED", "recipients": ["xb-health", "xd-reg"]}
    assert check(**both, named_officers=[]).errors["named_officers"] == (NAME_ONE,)
    assert dict(check(**both, named_officers=NAMED).errors) == {}


def test_red_goes_to_a_hundred_agencies() -> None:
    many = [f"xz-a{n}" for n in range(101)]
    lines = [f"{agency} o" for agency in many]
    found = check(custody="agency", tlp="RED", recipients=many, named_officers=lines)
    assert "To: RED goes to 100 agencies at most." in found.errors["recipients"]


def test_hints_are_counted_once_a_row_of_the_form() -> None:
    bare: dict[str, Any] = dict.fromkeys(("narrative", "event_date", "place_country"))
    assert check(**bare).hints == ("narrative", "event_date", "place_country", "evidence", "age_band")
    filled: dict[str, Any] = {"technique": ["ms"], "naloxone": "no"}
    assert check(**filled).hints == ()


class TestLifeSafety:
    """Flash on the public-health lane: lives are at stake, so only title, TLP and recipients block it."""

    flash: ClassVar[dict[str, Any]] = {"pri": "flash", "lane": "public_health", "purpose": "public_health"}

    def test_other_bad_values_are_left_out_and_named(self) -> None:
        found = check(**self.flash, cas_rn="58-08-3", event_date="2099-01-01", handling=["H0", "H2"])
        assert not found.blocks
        assert found.left_out == ("When", "CAS number", "Handling")

    @pytest.mark.parametrize(
        "changes", [{"title": ""}, {"tlp": "RED"}, {"recipients": []}], ids=["title", "tlp", "recipients"]
    )
    def test_these_three_still_stop_it(self, changes: dict[str, Any]) -> None:
        found = check(**self.flash, **changes)
        assert set(found.errors) == set(changes)

    def test_a_question_does_not_hold_it_up(self) -> None:
        found = check(**self.flash, cases_fatal=2, harm_evidence="none_yet")
        assert found.questions and not found.open_questions and not found.blocks

    @pytest.mark.parametrize(
        "changes", [{"pri": "urgent"}, {"lane": "science"}], ids=["not flash", "not public health"]
    )
    def test_only_both_together_make_it_life_safety(self, changes: dict[str, Any]) -> None:
        assert check(**{**self.flash, **changes, "cas_rn": "58-08-3"}).blocks


class TestTyping:
    """Typed text is normalised and kept, even when it is wrong."""

    def test_digits_of_any_script_are_numbers(self) -> None:
        assert read_values({"cases_fatal": "\u0664", "quantity": "\u0664\u0661\u0662"}) == {
            "cases_fatal": 4,
            "quantity": "412",
        }

    def test_wrong_text_stays_for_its_author_to_see(self) -> None:
        assert read_values({"quantity": " 12a ", "event_date": "soon"}) == {
            "quantity": "12a",
            "event_date": "soon",
        }

    def test_empty_is_none_and_rows_without_anything_go(self) -> None:
        typed = {
            "title": "   ",
            "route": [{"country": "", "part": None, "basis": ""}],
            "technique": ["", "ms"],
        }
        assert read_values(typed) == {"title": None, "route": [], "technique": ["ms"]}

    @pytest.mark.parametrize(
        "data",
        [
            {"colour_of_the_sky": "blue"},
            {"title": {"a": 1}},
            {"title": True},
            {"title": "\ud800"},
            {"narrative": "x" * 20_001},
            {"recipients": "xb-health"},
            {"route": [{"country": "XA", "via": "moon"}]},
            {"recipient_reasons": ["because"]},
        ],
        ids=[
            "unknown field",
            "object as text",
            "boolean as text",
            "lone surrogate",
            "far too long",
            "text as list",
            "unknown member",
            "list as map",
        ],
    )
    def test_what_no_form_can_send_is_refused_by_field(self, data: dict[str, Any]) -> None:
        with pytest.raises(InputError) as refused:
            read_values(data)
        assert refused.value.field == next(iter(data))


class TestTable:
    """Every row of the table can be shown, checked and explained."""

    def test_every_field_stands_on_one_page_with_label_and_help(self) -> None:
        for kind in (*OFFERED, "answer", None):
            listed = [field.name for step in Step for field in fields_of_step(step, kind)]
            assert sorted(listed) == sorted(FIELDS), kind
        assert all(str(field.label) and str(field.help) for field in FIELDS.values())

    def test_what_is_no_choice_has_a_sentence_of_its_own(self) -> None:
        without = [
            field.name
            for field in FIELDS.values()
            if field.kind not in (Kind.CHOICE, Kind.CHOICES) and not str(field.problem)
        ]
        assert without == []

    def test_not_known_yet_is_an_answer_and_stands_first(self) -> None:
        assert str(FIELDS["harm_evidence"].choices[0][1]) == "Not known yet"
