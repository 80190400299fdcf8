# SPDX-License-Identifier: Apache-2.0
"""Ordinary medicines: the note that comes first, and no hit of a class rule beyond the documented ones."""

import pytest

from substances.control.engine import judge
from substances.control.medicines import Medicine, medicine_note, shipped_medicines
from substances.control.shipped import shipped_rules
from substances.structures.patterns import full_inchikey
from substances.structures.reading import read_structure

DOCUMENTED = {
    # Excluded by name in the rules themselves.
    "amfepramone": {"UK-CATH": "excluded"},
    "bupropion": {"UK-CATH": "excluded"},
    "pyrovalerone": {"UK-CATH": "excluded"},
    "alfentanil": {"US-FRS": "excluded", "CN-FENT": "excluded", "UK-FENT": "excluded", "CA-FENT": "review"},
    "carfentanil": {"US-FRS": "excluded", "CN-FENT": "excluded", "UK-FENT": "excluded", "CA-FENT": "review"},
    "sufentanil": {"US-FRS": "excluded", "CN-FENT": "excluded", "UK-FENT": "excluded", "CA-FENT": "review"},
    "remifentanil": {"CN-FENT": "excluded", "CA-FENT": "review"},
    # One rule names it; others that do not name it reach it.
    "thiafentanil": {"US-FRS": "excluded", "CN-FENT": "in", "UK-FENT": "in", "CA-FENT": "review"},
    # The parent of a class, controlled by name.
    "fentanyl": {"US-FRS": "parent", "CN-FENT": "parent", "UK-FENT": "parent", "CA-FENT": "review"},
    # Condition 4 of the Chinese rule takes any group on the ring nitrogen.
    "lorcainide": {"CN-FENT": "in", "CA-FENT": "review"},
    # The German rule reaches the structure; its law leaves medicines out, which the interpretation says.
    "ketamine": {"DE-NPSG6": "in"},
    "tiletamine": {"DE-NPSG6": "in"},
    # A former medicine that the class definition reaches, as the reference row says.
    "metamfepramone": {"UK-CATH": "in"},
}


def test_the_list_is_long_enough_to_mean_something() -> None:
    assert len(shipped_medicines()) > 180
    assert set(DOCUMENTED) <= {medicine.name for medicine in shipped_medicines()}


@pytest.mark.parametrize("medicine", shipped_medicines(), ids=lambda medicine: medicine.name)
def test_a_medicine_is_what_the_list_says_and_hits_no_rule_by_surprise(medicine: Medicine) -> None:
    structure = read_structure(medicine.smiles)
    assert structure.formula == medicine.formula
    assert full_inchikey(medicine.smiles) == medicine.inchikey
    said = {rule.id: judge(rule, structure.parent_smiles).verdict for rule in shipped_rules()}
    hits = {rule: verdict for rule, verdict in said.items() if verdict not in {"out", "not-decided"}}
    assert hits == DOCUMENTED.get(medicine.name, {})


def test_no_two_medicines_share_a_structure_or_a_name() -> None:
    medicines = shipped_medicines()
    assert len({medicine.inchikey[:14] for medicine in medicines}) == len(medicines)
    names = [name.casefold() for medicine in medicines for name in (medicine.name, *medicine.synonyms)]
    assert len(set(names)) == len(names)


def test_a_note_is_given_by_structure_or_by_name_and_only_when_known() -> None:
    lidocaine = next(medicine for medicine in shipped_medicines() if medicine.name == "lidocaine")
    by_structure = medicine_note(blocks=[lidocaine.inchikey[:14]])
    by_name = medicine_note(names=["Lignocaine hydrochloride"])
    assert by_structure == by_name
    assert by_structure is not None
    assert (by_structure.name, by_structure.kind) == ("lidocaine", "human")
    assert medicine_note(names=["lignocain"]) is None
    assert medicine_note() is None


def test_a_structure_decides_over_a_name() -> None:
    assert medicine_note(blocks=["AAAAAAAAAAAAAA"], names=["lidocaine"]) is None
