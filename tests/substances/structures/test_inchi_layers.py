# SPDX-License-Identifier: Apache-2.0
"""An InChI whose formula does not count the atoms of its layers is reported as such; every valid one agrees with itself."""

import time

import pytest

from substances.errors import InputRefusedError
from substances.structures.inchi_layers import formula_disagrees
from substances.structures.reading import read_structure
from tests.substances.structures.notations_of import reference_rows


@pytest.mark.parametrize("row", reference_rows(), ids=[row["name"] for row in reference_rows()])
def test_a_good_inchi_agrees_with_itself(row: dict[str, str]) -> None:
    assert not formula_disagrees(read_structure(row["smiles"]).inchi)


@pytest.mark.parametrize(
    "inchi",
    [
        "InChI=1S/C2H7NO/c1-2(3)4/h1H3,(H2,3,4)",
        "InChI=1S/C3H5NO/c1-2(3)4/h1H3,(H2,3,4)",
        "InChI=1S/C9H14N/c1-8(10)7-9-5-3-2-4-6-9/h2-6,8H,7,10H2,1H3",
    ],
)
def test_one_whose_formula_is_another_is_told_as_such(inchi: str) -> None:
    with pytest.raises(InputRefusedError) as refusal:
        read_structure(inchi)
    assert refusal.value.code == "inchi_formula_disagrees"


def test_what_cannot_be_counted_is_no_disagreement() -> None:
    for text in ("InChI=1S/", "InChI=1S", "InChI=1S/C2H6O.ClH/c1-2-3;/h3H,2H2,1H3;1H", "InChI=1S/H2O/h1H2"):
        assert not formula_disagrees(text)


def test_a_hostile_layer_takes_no_time() -> None:
    started = time.monotonic()
    formula_disagrees("InChI=1S/C9H14N/c1-2/h" + "1234,56-78,--,(" * 2_000)
    assert time.monotonic() - started < 1
