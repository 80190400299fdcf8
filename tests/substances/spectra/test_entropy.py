# SPDX-License-Identifier: Apache-2.0
"""Spectral entropy similarity agrees with published numbers, with a hand calculation, and with its own properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substances.spectra.entropy import Array, clean, entropy_of, entropy_similarity, pairs_within


def spectrum(*peaks: tuple[float, float]) -> Array:
    return np.array(peaks, dtype=np.float64)


def test_the_published_example_of_the_authors_gives_the_published_numbers() -> None:
    # The worked example of the authors' own package (MSEntropy), tolerance 0.05, noise cut at one per cent.
    query = spectrum((69.071, 7.917962), (86.066, 1.021589), (86.0969, 100.0))
    reference = spectrum((41.04, 37.16), (69.07, 66.83), (86.1, 999.0))
    a, b = (clean(one, spacing_da=0.1, noise=0.01) for one in (query, reference))
    assert entropy_similarity(a, b, 0.05) == pytest.approx(0.8984397722577456, abs=1e-6)
    assert entropy_similarity(a, b, 0.05, is_weighted=False) == pytest.approx(0.98266682, abs=1e-6)


def test_a_hand_calculation_of_two_peaks_against_one() -> None:
    # A = (1/2, 1/2), B = (1, 0): S(A) = ln 2, S(B) = 0, S(A+B) = S(3/4, 1/4).
    a, b = spectrum((100, 0.5), (200, 0.5)), spectrum((100, 1.0))
    mixed = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    expected = 1 - (2 * mixed - math.log(2)) / math.log(4)
    assert entropy_similarity(a, b, 0.01, is_weighted=False) == pytest.approx(expected, abs=1e-12)


def test_the_entropy_of_equal_peaks_is_the_logarithm_of_their_number() -> None:
    assert entropy_of(np.ones(8)) == pytest.approx(math.log(8))
    assert entropy_of(np.zeros(3)) == 0.0


def test_cleaning_cuts_noise_merges_neighbours_and_normalises() -> None:
    found = clean(
        spectrum((100.0, 50), (100.01, 50), (150, 0.1), (200, 100), (300, 5)), spacing_da=0.04, max_mz=250
    )
    assert found[:, 0] == pytest.approx([100.005, 200])
    assert found[:, 1] == pytest.approx([0.5, 0.5])


def test_peaks_are_paired_nearest_first_and_once_each() -> None:
    a, b = spectrum((100.00, 1), (100.03, 1)), spectrum((100.02, 1))
    assert pairs_within(a, b, 0.05) == [(1, 0)]


PEAKS = st.lists(
    st.tuples(st.floats(50, 500), st.floats(1, 1000)), min_size=1, max_size=12, unique_by=lambda peak: peak[0]
)


@given(PEAKS, PEAKS)
def test_similarity_is_symmetric_bounded_and_one_with_itself(
    first: list[tuple[float, float]], second: list[tuple[float, float]]
) -> None:
    a, b = (clean(spectrum(*sorted(peaks)), spacing_da=0.04) for peaks in (first, second))
    score = entropy_similarity(a, b, 0.02)
    assert 0 <= score <= 1
    assert score == pytest.approx(entropy_similarity(b, a, 0.02), abs=1e-9)
    assert entropy_similarity(a, a, 0.02) == pytest.approx(1, abs=1e-9)
