# SPDX-License-Identifier: Apache-2.0
"""The shipped calibration comes from the development set alone, and comes out the same each time."""

import json

import numpy as np
import pytest

from substances.profiles.calibrating import (
    CHOSEN,
    FALSE_LINK_LIMIT,
    METRIC,
    METRICS,
    calibrated_file,
    candidates,
    fit,
    treated_all,
)
from substances.profiles.comparing import score_of
from substances.profiles.measuring import auc, cllr, halves, pairs_of
from substances.profiles.methods import digest_of, read_methods, shipped_methods
from substances.profiles.reference import read_samples
from tests.substances.profiles.shipped import CALIBRATION_SET, METHODS_FILE

METHOD = shipped_methods()[0]
OCTETS = CALIBRATION_SET.read_bytes()


def test_the_shipped_file_is_what_the_calibration_set_gives() -> None:
    assert calibrated_file(OCTETS) == METHODS_FILE.read_text()
    assert METHOD.calibration.digest == digest_of(OCTETS)


def test_another_set_gives_another_digest_and_so_another_method() -> None:
    changed = json.loads(METHODS_FILE.read_text())
    changed["methods"][0]["calibration"]["digest"] = digest_of(OCTETS + b"\n")
    assert read_methods(changed)[0].digest != METHOD.digest


def test_a_file_of_another_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="accord-profile-methods/1"):
        read_methods({"schema": "accord-profile-methods/2", "methods": []})


def test_a_way_to_compare_that_is_not_carried_out_is_refused() -> None:
    changed = json.loads(METHODS_FILE.read_text())
    changed["methods"][0]["metric"] = "canberra"
    with pytest.raises(ValueError, match="reference-18/1 is not compared by"):
        read_methods(changed)


def test_the_bars_hold_on_sources_that_were_left_out_also_between_laboratories() -> None:
    for rates in (METHOD.calibration.cross_validated, METHOD.calibration.between_laboratories):
        assert rates.auc >= 0.94
        assert rates.cllr <= 0.45
        assert rates.false_link_rate <= FALSE_LINK_LIMIT


def test_the_cut_is_the_lowest_that_keeps_false_links_within_the_limit() -> None:
    known = METHOD.calibration
    assert known.false_link_upper <= FALSE_LINK_LIMIT
    row = next(cut for cut in known.cuts if cut.score == known.linked_at)
    assert row.different_above / known.different_pairs == pytest.approx(known.false_link_rate, abs=1e-5)
    assert known.possible_at < known.linked_at


def test_the_cut_leaves_room_for_what_another_set_differs_by() -> None:
    """Halves vary around this set as this set varies around the truth; another set varies by both."""
    known = METHOD.calibration
    assert (
        known.false_link_rate + 2**0.5 * (known.false_link_upper - known.false_link_rate) <= FALSE_LINK_LIMIT
    )


def test_what_is_compared_one_by_one_is_what_was_calibrated_in_one_go() -> None:
    samples = read_samples(OCTETS)
    rows = METRICS[METRIC](treated_all(samples, CHOSEN))
    for place in range(1, 240, 17):
        one = score_of(METHOD, samples.samples[0].values, samples.samples[place].values)
        assert one == pytest.approx(rows[0, place], abs=5.1e-5)


def test_the_likelihood_ratio_is_neither_bold_nor_timid() -> None:
    """A ratio should be right about as often as it claims: over the whole set the two mean costs come out close."""
    samples = read_samples(OCTETS)
    pairs = pairs_of(samples, METRICS[METRIC](treated_all(samples, CHOSEN)))
    slope, offset = fit(pairs)
    log10 = slope * pairs.score + offset
    best = min(cllr(log10 * bend + shift, pairs.same) for bend in (0.8, 1, 1.25) for shift in (-0.3, 0, 0.3))
    assert cllr(log10, pairs.same) == pytest.approx(best)


@pytest.mark.slow
def test_no_other_way_to_compare_is_clearly_better_than_the_chosen_one() -> None:
    tried = candidates(OCTETS)
    chosen = next(
        row for row in tried if (row.scale, row.floor, row.metric) == (CHOSEN.scale, CHOSEN.floor, METRIC)
    )
    assert chosen.cllr - tried[0].cllr < 0.01
    assert tried[0].auc - chosen.auc < 0.002


def test_no_fold_splits_a_source_or_depends_on_chance() -> None:
    for first, second in halves(40, 5):
        assert sorted([*first, *second]) == list(range(40))
    assert [one.tolist() for one, _ in halves(40, 3)] == [one.tolist() for one, _ in halves(40, 3)]


def test_the_measures_know_the_perfect_and_the_empty_method() -> None:
    same = np.array([True, True, False, False, False])
    assert auc(np.array([5.0, 4, 3, 2, 1]), same) == 1
    assert auc(np.ones(5), same) == 0.5
    assert cllr(np.zeros(5), same) == pytest.approx(1)
    assert cllr(np.array([9.0, 9, -9, -9, -9]), same) < 1e-6
    assert cllr(np.array([-9.0, -9, 9, 9, 9]), same) > 9
