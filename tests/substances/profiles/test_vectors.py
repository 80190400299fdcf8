# SPDX-License-Identifier: Apache-2.0
"""Limits of a profile: numbers above detection, null below it, and no other value."""

import json
import math
from typing import Any

import pytest

from substances import sentences
from substances.errors import InputRefusedError
from substances.profiles.methods import require_method, shipped_methods
from substances.profiles.vectors import MAX_TARGETS, Profile, read_numbers, read_profile, read_signed_profile

GOOD: list[float | None] = [0.1, None, 0.3, 0.6] + [None] * 14


def form(**changed: Any) -> dict[str, Any]:
    return {"method": "reference-18", "version": "1", "values": list(GOOD)} | changed


def refusal_of(raw: object) -> tuple[str, str, str]:
    with pytest.raises(InputRefusedError) as refused:
        read_profile(raw)
    return refused.value.field, refused.value.code, refused.value.where


def test_null_stays_below_detection_through_json_and_back() -> None:
    profile = read_profile(json.loads(json.dumps(form())))
    assert profile.values[1] is None
    assert profile.detected == 3
    assert read_profile(json.loads(json.dumps(profile.as_json()))) == profile


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, "not_finite"),
        (math.inf, "not_finite"),
        (-math.inf, "not_finite"),
        (-0.1, "negative"),
        (-(10**400), "negative"),
        (10**400, "too_large"),
        (1e300, "too_large"),
        (0, "zero"),
        (0.0, "zero"),
        (-0.0, "zero"),
        (True, "number"),
        ("0.1", "number"),
        ([0.1], "number"),
        ({}, "number"),
    ],
)
def test_a_value_that_is_no_measurement_is_refused_with_its_position(value: object, code: str) -> None:
    assert refusal_of(form(values=[0.1, 0.2, value])) == ("profile", code, "value 3")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "form"),
        ([], "form"),
        ("profile", "form"),
        ({}, "form"),
        (form(extra=1), "form"),
        (form(values="0.1"), "form"),
        (form(values={"a": 1}), "form"),
        (form(values=[]), "count"),
        (form(values=[0.1]), "count"),
        (form(values=[0.1] * (MAX_TARGETS + 1)), "count"),
        (form(values=[None] * 18), "nothing_detected"),
        (form(method=""), "name"),
        (form(method="ref\nerence"), "name"),
        (form(method="referenс-18"), "name"),
        (form(version=1), "name"),
        (form(version="1" * 81), "name"),
    ],
)
def test_a_form_that_is_no_profile_is_refused(raw: object, code: str) -> None:
    assert refusal_of(raw)[:2] == ("profile", code)


def test_no_refusal_repeats_what_was_given() -> None:
    with pytest.raises(InputRefusedError) as refused:
        read_profile(form(method="secret case\n", values=[0.1, 0.2]))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "0.1, , 0.3, 0.6",
        "0.1;nd;0.3;0.6",
        "0.1\t<LOD\t0.3\t0.6",
        "0.1\n\n0.3\n0.6\n",
        "0.1\n-\n0.3\n0.6\n",
        "[0.1, null, 0.3, 0.6]",
        "0.1,<0.003,0.3,0.6",
    ],
)
def test_numbers_are_read_as_a_laboratory_pastes_them(text: str) -> None:
    assert read_numbers(text) == (0.1, None, 0.3, 0.6)


def test_a_signed_document_holds_decimal_texts() -> None:
    signed = form(values=["0.1", None, "0.3", "0.6"])
    assert read_signed_profile(signed) == read_profile(form(values=[0.1, None, 0.3, 0.6]))
    for wrong in ("nan", "1e5", "-1", "0.1 ", "\u0661", "0", ""):
        with pytest.raises(InputRefusedError):
            read_signed_profile(form(values=["0.1", wrong]))
    with pytest.raises(InputRefusedError):
        read_signed_profile(form(values=None))


def test_empty_cells_at_both_ends_of_a_row_are_kept() -> None:
    assert read_numbers("\t0.1\t0.2\t\t\n") == (None, 0.1, 0.2, None, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [("0.1,x,0.3", "number"), ("0.1,nan,0.3", "not_finite"), ("0.1,inf", "not_finite"), ("0.1,0,0.3", "zero"), ("", "count"),
     ("0,1;0,2", "decimal_comma"), ("0.1\t0,2", "decimal_comma"),
     ("0.1," * 30_000, "count")],
)  # fmt: skip
def test_pasted_text_that_holds_anything_else_is_refused(text: str, code: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        read_numbers(text)
    assert refused.value.code == code


def test_a_profile_about_to_be_sent_must_fit_its_method() -> None:
    assert require_method(read_profile(form())) is shipped_methods()[0]
    for changed, code in (
        ({"method": "own-method"}, "unknown_method"),
        ({"version": "2"}, "unknown_version"),
        ({"values": GOOD[:17]}, "length"),
    ):
        with pytest.raises(InputRefusedError) as refused:
            require_method(read_profile(form(**changed)))
        assert refused.value.code == code


def test_a_profile_cannot_be_changed() -> None:
    profile = read_profile(form())
    with pytest.raises(AttributeError):
        profile.method = "another"  # type: ignore[misc]
    assert isinstance(profile, Profile)


def test_every_refusal_of_this_reader_has_its_sentence() -> None:
    codes = {
        "form",
        "name",
        "count",
        "nothing_detected",
        "number",
        "not_finite",
        "negative",
        "zero",
        "too_large",
    }
    assert codes | {"unknown_method", "unknown_version", "length", "decimal_comma"} <= set(sentences.PROFILE)
