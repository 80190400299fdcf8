# SPDX-License-Identifier: Apache-2.0
"""The surprise of a count, compared with published tables and with counting by hand."""

import math

import pytest

from science.board.chances import baseline, chance_of, garwood, stands_out


@pytest.mark.parametrize(
    ("total", "low", "high"),
    # Exact limits of a Poisson mean; the usual table, such as Ulm, American Journal of Epidemiology 131 (1990) 373.
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.39), (100, 81.36, 121.63)],
)
def test_exact_interval_of_a_poisson_mean(total: int, low: float, high: float) -> None:
    assert garwood(total) == pytest.approx((low, high), abs=0.006)


def test_a_baseline_is_given_per_span() -> None:
    before = baseline(10, 4)
    assert (before.mean, before.low, before.high) == pytest.approx((2.5, 4.795 / 4, 18.39 / 4), abs=0.01)


def test_chance_of_none_at_least_is_certain_and_falls_with_the_count() -> None:
    before = baseline(4, 4)
    chances = [chance_of(count, before) for count in range(12)]
    assert chances[0] == 1
    assert chances == sorted(chances, reverse=True)
    assert chances[11] < 1e-4


def test_chance_is_one_less_the_terms_of_the_negative_binomial() -> None:
    before = baseline(2, 3)
    shape, share = 2.5, 3 / 4
    none = share**shape
    one = none * shape * (1 - share)
    assert chance_of(2, before) == pytest.approx(1 - none - one)


def test_with_a_long_past_it_comes_near_to_a_poisson_of_the_known_mean() -> None:
    before = baseline(20_000, 10_000)
    poisson = 1 - sum(math.exp(-2) * 2**k / math.factorial(k) for k in range(6))
    assert chance_of(6, before) == pytest.approx(poisson, rel=0.01)


def test_a_short_past_makes_the_same_count_less_surprising() -> None:
    assert chance_of(4, baseline(1, 1)) > 4 * chance_of(4, baseline(20, 20))


@pytest.mark.parametrize(
    ("count", "total", "spans", "expected"),
    [(2, 0, 52, False), (3, 0, 52, True), (3, 3, 4, False), (11, 1, 52, True), (6, 20, 4, False)],
)
def test_what_stands_out(count: int, total: int, spans: int, expected: bool) -> None:
    assert stands_out(count, baseline(total, spans)) is expected


def test_large_counts_are_no_trouble() -> None:
    low, high = garwood(4_000)
    assert low < 4_000 < high
    assert 0 <= chance_of(1_000, baseline(900, 1)) <= 1
