# SPDX-License-Identifier: Apache-2.0
"""Disagreement of a name, a number or a formula with its structure; and agreement."""

import pytest

from substances.structures.identifiers import Disagreement, compare_identifiers, has_cas_digit
from substances.structures.names import blocks_of_name, names_of_block
from substances.structures.reading import read_structure
from tests.substances.structures.notations_of import reference_rows

FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
BASE = read_structure(FENTANYL)
SALT = read_structure(f"{FENTANYL}.Cl")
AMPHETAMINE = read_structure("C[C@H](N)Cc1ccccc1")


def _codes(structure_of: object, **given: str) -> list[tuple[str, str]]:
    found = compare_identifiers(structure_of, **given)  # type: ignore[arg-type]
    return [(item.field, item.code) for item in found]


def test_what_agrees_is_not_mentioned() -> None:
    given = {
        "inchi": BASE.inchi,
        "inchikey": BASE.inchikey,
        "formula": BASE.formula,
        "cas": "437-38-7",
        "name": "Fentanyl",
    }
    assert compare_identifiers(BASE, **given) == ()
    assert compare_identifiers(BASE) == ()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"inchi": AMPHETAMINE.inchi}, "other_structure"),
        ({"inchi": "InChI=1S/nonsense"}, "not_an_inchi"),
        ({"inchi": SALT.inchi}, "other_structure"),
        ({"inchikey": AMPHETAMINE.inchikey}, "other_structure"),
        ({"inchikey": "PJMPHNIQZUBGLI"}, "not_an_inchikey"),
        ({"inchikey": BASE.inchikey[:15] + "AAAAAAAAAA-N"}, "other_stereo_or_isotopes"),
        ({"formula": "C22H28N2O2"}, "other_formula"),
        ({"formula": "fentanyl"}, "not_a_formula"),
        ({"cas": "437-38-8"}, "check_digit"),
        ({"cas": "43738-7"}, "not_a_cas_number"),
        ({"name": "xylazine"}, "other_substance"),
        ({"cas": "103-79-7"}, "other_substance"),
        ({"name": "heroin"}, "other_substance"),
    ],
)
def test_what_disagrees_is_named(given: dict[str, str], code: str) -> None:
    (field,) = given
    assert _codes(BASE, **given) == [(field, code)]


def test_the_base_of_a_salt_is_told_apart_from_another_substance() -> None:
    given = {"inchi": BASE.inchi, "inchikey": BASE.inchikey, "formula": BASE.formula}
    assert {code for _, code in _codes(SALT, **given)} == {"of_the_base"}


@pytest.mark.parametrize("formula", ["C22H28N2O.ClH", "C22H28N2O·HCl", "C22H29ClN2O", "C22 H28 N2 O . HCl"])
def test_a_formula_may_be_written_in_parts(formula: str) -> None:
    assert _codes(SALT, formula=formula) == []


def test_deuterium_counts_as_hydrogen() -> None:
    assert _codes(read_structure("[2H]C([2H])([2H])N"), formula="CD3H2N") == []


def test_a_name_goes_with_its_salt_and_its_stereo_forms() -> None:
    for structure in (BASE, SALT):
        assert _codes(structure, name="Fentanyl hydrochloride") == []
        assert _codes(structure, name="fentanyl") == []
    assert _codes(read_structure("CC(N)Cc1ccccc1"), name="amphetamine") == []


def test_a_name_that_no_reference_set_knows_is_no_disagreement() -> None:
    assert _codes(BASE, name="blue powder") == []


def test_what_is_expected_is_said() -> None:
    assert compare_identifiers(BASE, formula="CH4") == (
        Disagreement("formula", "other_formula", "C22H28N2O"),
    )
    assert compare_identifiers(BASE, name="xylazine")[0].expected == "fentanyl"


@pytest.mark.parametrize("row", reference_rows(), ids=lambda row: row["name"])
def test_every_reference_name_is_known_for_its_own_structure(row: dict[str, str]) -> None:
    assert row["inchikey"][:14] in blocks_of_name(row["name"])
    assert row["name"] in names_of_block(row["inchikey"][:14])
    assert _codes(read_structure(row["smiles"]), name=row["name"], formula=row["formula"]) == []


@pytest.mark.parametrize(
    ("cas", "good"),
    [("437-38-7", True), ("58-08-2", True), ("58-08-3", False), ("7732-18-5", True), ("", False)],
)
def test_the_check_digit(cas: str, good: bool) -> None:
    assert has_cas_digit(cas) is good
