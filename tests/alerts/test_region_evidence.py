# SPDX-License-Identifier: Apache-2.0
"""Isotopes in an alert: evidence on a region, checked as a measurement, shown with its certainty, and never a link."""

import ast
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from jsonschema import Draft202012Validator

from accord.envelope.encoding import canonical
from alerts.document.building import build_document
from alerts.document.check import check_document
from alerts.document.circumstances import Circumstances
from alerts.document.defaults import defaults_for
from alerts.document.display import describe
from alerts.document.fields import FIELDS, Step, shown_fields
from alerts.document.reading import read_document
from alerts.document.schema import json_schema
from alerts.document.values import read_value
from alerts.profiles.samples import profile_in
from callers.errors import InputError
from desk.alerts.compose.api_fields import FIELDS_SCHEMA
from desk.alerts.compose.form import form_fields
from desk.alerts.compose.posted import posted_values
from substances.profiles.region import CERTAINTIES, SCALES

ROOT = Path(__file__).parents[2]
TODAY = dt.date(2026, 3, 1)
FIELD = FIELDS["region_evidence"]
SAID = "Region evidence only, never a link between samples."
CARBON = {"isotope": "d13C", "standard": "VPDB", "value": "-28.4", "uncertainty": "0.2"}
STRONTIUM = {"isotope": "87Sr/86Sr", "standard": "SRM987", "value": "0.7092", "uncertainty": "0.0001"}
GOOD: dict[str, Any] = {
    "ratios": [CARBON, STRONTIUM],
    "region": "Northern Arvenia",
    "certainty": "probable",
    "basis": "Map of leaf samples of 2024",
}


def typed(value: Any) -> Any:
    return read_value(FIELD, value)


def problems(value: Any) -> tuple[str, ...]:
    data = {**defaults_for("seizure", today=TODAY), "region_evidence": typed(value)}
    return check_document(data, known=Circumstances(TODAY)).errors.get("region_evidence", ())


def with_carbon(**changed: Any) -> dict[str, Any]:
    return GOOD | {"ratios": [STRONTIUM, CARBON | changed]}


def schema_takes(value: Any) -> bool:
    return bool(Draft202012Validator(json_schema()["properties"]["region_evidence"]).is_valid(typed(value)))


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        with_carbon(value="0"),
        with_carbon(value=-28.4, uncertainty=0.2),
        *(GOOD | {"certainty": certainty} for certainty in CERTAINTIES),
        *(
            GOOD
            | {"ratios": [STRONTIUM | {"isotope": name, "standard": of.standard, "value": str(of.highest)}]}
            for name, of in SCALES.items()
        ),
    ],
)
def test_a_measurement_is_taken_by_form_schema_and_reader_alike(value: dict[str, Any]) -> None:
    assert (problems(value), schema_takes(value)) == ((), True)
    document = build_document({**defaults_for("seizure", today=TODAY), "region_evidence": typed(value)})
    assert read_document(json.loads(canonical(document))).data["region_evidence"] == typed(value)


def test_nothing_of_it_is_asked_of_anybody() -> None:
    assert problems(None) == () and not FIELD.required_for and not FIELD.hint
    for kind in ("seizure", "new_substance", "profile_details"):
        assert FIELD in shown_fields(Step.AMOUNT, {"alert_type": kind})
    assert FIELD not in shown_fields(Step.AMOUNT, {"alert_type": "profile_query"})


BAD = {
    "an unknown isotope": (
        with_carbon(isotope="d14C"),
        "this ratio is not read; give d2H, d13C,",
        "(ratio 2)",
    ),
    "no isotope": (with_carbon(isotope=""), "this ratio is not read; give d2H, d13C,", "(ratio 2)"),
    "another standard": (
        with_carbon(standard="VSMOW"),
        "not the standard of that ratio: VSMOW for",
        "(ratio 2)",
    ),
    "no standard": (with_carbon(standard=None), "not the standard of that ratio: VSMOW for", "(ratio 2)"),
    "a sign lost": (with_carbon(value="284"), "no material has such a ratio; compare sign and", "(ratio 2)"),
    "NaN": (with_carbon(value="NaN"), "a value is NaN or infinite; leave that ratio out.", "(ratio 2)"),
    "NaN as a number": (with_carbon(value=float("nan")), "a value is NaN or infinite; leave", "(ratio 2)"),
    "infinity": (with_carbon(uncertainty="-Infinity"), "a value is NaN or infinite; leave that", "(ratio 2)"),
    "no number": (with_carbon(value="low"), "a number is expected here; compare the source.", "(ratio 2)"),
    "a decimal comma": (with_carbon(value="-28,4"), "a number is expected here; compare the", "(ratio 2)"),
    "no value": (with_carbon(value=""), "a number is expected here; compare the source.", "(ratio 2)"),
    "uncertainty 0": (
        with_carbon(uncertainty="0"),
        "give an uncertainty above zero, in the unit",
        "(ratio 2)",
    ),
    "uncertainty below 0": (with_carbon(uncertainty="-0.1"), "give an uncertainty above zero,", "(ratio 2)"),
    "a ratio twice": (
        GOOD | {"ratios": [CARBON, CARBON]},
        "a ratio stands twice; give each once.",
        "(ratios)",
    ),
    "no ratio": (GOOD | {"ratios": []}, "give ratios, region, certainty and basis;", "(ratios)"),
    "no region": (GOOD | {"region": " "}, "name region and basis in 1 to 500 characters.", "(region)"),
    "a long basis": (GOOD | {"basis": "x" * 501}, "name region and basis in 1 to 500", "(basis)"),
    "another certainty": (GOOD | {"certainty": "proven"}, "say how sure the region is:", "(certainty)"),
    "hidden characters": (GOOD | {"basis": "map\u202eof"}, "delete the hidden characters (U+202E)", ""),
}
ONLY_THE_CHECK = {"a sign lost", "uncertainty 0", "a ratio twice"}
"""Faults that a JSON Schema of decimal texts cannot express."""


@pytest.mark.parametrize("name", BAD)
def test_bad_input_has_one_sentence_with_the_field_the_place_and_the_remedy(name: str) -> None:
    value, sentence, place = BAD[name]
    (said,) = problems(value)
    assert said.startswith(f"Isotopes: {sentence}") and said.endswith(place)
    assert schema_takes(value) is (name in ONLY_THE_CHECK)


@pytest.mark.parametrize(
    "value",
    ["d13C -28.4", ["d13C"], {"ratio": []}, {"ratios": "d13C"}, {"ratios": [{"delta": 1}]}, {"ratios": [7]}],
)
def test_a_shape_that_no_form_sends_is_refused(value: Any) -> None:
    with pytest.raises(InputError) as refused:
        typed(value)
    assert refused.value.problem.startswith("Isotopes: give ratios, region, certainty and basis")


@pytest.mark.parametrize(
    "value",
    [1, "x", [], {**GOOD, "use": "link"}, GOOD | {"ratios": [CARBON | {"value": -28.4}]}, {"ratios": 1}],
)
def test_of_a_foreign_document_another_shape_is_kept_as_text(value: Any) -> None:
    document = build_document(defaults_for("seizure", today=TODAY)) | {"region_evidence": value or {"a": []}}
    read = read_document(document)
    assert (read.data["region_evidence"], [member.name for member in read.as_text]) == (
        None,
        ["region_evidence"],
    )


def test_what_is_typed_is_kept_as_decimal_text_and_empty_lines_go() -> None:
    spoken = {"isotope": "d13C", "standard": "VPDB", "value": "\u221228.40", "uncertainty": "٠.٢"}
    value = typed({"ratios": [{}, spoken], "region": " Two\n lines ", "certainty": None})
    assert value == {
        "ratios": [CARBON | {"value": "-28.40"}],
        "region": "Two lines",
        "certainty": None,
        "basis": None,
    }
    assert typed({"ratios": [dict.fromkeys(CARBON, "")], "region": ""}) is None


def test_wherever_it_is_said_in_words_it_is_region_evidence_only() -> None:
    document = build_document({**defaults_for("seizure", today=TODAY), "region_evidence": GOOD})
    words = {label: text for section in describe(document) for label, text in section.rows}
    assert words["Isotopes"] == (
        f"{SAID} Northern Arvenia (Probable): δ¹³C -28.4 ± 0.2 ‰ (VPDB); "
        "⁸⁷Sr/⁸⁶Sr 0.7092 ± 0.0001 (SRM987); k = 2. Basis: Map of leaf samples of 2024"
    )
    assert SAID in str(FIELD.help)
    for described in (FIELDS_SCHEMA, json_schema()):
        assert SAID in described["properties"]["region_evidence"]["description"]


def test_the_api_describes_what_a_draft_keeps() -> None:
    described = Draft202012Validator(FIELDS_SCHEMA["properties"]["region_evidence"])
    kept = (GOOD, None, with_carbon(value=1.5), {"region": None})
    assert [described.is_valid(value) for value in kept] == [True] * 4
    assert not described.is_valid(GOOD | {"use": "link"})


def test_opening_the_form_does_not_move_a_value_to_another_standard() -> None:
    """Oxygen reads some 30 per mil lower against VPDB than against VSMOW: the check says so, the officer decides."""
    oxygen = {"isotope": "d18O", "standard": "VPDB", "value": "-2.2", "uncertainty": "0.3"}
    data = {**defaults_for("seizure", today=TODAY), "region_evidence": GOOD | {"ratios": [oxygen]}}
    findings = check_document(data, known=Circumstances(TODAY))
    (shown,) = form_fields([FIELD], data, findings, shows_problems=True)
    assert shown.rows[0]["scale"] in dict(shown.extra["scales"])
    post = QueryDict(mutable=True)
    for name in ("scale", "value", "uncertainty"):
        post.setlist(f"region_evidence-{name}", [str(row[name]) for row in shown.rows])
    for name in ("region", "certainty", "basis"):
        post[f"region_evidence-{name}"] = shown.value[name]
    assert typed(posted_values(post, [FIELD])["region_evidence"]) == data["region_evidence"]


def test_no_comparison_of_profiles_sees_it() -> None:
    """The comparison reads the profile alone; two samples of one region stay as similar as they were."""
    profile = {"method": "IMP-18", "version": "1", "values": ["0.1", None, "0.25"]}
    assert profile_in({"profile": profile, "region_evidence": GOOD}) == profile_in({"profile": profile})
    assert profile_in({"region_evidence": GOOD}) is None
    compared = [path for path in (ROOT / "substances" / "profiles").glob("*.py") if path.stem != "region"]
    for path in [*compared, ROOT / "alerts" / "profiles" / "samples.py"]:
        tree = ast.walk(ast.parse(path.read_text("utf-8")))
        modules = {node.module for node in tree if isinstance(node, ast.ImportFrom)}
        assert "substances.profiles.region" not in modules, path
        assert "region_evidence" not in path.read_text("utf-8"), path
