# SPDX-License-Identifier: Apache-2.0
"""Comparison of two profiles: a score with its rates if the method covers it, and no number if it does not."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from substances.profiles.comparing import LEAD, Comparison, compare
from substances.profiles.methods import shipped_methods
from substances.profiles.reference import Sample, read_samples
from substances.profiles.vectors import Profile
from tests.substances.profiles.shipped import CALIBRATION_SET

METHOD = shipped_methods()[0]
SAMPLES = read_samples(CALIBRATION_SET.read_bytes()).samples


def profile_of(sample: Sample) -> Profile:
    return Profile(METHOD.id, METHOD.version, sample.values)


def sample_of(source: str, place: int = 0) -> Sample:
    return [sample for sample in SAMPLES if sample.source == source][place]


ONE = profile_of(sample_of("src15"))


def numbers_of(comparison: Comparison) -> list[object]:
    told = comparison.as_json()
    return [
        told[name]
        for name in ("score", "likelihood_ratio", "log10_lr", "threshold", "false_link_rate", "as_high_rate")
    ]


def test_a_comparison_tells_score_threshold_rates_and_what_they_rest_on() -> None:
    known = METHOD.calibration
    found = compare(ONE, ONE)
    assert found.verdict == "linked"
    assert found.score == 1.0
    assert found.threshold == known.linked_at
    assert found.false_link_rate == known.cross_validated.false_link_rate
    assert (found.pairs_behind, found.same_pairs, found.different_pairs) == (28680, 600, 28080)
    assert found.method_digest == METHOD.digest
    assert found.calibration_digest == known.digest
    assert found.band == "same_moderately_strong"
    assert not found.bounded
    assert compare(ONE, profile_of(sample_of("src04"))).bounded
    assert json.loads(json.dumps(found.as_json())) == found.as_json()


def test_every_comparison_is_a_lead_and_not_proof() -> None:
    assert LEAD == "lead_not_proof"
    others = (ONE, profile_of(sample_of("src04")), replace(ONE, method="another"))
    assert {compare(ONE, other).label for other in others} == {LEAD}


def test_one_source_is_found_and_another_is_not() -> None:
    assert compare(profile_of(sample_of("src04", 0)), profile_of(sample_of("src04", 5))).verdict == "linked"
    found = compare(ONE, profile_of(sample_of("src04")))
    assert found.verdict == "not_linked"
    assert found.log10_lr is not None and found.log10_lr < 0
    assert found.band.startswith("different_")


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (replace(ONE, method="another-method"), "method"),
        (replace(ONE, version="2"), "version"),
        (replace(ONE, values=ONE.values[:-1]), "length"),
        (replace(ONE, values=(*ONE.values, 0.1)), "length"),
        (replace(ONE, values=(1.0, 2.0, 3.0) + (None,) * 15), "too_few_shared"),
    ],
)
def test_what_cannot_be_compared_gives_a_reason_and_never_a_number(other: Profile, reason: str) -> None:
    for found in (compare(ONE, other), compare(other, ONE)):
        assert found.verdict == "not_comparable"
        assert found.reasons == (reason,)
        assert numbers_of(found) == [None] * 6
        assert found.pairs_behind == 0


def test_two_profiles_by_a_method_nobody_calibrated_are_not_comparable() -> None:
    own = replace(ONE, method="own-method")
    assert compare(own, own).reasons == ("not_calibrated",)


def test_two_profiles_of_a_known_method_that_are_both_too_short_are_not_comparable() -> None:
    short = replace(ONE, values=ONE.values[:12])
    assert compare(short, short).reasons == ("length",)


def test_versions_that_are_declared_compatible_are_compared_alike_both_ways() -> None:
    newer = replace(METHOD, version="2", compatible_with=("reference-18/1",))
    other = replace(profile_of(sample_of("src15", 3)), version="2")
    found = compare(ONE, other, methods=(METHOD, newer))
    assert found == compare(other, ONE, methods=(newer, METHOD))
    assert (found.verdict, found.version) == ("possible", "2")
    assert compare(ONE, other, methods=(METHOD, replace(newer, compatible_with=()))).reasons == ("version",)


def test_a_profile_without_any_shape_is_not_comparable() -> None:
    flat = replace(ONE, values=(1.0,) * 18)
    assert compare(flat, flat).reasons == ("flat",)


def test_below_detection_is_not_taken_for_a_share_of_nothing() -> None:
    """A trace that one instrument just detects and another does not changes the score less than a real peak."""
    base = profile_of(sample_of("src04"))
    gap = base.values.index(None)
    barely = replace(
        base, values=tuple(0.004 if place == gap else value for place, value in enumerate(base.values))
    )
    plainly = replace(
        base, values=tuple(0.2 if place == gap else value for place, value in enumerate(base.values))
    )
    assert compare(base, barely).score == pytest.approx(1, abs=0.001)
    assert (compare(base, plainly).score or 1) < 0.95


def test_the_unit_of_the_numbers_does_not_matter() -> None:
    percent = replace(ONE, values=tuple(value and value * 1e6 for value in ONE.values))
    other = profile_of(sample_of("src04"))
    assert compare(percent, other) == compare(ONE, other)


values = st.lists(
    st.one_of(st.none(), st.floats(min_value=5e-324, max_value=1e15, allow_nan=False)),
    min_size=18,
    max_size=18,
).filter(lambda row: any(value is not None for value in row))


@given(values, values)
def test_any_two_vectors_compare_alike_both_ways_and_within_bounds(
    a: list[float | None], b: list[float | None]
) -> None:
    known = METHOD.calibration
    one, other = (Profile(METHOD.id, METHOD.version, tuple(row)) for row in (a, b))
    found = compare(one, other)
    assert found == compare(other, one)
    if found.verdict != "not_comparable":
        assert found.score is not None and found.log10_lr is not None
        assert -1 <= found.score <= 1
        assert known.lowest_log10 - 0.001 <= found.log10_lr <= known.highest_log10 + 0.001
