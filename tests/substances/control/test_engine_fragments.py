# SPDX-License-Identifier: Apache-2.0
"""Whole fragments and groups: rings closed on an atom, ring steps, inner positions, and each limit of a group."""

from typing import Any

import pytest

from tests.substances.control.law_made_up import CLAUSE, answer, judged, slot

PICOLINE = "Cc1ccncc1"
AMINE = [{"id": "amine", "smarts": "[NX3:1][CH2:2][CX3](=O)c1ccccc1"}]


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("O=C(CN1CCCC1)c1ccccc1", "in"),
        ("O=C(CN1CCOCC1)c1ccccc1", "in"),
        ("O=C(CN1CCC(c2ccccc2)CC1)c1ccccc1", "in"),
        ("O=C(CN(C)C)c1ccccc1", "out"),
        ("O=C1CNCc2ccccc21", "out"),  # a ring through the core is not closed on the atom itself
    ],
)
def test_cyclic_is_a_ring_closed_on_the_core_atom_itself(smiles: str, expected: str) -> None:
    parts = {"cores": AMINE, "slots": [slot(at=[1], options=[{**CLAUSE, "label": "ring", "cyclic": True}])]}
    assert answer(smiles, **parts) == expected


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("O=C(CN1CCCC1)c1ccccc1", "in"),
        ("O=C(CN1CCCC1C)c1ccccc1", "out"),  # closed: nothing on the ring
        ("O=C(CN1CCCCC1)c1ccccc1", "out"),
    ],
)
def test_cyclic_with_a_pattern_is_that_ring_and_no_other(smiles: str, expected: str) -> None:
    option = {**CLAUSE, "label": "pyrrolidine", "cyclic": True, "smarts": "[NX3:90]1CCCC1"}
    assert answer(smiles, cores=AMINE, slots=[slot(at=[1], options=[option])]) == expected


def _ring(**step: Any) -> dict[str, Any]:
    return {
        "slots": [slot(at=[3], options=[{**CLAUSE, "smarts": "[*:90][CX4:1]", "ring": {"at": 1, **step}}])]
    }


BENZYL, FURFURYL, CYCLOHEXYLMETHYL, OXANYLMETHYL = (
    "c1cc(Cc2ccccc2)ccn1",
    "c1cc(Cc2ccco2)ccn1",
    "c1cc(CC2CCCCC2)ccn1",
    "c1cc(CC2CCOCC2)ccn1",
)
NAPHTHYLMETHYL = "c1cc(Cc2ccc3ccccc3c2)ccn1"


@pytest.mark.parametrize(
    ("step", "taken"),
    [
        ({}, {BENZYL, FURFURYL, CYCLOHEXYLMETHYL, OXANYLMETHYL}),
        ({"not_phenyl": True}, {FURFURYL, CYCLOHEXYLMETHYL, OXANYLMETHYL}),
        ({"aromatic": True}, {BENZYL, FURFURYL}),
        ({"hetero": True}, {FURFURYL, OXANYLMETHYL}),
        ({"carbocycle": True}, {BENZYL, CYCLOHEXYLMETHYL}),
        ({"saturated": True}, {CYCLOHEXYLMETHYL, OXANYLMETHYL}),
        ({"aromatic": True, "hetero": True}, {FURFURYL}),
        ({"carbocycle": True, "saturated": True}, {CYCLOHEXYLMETHYL}),
    ],
)
def test_a_ring_step_takes_a_monocycle_of_the_kind_it_says(step: dict[str, Any], taken: set[str]) -> None:
    every = {BENZYL, FURFURYL, CYCLOHEXYLMETHYL, OXANYLMETHYL, NAPHTHYLMETHYL}
    assert {smiles for smiles in every if answer(smiles, **_ring(**step)) == "in"} == taken


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("c1cc(Cc2ccc(C)cc2)ccn1", "in"),
        ("c1cc(Cc2ccc(O)cc2)ccn1", "out"),
        ("c1cc(C(C)c2ccccc2)ccn1", "out"),  # the list is for the ring, not for the chain
        ("c1cc(Cc2ccc3CCCc3c2)ccn1", "out"),  # fused
        ("c1cc(CC2CCC3(CC2)CC3)ccn1", "out"),  # spiro
        ("c1cc(CCc2ccccc2)ccn1", "out"),  # one atom further away
    ],
)
def test_a_ring_step_with_a_list_takes_only_that_on_the_ring(smiles: str, expected: str) -> None:
    assert answer(smiles, **_ring(subst=[{"groups": ["methyl"], **CLAUSE}])) == expected


def test_any_on_a_ring_is_anything_that_is_not_fused() -> None:
    assert answer("c1cc(Cc2ccc(C(=O)N(C)C)cc2)ccn1", **_ring(subst="any")) == "in"
    assert answer("c1cc(CC2CCC(=O)CC2)ccn1", **_ring(subst="any")) == "in"
    assert answer(NAPHTHYLMETHYL, **_ring(subst="any")) == "out"


def test_a_ring_may_hang_on_the_core_atom_itself() -> None:
    parts = {
        "slots": [
            slot(at=[3], options=[{**CLAUSE, "smarts": "[*:90]", "ring": {"at": 90, "aromatic": True}}])
        ]
    }
    assert answer("c1cc(-c2ccccc2)ccn1", **parts) == "in"
    assert answer("c1cc(C2CCCCC2)ccn1", **parts) == "out"
    assert answer(BENZYL, **parts) == "out"


def test_inner_substituents_hang_where_the_option_says() -> None:
    option = {
        **CLAUSE,
        "smarts": "[*:90][CX4:1]c1cc[c:2]cc1",
        "subst": {"1,2": [{"groups": ["methyl"], **CLAUSE}]},
    }
    parts = {"slots": [slot(at=[3], options=[option])]}
    assert answer(BENZYL, **parts) == "in"
    assert answer("c1cc(C(C)c2ccccc2)ccn1", **parts) == "in"
    assert answer("c1cc(Cc2ccc(C)cc2)ccn1", **parts) == "in"
    assert answer("c1cc(Cc2cccc(C)c2)ccn1", **parts) == "out"
    assert answer("c1cc(Cc2ccc(Cl)cc2)ccn1", **parts) == "out"


def test_an_option_that_fits_but_for_one_atom_names_that_atom_only() -> None:
    option = {
        **CLAUSE,
        "smarts": "[*:90][CX4:1]c1cc[c:2]cc1",
        "subst": {"2": [{"groups": ["methyl"], **CLAUSE}]},
    }
    verdict = judged("c1cc(Cc2ccc(Cl)cc2)ccn1", slots=[slot(at=[3], options=[option])])
    assert (verdict.verdict, len(verdict.unexplained)) == ("out", 1)


@pytest.mark.parametrize(
    ("group", "yes", "no"),
    [
        ({"elements": ["C"]}, "CCc1ccncc1", "OCc1ccncc1"),
        ({"elements": ["C", "O"], "count_max": {"O": 1}}, "COc1ccncc1", "COCOc1ccncc1"),
        ({"elements": ["C"], "c_min": 2}, "CCc1ccncc1", "Cc1ccncc1"),
        ({"elements": ["C"], "c_max": 1}, "Cc1ccncc1", "CCc1ccncc1"),
        ({"heavy_max": 2}, "CCc1ccncc1", "CCCc1ccncc1"),
        ({"elements": ["C", "F"], "halogen_min": 1}, "FCc1ccncc1", "CCc1ccncc1"),
        ({"elements": ["C"], "saturated": True}, "CCc1ccncc1", "C=Cc1ccncc1"),
        ({"elements": ["C"], "no_triple": True}, "C=Cc1ccncc1", "C#Cc1ccncc1"),
        ({"elements": ["C"], "cc_double_min": 1}, "C=Cc1ccncc1", "CCc1ccncc1"),
        ({"elements": ["C", "O"], "cc_double_min": 1}, "C=CCc1ccncc1", "O=CCc1ccncc1"),
        ({"elements": ["C"], "no_aromatic": True}, "C1CC1c1ccncc1", "c1ccccc1-c1ccncc1"),
        ({"elements": ["C"], "ring": "none"}, "CCc1ccncc1", "C1CC1c1ccncc1"),
        ({"elements": ["C"], "ring": "required"}, "C1CC1c1ccncc1", "CCc1ccncc1"),
        ({"smarts": "[*]-[CH2]"}, "CCc1ccncc1", "CC(C)c1ccncc1"),
        ({"smarts": ["[*]-F", "[*]-Cl"]}, "Clc1ccncc1", "Brc1ccncc1"),
        ({"smarts": "[*]-[CH2]", "closed": True}, "[CH2]c1ccncc1", "CCc1ccncc1"),
    ],
)
def test_each_limit_of_a_group_holds_by_itself(group: dict[str, Any], yes: str, no: str) -> None:
    parts = {"slots": [slot(at=[3], subst=[{"groups": ["one"], **CLAUSE}])], "groups": {"one": group}}
    assert (answer(yes, **parts), answer(no, **parts)) == ("in", "out")


@pytest.mark.parametrize(
    ("name", "extra", "shown"),
    [
        ("methyl", {}, "methyl"),
        ("alkyl_c3", {}, "alkyl up to C3"),
        ("x_y", {}, "x y"),
        ("x", {"label": "a word"}, "a word"),
    ],
)
def test_a_group_is_shown_in_words(name: str, extra: dict[str, Any], shown: str) -> None:
    groups = {name: {"smarts": "[*]-[CH3]", "closed": True} | extra}
    verdict = judged(PICOLINE, groups=groups, slots=[slot(subst=[{"groups": [name], **CLAUSE}])])
    assert [finding.label for finding in verdict.findings] == ["pyridine", shown]
