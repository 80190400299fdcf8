# SPDX-License-Identifier: Apache-2.0
"""Isotope data has the form of a measurement, gives evidence of a region, and never links two samples."""

import inspect
from typing import Any

import pytest

from substances.errors import InputRefusedError
from substances.profiles import comparing, region
from substances.profiles.region import USE, read_region_evidence

RATIO = {"isotope": "d13C", "standard": "VPDB", "value": -28.4, "uncertainty": 0.2}


def form(**changed: Any) -> dict[str, Any]:
    return {
        "ratios": [RATIO],
        "region": "Region A",
        "certainty": "probable",
        "basis": "Own reference set",
    } | changed


def test_isotope_data_says_what_it_may_be_used_for() -> None:
    evidence = read_region_evidence(form())
    assert evidence.use == USE == "region_evidence_only"
    assert evidence.as_json()["ratios"] == [RATIO]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ratios": []}, "form"),
        ({"ratios": [RATIO, RATIO]}, "repeated"),
        ({"ratios": [RATIO | {"isotope": "d99X"}]}, "unknown_isotope"),
        ({"ratios": [RATIO | {"isotope": ["d13C"]}]}, "unknown_isotope"),
        ({"ratios": [RATIO | {"standard": "AIR"}]}, "unknown_standard"),
        ({"ratios": [RATIO | {"value": float("nan")}]}, "not_finite"),
        ({"ratios": [RATIO | {"value": 10**400}]}, "not_finite"),
        ({"ratios": [RATIO | {"value": "-28"}]}, "number"),
        ({"ratios": [RATIO | {"value": -284.0}]}, "out_of_range"),
        ({"ratios": [RATIO | {"uncertainty": 0}]}, "uncertainty"),
        ({"ratios": [{"isotope": "d13C"}]}, "form"),
        ({"certainty": "certain"}, "certainty"),
        ({"region": "  "}, "text"),
        ({"basis": "x" * 501}, "text"),
    ],
)
def test_what_is_no_measurement_is_refused(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        read_region_evidence(form(**changed))
    assert (refused.value.field, refused.value.code) == ("isotopes", code)


def test_nothing_compares_isotopes() -> None:
    """Two samples of one region agree, whoever made them: no comparison may take isotope data."""
    assert "region" not in inspect.getsource(comparing)
    functions = {
        name
        for name, part in vars(region).items()
        if inspect.isfunction(part) and part.__module__ == region.__name__ and not name.startswith("_")
    }
    assert functions == {"read_region_evidence"}
