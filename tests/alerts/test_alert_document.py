# SPDX-License-Identifier: Apache-2.0
"""The signed document: closed, versioned, the same in code and in JSON Schema; foreign ones are read with care."""

import datetime as dt
from typing import Any

import jsonschema
import pytest

from accord.envelope.encoding import canonical
from alerts.document.building import build_document, build_terms
from alerts.document.defaults import defaults_for
from alerts.document.display import describe
from alerts.document.fields import FIELDS
from alerts.document.marking import marking_of
from alerts.document.reading import read_document
from alerts.document.schema import json_schema
from alerts.document.shapes import is_acceptable
from alerts.document.values import read_values
from alerts.errors import UnknownSchemaError
from tests.alerts.conftest import GOOD

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
JTI = "0195abcd-0000-7000-8000-000000000000"
RICH = {
    **GOOD,
    "alert_type": "harm_cluster",
    "cases_fatal": 2,
    "quantity": "412",
    "unit": "g",
    "technique": ["ms", "lc"],
    "route": [{"country": "XB", "part": "origin", "basis": "asserted"}],
    "handling": ["H1", "H3"],
    "handling_condition": "Ask first.",
    "event_precision": "month",
}


def fields(**changes: Any) -> dict[str, Any]:
    return defaults_for("new_substance", today=NOW.date()) | read_values({**GOOD, **changes})


def schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json_schema())


def test_the_schema_is_a_schema_and_takes_what_is_built() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    for data in (fields(), fields(**RICH)):
        document = build_document(data)
        schema().validate(document)
        canonical(document)


@pytest.mark.parametrize("title", ["新精神活性", "毒品紧急", "毒品预警", "신종마약", "麻薬A"])
def test_a_short_title_in_wide_characters_fits_form_and_schema(title: str) -> None:
    assert is_acceptable(FIELDS["title"], title)
    schema().validate(build_document(fields(title=title)))


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "accord-alert/2"},
        {"colour": "blue"},
        {"title": "x"},
        {"harm_evidence": "some"},
        {"quantity": 412},
        {"cases_fatal": -1},
        {"technique": ["ms", "ms"]},
        {"inchikey": "short"},
    ],
    ids=str,
)
def test_the_schema_is_closed(changes: dict[str, Any]) -> None:
    assert not schema().is_valid({**build_document(fields()), **changes})


def test_marking_and_recipients_stay_out_of_the_document() -> None:
    document = build_document(fields(recipients=["xb-health"], recipient_reasons={"xb-health": "secret why"}))
    assert not {"tlp", "lane", "pri", "purpose", "status", "recipients", "recipient_reasons"} & set(document)
    assert "secret why" not in str(document)


def test_what_is_left_out_is_null() -> None:
    document = build_document(fields(cas_rn="58-08-3", technique=["tea"]), left_out={"cas_rn", "technique"})
    assert (document["cas_rn"], document["technique"]) == (None, [])


class TestTerms:
    def test_clocks_and_days_of_life(self) -> None:
        terms = build_terms(fields(expiry="2026-03-10", review_date="2027-01-01"), jti=JTI, now=NOW)
        end = dt.datetime(2026, 3, 11, tzinfo=dt.UTC)
        kept = dt.datetime(2027, 1, 2, tzinfo=dt.UTC)
        assert (terms.exp, terms.keep) == (int(end.timestamp()), int(kept.timestamp()))
        assert terms.ack_by == int((NOW + dt.timedelta(hours=24)).timestamp())

    def test_flash_is_acknowledged_within_an_hour_and_an_exercise_never(self) -> None:
        flash = build_terms(fields(pri="flash"), jti=JTI, now=NOW)
        assert flash.ack_by == int((NOW + dt.timedelta(hours=1)).timestamp())
        assert build_terms(fields(status="exercise"), jti=JTI, now=NOW).ack_by is None

    @pytest.mark.parametrize(
        ("tlp", "handling", "rel"),
        [
            ("GREEN", ["H0"], "recipients"),
            ("CLEAR", ["H1"], "recipients"),
            ("CLEAR", ["H2"], "originator"),
            ("AMBER", ["H0"], "originator"),
            ("AMBER+STRICT", ["H0"], "originator"),
            ("RED", ["H0"], "none"),
        ],
    )
    def test_the_strictest_of_marking_and_handling_decides_on_passing_on(
        self, tlp: str, handling: list[str], rel: str
    ) -> None:
        assert build_terms(fields(tlp=tlp, handling=handling), jti=JTI, now=NOW).rel == rel

    def test_a_life_safety_alert_without_purpose_or_expiry_has_them_all_the_same(self) -> None:
        data = fields(pri="flash", lane="public_health", purpose=None, expiry="never", review_date=None)
        terms = build_terms(data, jti=JTI, now=NOW)
        assert terms.purpose == "public_health" and NOW.timestamp() < terms.exp <= terms.keep


class TestForeign:
    """A good signature does not make foreign content well-formed."""

    def test_another_schema_is_refused_whole(self) -> None:
        for schema_name in ("accord-alert/2", None, 7):
            with pytest.raises(UnknownSchemaError):
                read_document({**build_document(fields()), "schema": schema_name})

    def test_members_of_another_shape_are_counted_and_not_shown(self) -> None:
        foreign = build_document(fields()) | {"cas_rn": "no", "technique": {"a": 1}, "new_member": "x"}
        read = read_document(foreign)
        assert (read.data["cas_rn"], read.data["technique"], read.not_shown) == (None, None, 3)
        assert read.data["title"] == GOOD["title"]

    def test_a_short_document_of_a_partner_is_enough(self) -> None:
        short = {"schema": "accord-alert/1", "alert_type": "new_substance", "title": "Blue tablets"}
        schema().validate(short)
        assert read_document(short).not_shown == 0

    @pytest.mark.parametrize("value", [[], {}, [[]], {"a": []}, 7, True, ["x", 7]], ids=str)
    def test_no_shape_of_any_member_breaks_the_reading(self, value: Any) -> None:
        document = dict.fromkeys(build_document(fields()), value) | {"schema": "accord-alert/1"}
        describe(read_document(document).data)


class TestWords:
    def test_a_document_is_described_in_words(self) -> None:
        words = {
            label: text
            for section in describe(build_document(fields(**RICH)))
            for label, text in section.rows
        }
        assert words["Harm"] == "Not known yet"
        assert words["When"] == "Feb 2026"
        assert words["Amount"] == "412 g"
        assert words["Cases, fatal"] == "2"
        assert words["Route"] == "Origin XB (Asserted)"
        assert words["Analysed by"] == "Mass spectrometry (A), Liquid chromatography (B)"

    def test_the_marking_band_says_its_sentences(self) -> None:
        band = marking_of("AMBER", ["H1", "H3"], "Ask first.")
        assert band.tlp_sentence == "Your organisation and its clients, need to know."
        assert band.handling == (
            ("H1", "Not in court without the sender's permission."),
            ("H3", "Condition: Ask first."),
        )
