# SPDX-License-Identifier: Apache-2.0
"""Rules and comparisons see one parent, in whatever notation a substance is written."""

import pytest

from substances.structures.normalising import first_block, parent_of
from substances.structures.reading import read_structure
from tests.substances.structures.notations_of import notations_of, reference_rows

ROWS = reference_rows()


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row["name"] for row in ROWS])
def test_every_notation_of_a_reference_substance_has_one_parent(number: int) -> None:
    row = ROWS[number]
    parent = parent_of(row["smiles"])
    other = {
        name: read
        for name, text in notations_of(row["smiles"], number)
        if (read := read_structure(text).parent_smiles) != parent
    }
    assert other == {}
    assert first_block(read_structure(parent).inchikey) == first_block(row["inchikey"])


def test_the_reference_set_is_whole() -> None:
    assert len(ROWS) == 125


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_parent_of_a_parent_is_itself(row: dict[str, str]) -> None:
    parent = parent_of(row["smiles"])
    assert parent_of(parent) == parent
