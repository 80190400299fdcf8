# SPDX-License-Identifier: Apache-2.0
"""Known structures ranked by similarity: two fingerprints, then a bonus for the same rule and the same clause."""

import pytest

from substances import analogues
from substances.analogues import MAX_ANALOGUES, SAME_CLAUSE, SAME_RULE, Traits, rank_analogues, traits_of
from substances.control.shipped import shipped_rules
from substances.errors import InputRefusedError
from substances.structures.normalising import parent_of

FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
FLUORO = "CCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1"
CHLORO = "CCC(=O)N(c1ccc(Cl)cc1)C1CCN(CCc2ccccc2)CC1"
HALOPERIDOL = "O=C(CCCN1CCC(O)(c2ccc(Cl)cc2)CC1)c1ccc(F)cc1"
CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
ETONITAZENE = "CCOc1ccc(Cc2nc3cc(ccc3n2CCN(CC)CC)[N+](=O)[O-])cc1"


def traits(smiles: str) -> Traits:
    return traits_of(parent_of(smiles), shipped_rules().rules)


KNOWN = [traits(smiles) for smiles in (CAFFEINE, CHLORO, HALOPERIDOL, ETONITAZENE, FENTANYL)]


def test_the_same_class_comes_first_and_tells_which_rules_and_clauses_are_shared() -> None:
    ranked = rank_analogues(traits(FLUORO), KNOWN)
    assert [one.position for one in ranked[:2]] in ([1, 4], [4, 1])
    assert len(ranked) == len(KNOWN)
    chloro = next(one for one in ranked if one.position == 1)
    assert {"US-FRS", "CN-FENT", "UK-FENT"} <= set(chloro.same_rules)
    assert any(clause.startswith("CN-FENT ") for clause in chloro.same_clauses)
    assert chloro.score == pytest.approx(chloro.similarity + SAME_RULE + SAME_CLAUSE, abs=0.001)
    caffeine = next(one for one in ranked if one.position == 0)
    assert caffeine.same_rules == ()
    assert caffeine.score == caffeine.similarity


def test_a_structure_is_most_like_itself() -> None:
    for position, known in enumerate(KNOWN):
        first = rank_analogues(known, KNOWN)[0]
        assert first.position == position
        assert first.similarity == 1


def test_the_order_does_not_depend_on_the_order_of_what_is_known() -> None:
    forwards = [one.position for one in rank_analogues(traits(FLUORO), KNOWN)]
    backwards = [len(KNOWN) - 1 - one.position for one in rank_analogues(traits(FLUORO), KNOWN[::-1])]
    assert forwards == backwards


def test_no_more_than_asked_for_and_never_more_than_the_limit() -> None:
    assert len(rank_analogues(KNOWN[0], KNOWN, limit=2)) == 2
    assert len(rank_analogues(KNOWN[0], KNOWN * 30, limit=1000)) == MAX_ANALOGUES
    assert rank_analogues(KNOWN[0], []) == ()


def test_what_is_no_structure_is_refused() -> None:
    with pytest.raises(InputRefusedError):
        traits_of("C1CC", shipped_rules().rules)


def test_nothing_of_the_module_makes_up_a_structure_or_asks_what_is_not_controlled() -> None:
    """The module ranks given structures: it imports no writer of structures and no sorting by standing."""
    assert not {"standings", "listings", "MolToSmiles", "outside"} & set(dir(analogues))
