# SPDX-License-Identifier: Apache-2.0
"""Rules, lists and comparisons see one parent, in whatever notation a substance is written."""

from collections.abc import Iterable

import pytest

from substances.control.engine import judge
from substances.control.precursors import shipped_precursors
from substances.control.shipped import shipped_rules
from substances.structures.normalising import first_block, parent_of
from substances.structures.reading import read_structure
from tests.substances.structures.notations_of import SALTS, notations_of, reference_rows

ROWS = reference_rows()
EVERY_SALT = (*SALTS, "OS(=O)(=O)c1ccc(C)cc1", "Cl.O")
ORGANIC = [row.smiles for row in shipped_precursors().rows if row.smiles.count("C") > 3]


def _otherwise(smiles: str, notations: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the notations of a substance that are read as another parent than its own."""
    parent = parent_of(smiles)
    read = [(name, read_structure(text).parent_smiles) for name, text in notations]
    return {name: found for name, found in read if found != parent}


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row["name"] for row in ROWS])
def test_every_notation_and_salt_of_a_reference_substance_has_one_parent(number: int) -> None:
    row = ROWS[number]
    assert _otherwise(row["smiles"], notations_of(row["smiles"], number)) == {}
    assert _otherwise(row["smiles"], [(salt, f"{row['smiles']}.{salt}") for salt in EVERY_SALT]) == {}
    parent = parent_of(row["smiles"])
    assert parent_of(parent) == parent
    assert first_block(read_structure(parent).inchikey) == first_block(row["inchikey"])


@pytest.mark.parametrize(
    "smiles", [smiles for smiles in ORGANIC if smiles not in {row["smiles"] for row in ROWS}]
)
def test_every_notation_of_a_precursor_has_one_parent(smiles: str) -> None:
    assert _otherwise(smiles, notations_of(smiles, 3)) == {}


def test_the_reference_set_is_whole() -> None:
    assert len(ROWS) == 125


def test_a_structure_that_is_only_alike_has_other_verdicts() -> None:
    fentanyl, benzylfentanyl = (
        [judge(rule, parent_of(smiles)).verdict for rule in shipped_rules()]
        for smiles in ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "CCC(=O)N(c1ccccc1)C1CCN(Cc2ccccc2)CC1")
    )
    assert fentanyl != benzylfentanyl
