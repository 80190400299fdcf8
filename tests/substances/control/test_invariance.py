# SPDX-License-Identifier: Apache-2.0
"""One substance has one verdict, in whatever notation, salt or isotope it is written."""

from functools import cache

import pytest

from substances.control.engine import judge
from substances.control.shipped import shipped_rules
from substances.structures.reading import read_structure
from tests.substances.structures.notations_of import notations_of, reference_rows

ROWS = [row for row in reference_rows() if row["class"] not in {"adulterant", "benzodiazepine", "depressant"}]
SALTS = (".Cl", ".OC(=O)CC(O)(CC(O)=O)C(O)=O", ".OS(=O)(=O)c1ccc(C)cc1", ".Cl.O")


def _verdicts(text: str) -> tuple[str, ...]:
    return _verdicts_of_parent(read_structure(text).parent_smiles)


@cache
def _verdicts_of_parent(parent: str) -> tuple[str, ...]:
    """Judge a parent once: the judgement depends on nothing else."""
    return tuple(judge(rule, parent).verdict for rule in shipped_rules())


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_every_notation_has_the_same_verdicts(row: dict[str, str]) -> None:
    expected = _verdicts(row["smiles"])
    notations = [text for _, text in notations_of(row["smiles"], 7)]
    notations += [row["smiles"] + salt for salt in SALTS]
    assert {text: found for text in notations if (found := _verdicts(text)) != expected} == {}


def test_a_structure_that_is_only_alike_is_another() -> None:
    assert _verdicts("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1") != _verdicts(
        "CCC(=O)N(c1ccccc1)C1CCN(Cc2ccccc2)CC1"
    )
