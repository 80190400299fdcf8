# SPDX-License-Identifier: Apache-2.0
"""A few hundred hostile structures and spectra, the same ones each time; `./dev drill structures` feeds ten thousand."""

import pytest

from devtool.drills.chemistry import MAX_PEAK_MIB, MAX_SECONDS, READERS, feed, peak_mib
from devtool.drills.chemistry_seeds import blocks, inchis, smiles, spectra
from substances.sandbox import sandboxed
from substances.structures.reading import read_structure

EACH = 60


@pytest.mark.parametrize("name", READERS)
def test_no_hostile_input_costs_an_answer_a_second_or_the_memory(name: str) -> None:
    sandboxed.parent_of("C")
    outcome = feed(READERS[name], range(EACH))
    assert outcome.failed == [], (
        f"more than {MAX_SECONDS} s, or no answer; repeat with --reader {name} --seed N"
    )
    assert outcome.ends["refused"] > 0
    assert outcome.ends["accepted"] + outcome.ends["refused"] == EACH
    assert 0 < peak_mib() < MAX_PEAK_MIB


@pytest.mark.parametrize(("name", "number"), [("csv", 7002641), ("smiles", 7000372), ("smiles", 7003320)])
def test_what_the_drill_once_found_stays_mended(name: str, number: int) -> None:
    assert feed(READERS[name], [number]).ends["lost"] == 0


def test_what_the_hostile_ones_are_made_from_is_well_formed() -> None:
    for text in (*smiles(), *inchis()[::5], *blocks()[::5]):
        assert read_structure(text).heavy_atoms
    for name, octets in spectra():
        assert sandboxed.run("read_spectra", name, octets)
