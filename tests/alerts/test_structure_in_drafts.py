# SPDX-License-Identifier: Apache-2.0
"""A structure in a draft: canonical, with its identifiers; disagreements are named, and nothing typed is lost."""

from typing import Any

import pytest

from alerts.document.fields import FIELDS
from alerts.drafting.drafts import create_draft, read_draft, save_revision
from alerts.models import Alert
from alerts.review.preview import check_draft
from callers.errors import InputError
from substances.errors import WorkerLostError
from substances.sandbox import sandboxed
from tests.alerts.conftest import Desks

SMILES = "CCN(CC)CCN1C2=CC=CC=C2N=C1CC1=CC=C(OC)C=C1"
CANONICAL = "CCN(CC)CCn1c(Cc2ccc(OC)cc2)nc2ccccc21"
KEY = "SFNKTTXBZXVGOH-UHFFFAOYSA-N"
ETHANOL_MOL = """
  drawn

  3  2  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0  0  0  0  0
    1.5000    0.0000    0.0000 C   0  0  0  0  0  0
    2.2000    1.2000    0.0000 O   0  0  0  0  0  0
  1  2  1  0
  2  3  1  0
M  END
"""


def data_of(desks: Desks, draft: Alert) -> Any:
    draft.refresh_from_db()
    return read_draft(desks.lab.author, draft).data


def save(desks: Desks, draft: Alert, **data: Any) -> Any:
    draft.refresh_from_db()
    save_revision(desks.lab.author, draft, data=data, base=draft.current, now=desks.hub.now)
    return data_of(desks, draft)


def errors_of(desks: Desks, draft: Alert) -> dict[str, str]:
    draft.refresh_from_db()
    found = check_draft(desks.lab.author, draft, now=desks.hub.now)
    return {name: " ".join(texts) for name, texts in found.errors.items()}


def asked_of(desks: Desks, draft: Alert) -> set[str]:
    draft.refresh_from_db()
    return {question.code for question in check_draft(desks.lab.author, draft, now=desks.hub.now).questions}


def test_a_typed_structure_is_kept_canonical_and_fills_what_is_empty(desks: Desks) -> None:
    draft = desks.draft(structure=SMILES, preferred_name="metodesnitazene", inchikey=None, formula=None)
    data = data_of(desks, draft)
    assert (data["structure"], data["inchikey"], data["formula"]) == (CANONICAL, KEY, "C21H27N3O")
    assert data["inchi"].startswith("InChI=1S/C21H27N3O/")
    assert draft.current == 1, "reading it makes no revision of its own"


def test_every_notation_becomes_the_same_structure(desks: Desks) -> None:
    for typed in [ETHANOL_MOL, "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "OCC"]:
        data = data_of(
            desks, desks.draft(structure=typed, preferred_name="ethanol", inchikey=None, formula=None)
        )
        assert (data["structure"], data["formula"]) == ("CCO", "C2H6O")


def test_another_structure_takes_its_own_identifiers_along_and_typed_ones_stay(desks: Desks) -> None:
    draft = desks.draft(
        structure="CCO", preferred_name="a solvent", inchikey=None, formula="C2H6O", inchi=None
    )
    data = save(desks, draft, structure="CCCO", formula="C9H9")
    assert data["inchikey"] == "BDERNNFJNOPAEC-UHFFFAOYSA-N", "it was filled, so it follows"
    assert data["formula"] == "C9H9", "it was typed, so it stays"
    assert errors_of(desks, draft) == {"formula": "Formula: the structure above has C3H8O; correct one."}


def test_identifiers_of_another_structure_are_named_at_their_fields(desks: Desks) -> None:
    draft = desks.draft(
        structure=SMILES,
        preferred_name="something",
        inchikey="VMZUTJCNQWMAGF-UHFFFAOYSA-N",
        formula="C17H15ClN4S",
        inchi="InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3",
    )
    found = errors_of(desks, draft)
    assert found["inchikey"].startswith(f"InChIKey: the structure above has {KEY}; correct one.")
    assert found["inchi"] == "InChI: it is of another structure than the one above; correct one."
    assert "Formula: the structure above has C21H27N3O; correct one." in found["formula"]


def test_the_formula_of_the_base_beside_its_salt_is_asked_about(desks: Desks) -> None:
    draft = desks.draft(
        structure=f"{SMILES}.Cl", preferred_name="a salt", inchikey=None, inchi=None, formula="C21H27N3O"
    )
    assert errors_of(desks, draft) == {}
    assert "formula-of-the-base" in asked_of(desks, draft)


def test_a_name_that_the_reference_set_gives_to_another_structure_is_asked_about(desks: Desks) -> None:
    draft = desks.draft(structure=SMILES, preferred_name="etizolam", inchikey=None, formula=None)
    assert "name-of-another-structure" in asked_of(desks, draft)
    draft = desks.draft(structure=SMILES, preferred_name="metodesnitazene", inchikey=None, formula=None)
    assert "name-of-another-structure" not in asked_of(desks, draft)


def test_a_number_of_another_known_substance_is_asked_about_with_both_names(desks: Desks) -> None:
    """Number and structure may each be right; the reader has to learn that they are two substances."""
    draft = desks.draft(
        structure=SMILES, preferred_name="metodesnitazene", cas_rn="103-79-7", inchikey=None, formula=None
    )
    draft.refresh_from_db()
    questions = check_draft(desks.lab.author, draft, now=desks.hub.now).questions
    sentence = (
        "CAS number: the reference set knows it as phenyl-2-propanone (P-2-P); "
        "the structure above is metodesnitazene."
    )
    (asked,) = (one for one in questions if one.code == "cas-of-another-substance")
    assert (asked.field, asked.text) == ("cas_rn", sentence)
    draft = desks.draft(
        structure=SMILES, preferred_name="metodesnitazene", cas_rn="14030-77-4", inchikey=None, formula=None
    )
    assert "cas-of-another-substance" not in asked_of(desks, draft), "a number that no set knows is no doubt"


def test_what_cannot_be_read_stays_as_it_was_typed_and_stops_at_its_field(desks: Desks) -> None:
    for typed in ["C1CC(", "[#999]", "InChI=1S/nonsense"]:
        draft = desks.draft(structure=typed, preferred_name="something", inchikey=None, formula=None)
        assert data_of(desks, draft)["structure"] == typed
        assert errors_of(desks, draft)["structure"].startswith("Structure:")


def test_more_than_any_structure_holds_is_refused_by_its_field(desks: Desks) -> None:
    with pytest.raises(InputError) as refused:
        create_draft(desks.lab.author, data={"structure": "C" * 200_001}, now=desks.hub.now)
    assert refused.value.field == "structure"


def test_a_structure_beside_an_unknown_identity_is_asked_about(desks: Desks) -> None:
    draft = desks.draft(
        structure="CCO", identity_state="unknown", preferred_name=None, inchikey=None, formula=None
    )
    assert asked_of(desks, draft) == {"structure-without-identity"}


def test_where_nobody_can_read_it_just_now_the_text_stays_and_nothing_stops(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_args: Any, **_kwargs: Any) -> None:
        raise WorkerLostError

    monkeypatch.setattr(sandboxed, "run", lost)
    draft = desks.draft(structure="OCC", preferred_name="ethanol", inchikey=None, formula=None)
    data = data_of(desks, draft)
    assert (data["structure"], data["screening"]) == ("OCC", None)
    assert errors_of(desks, draft) == {}


def test_nobody_sends_what_the_hub_computes(desks: Desks) -> None:
    forged = {"schema": "accord-screening/1", "verdicts": {"CN-NITA": "out"}}
    draft = desks.draft(
        structure=SMILES, preferred_name="metodesnitazene", inchikey=None, formula=None, screening=forged
    )
    assert data_of(desks, draft)["screening"] is None and FIELDS["screening"].computed
