# SPDX-License-Identifier: Apache-2.0
"""The signed document: closed, versioned, equal in code and in JSON Schema; foreign documents are read with care."""

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
from alerts.document.reading import read_as_text, read_document
from alerts.document.schema import json_schema
from alerts.document.validators import is_acceptable
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
    """A document that is well signed and not well-formed."""

    def test_another_schema_is_refused_whole(self) -> None:
        for schema_name in ("accord-alert/2", None, 7):
            with pytest.raises(UnknownSchemaError):
                read_document({**build_document(fields()), "schema": schema_name})

    def test_members_of_another_shape_are_kept_as_text_under_their_names(self) -> None:
        foreign = build_document(fields()) | {
            "cas_rn": "no",
            "technique": {"a": [1, None]},
            "new_member": "x",
        }
        read = read_document(foreign)
        assert (read.data["cas_rn"], read.data["technique"], read.data["title"]) == (
            None,
            None,
            GOOD["title"],
        )
        assert {member.name: member.text for member in read.as_text} == {
            "cas_rn": "no",
            "technique": '{"a": [1, null]}',
            "new_member": "x",
        }
        assert (read.more, read.missing) == (0, ())

    @pytest.mark.parametrize(
        ("sent", "binding"),
        [
            (["H2", "H9"], ["H2"]),
            (["H1", "H9"], ["H1", "H2"]),
            (["H0", "H9"], ["H2"]),
            (["H3", "H3"], ["H2", "H3"]),
            ("H1", ["H2"]),
            ([{}, 7], ["H2"]),
        ],
        ids=str,
    )
    def test_a_handling_code_that_is_not_known_binds_like_h2_beside_the_known(
        self, sent: object, binding: list[str]
    ) -> None:
        read = read_document(build_document(fields()) | {"handling": sent})
        assert read.data["handling"] == binding
        assert [member.name for member in read.as_text] == ["handling"]

    def test_what_was_not_understood_is_bounded_and_hides_nothing(self) -> None:
        foreign = {"n" * 100 + "\u202e": "a\u202eb\n\tc" + "x" * 600} | {f"m{n}": n for n in range(60)}
        read = read_document(build_document(fields()) | foreign)
        first = read.as_text[0]
        assert first.name == "n" * 60 + "…"
        assert first.text.startswith("a\ufffdb  cxx") and len(first.text) == 501
        assert (len(read.as_text), read.more) == (50, 11)

    @pytest.mark.parametrize(
        ("changes", "missing"),
        [
            ({"title": None}, ("title",)),
            ({"title": "", "alert_type": None}, ("title",)),
            ({"alert_type": 7}, ()),
        ],
        ids=str,
    )
    def test_what_every_alert_says_and_this_one_does_not_is_named(
        self, changes: dict[str, Any], missing: tuple[str, ...]
    ) -> None:
        assert read_document(build_document(fields()) | changes).missing == missing

    def test_a_required_member_that_is_not_there_at_all_is_named(self) -> None:
        assert read_document({"schema": "accord-alert/1"}).missing == ("alert_type", "title")

    def test_all_of_another_schema_is_kept_as_text(self) -> None:
        read = read_as_text({"schema": "accord-alert/9", "title": "From the future"})
        assert [(member.name, member.text) for member in read.as_text] == [
            ("schema", "accord-alert/9"),
            ("title", "From the future"),
        ]

    def test_a_short_document_of_a_partner_is_enough(self) -> None:
        short = {"schema": "accord-alert/1", "alert_type": "new_substance", "title": "Blue tablets"}
        schema().validate(short)
        assert (read_document(short).as_text, read_document(short).missing) == ((), ())

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
        assert words["Harm"] == "Suspected"
        assert words["When"] == "Feb 2026"
        assert words["Amount"] == "412 g"
        assert words["Cases, fatal"] == "2"
        assert words["Route"] == "Origin XB (Asserted)"
        assert words["Analysed by"] == "Mass spectrometry (A); Liquid chromatography (B)"

    def test_the_marking_band_says_its_sentences(self) -> None:
        band = marking_of("AMBER", ["H1", "H3"], "Ask first.")
        assert band.tlp_sentence == "Your organisation and its clients, need to know."
        assert band.handling == (
            ("H1", "Not in court without the sender's permission."),
            ("H3", "Condition: Ask first."),
        )
