# SPDX-License-Identifier: Apache-2.0
"""Similarity of structures: two fingerprints, many at once, and the scaffold in common, found in bounded time."""

import time
from statistics import mean

import numpy as np
import pytest

from substances.errors import InputRefusedError
from substances.structures.fingerprints import fingerprints_of, pack, similarities, tanimoto
from substances.structures.likeness import FINGERPRINT_BYTES
from substances.structures.normalising import parent_of
from substances.structures.scaffolds import common_scaffold
from tests.substances.structures.notations_of import reference_rows

FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
STRUCTURAL = ("cathinone", "synthetic cannabinoid", "arylcyclohexylamine", "benzodiazepine")


def test_a_structure_is_wholly_like_itself_and_less_like_others() -> None:
    prints = [
        fingerprints_of(smiles) for smiles in (FENTANYL, "CC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "CCO")
    ]
    scores = similarities(prints[0], pack([one.a for one in prints]), pack([one.b for one in prints]))
    assert scores[0] == 1.0
    assert 0.7 < scores[1] < 1.0
    assert scores[2] < 0.2


def test_the_two_fingerprints_are_of_different_kind() -> None:
    prints = fingerprints_of(FENTANYL)
    assert len(prints.a) == len(prints.b) == FINGERPRINT_BYTES
    assert prints.a != prints.b


def test_the_arithmetic_is_tanimotos() -> None:
    rng = np.random.default_rng(5)
    rows = [rng.integers(0, 256, FINGERPRINT_BYTES, dtype=np.uint8).tobytes() for _ in range(5000)]
    scores = tanimoto(rows[0], pack(rows))
    bits = [set(np.flatnonzero(np.unpackbits(np.frombuffer(row, np.uint8))).tolist()) for row in rows[::500]]
    asked = set(np.flatnonzero(np.unpackbits(np.frombuffer(rows[0], np.uint8))).tolist())
    expected = [len(asked & other) / len(asked | other) for other in bits]
    assert scores[::500].tolist() == pytest.approx(expected, abs=1e-6)


def test_all_bits_and_no_bits() -> None:
    full, none = b"\xff" * FINGERPRINT_BYTES, bytes(FINGERPRINT_BYTES)
    assert tanimoto(full, pack([full, none])).tolist() == [1.0, 0.0]
    assert tanimoto(none, pack([full, none])).tolist() == [0.0, 0.0]
    assert tanimoto(none, pack([])).tolist() == []


def test_a_fingerprint_of_another_length_is_refused() -> None:
    with pytest.raises(InputRefusedError, match="wrong_length"):
        pack([b"x"])
    with pytest.raises(InputRefusedError, match="unreadable"):
        fingerprints_of("C(")


def test_by_fingerprints_alone_the_first_ten_are_of_the_same_class() -> None:
    """Precision at 10 on the development set; for a class with fewer others, at as many as it has."""
    rows = reference_rows()
    prints = [fingerprints_of(parent_of(row["smiles"])) for row in rows]
    packed = pack([one.a for one in prints]), pack([one.b for one in prints])
    precision: dict[str, list[float]] = {}
    for place, row in enumerate(rows):
        scores = similarities(prints[place], *packed)
        scores[place] = -1
        others = sum(other["class"] == row["class"] for other in rows) - 1
        first = np.argsort(-scores, kind="stable")[: min(10, others)]
        if others:
            precision.setdefault(row["class"], []).append(
                mean(rows[at]["class"] == row["class"] for at in first)
            )
    assert {name: mean(precision[name]) >= 0.95 for name in ("fentanyl", "nitazene")} == {
        "fentanyl": True,
        "nitazene": True,
    }
    assert {
        name: round(mean(precision[name]), 2) for name in STRUCTURAL if mean(precision[name]) < 0.75
    } == {}


def test_the_common_scaffold_is_where_it_says() -> None:
    other = "CC(=O)N(c1ccccc1F)C1CCN(CCc2ccccc2)CC1"
    found = common_scaffold(parent_of(FENTANYL), parent_of(other))
    assert found.is_complete
    assert len(found.atoms_a) == len(found.atoms_b) == 24
    assert common_scaffold("C", "N").atoms_a == ()


def test_a_scaffold_is_searched_for_a_bounded_time() -> None:
    first = "C1CC2CC1C1CC2C2CC1C1CC2C2CC1CC2" + "CC(C)C(N)" * 5
    second = "CC(C)C(N)C1CC2CCC1C2" * 4 + "C"
    began = time.monotonic()
    found = common_scaffold(parent_of(first), parent_of(second))
    assert time.monotonic() - began < 10
    assert len(found.atoms_a) == len(found.atoms_b) > 2


def test_what_cannot_be_read_has_no_scaffold() -> None:
    with pytest.raises(InputRefusedError, match="unreadable"):
        common_scaffold("C(", "CC")


def test_what_is_too_large_to_search_is_told_as_not_searched() -> None:
    found = common_scaffold("C" * 150, "CC")
    assert (found.atoms_a, found.is_complete) == ((), False)
