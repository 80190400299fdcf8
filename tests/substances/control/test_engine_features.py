# SPDX-License-Identifier: Apache-2.0
"""Each word of a rule file means what the reference says, and only that."""

from typing import Any

import pytest

from substances.control.verdicts import Finding
from tests.substances.control.law_made_up import CLAUSE, GROUPS, PYRIDINE, answer, judged, slot

PYRIDINE_ALONE = "c1ccncc1"
PICOLINE = "Cc1ccncc1"


def _denied(smiles: str, **parts: Any) -> Finding:
    return next(finding for finding in judged(smiles, **parts).findings if finding.kind == "denied")


def test_the_scaffold_alone_is_the_parent() -> None:
    verdict = judged(PYRIDINE_ALONE)
    assert (verdict.verdict, [reason.code for reason in verdict.because]) == ("parent", ["unchanged_parent"])


def test_parent_in_catches_the_scaffold_alone() -> None:
    assert answer(PYRIDINE_ALONE, parent_in=True) == "in"


def test_a_permitted_substituent_is_in() -> None:
    verdict = judged(PICOLINE)
    assert (verdict.verdict, [reason.code for reason in verdict.because]) == ("in", ["all_explained"])


def test_one_atom_that_nothing_explains_puts_it_out_with_that_atom_and_the_sentence_of_the_slot() -> None:
    verdict = judged("Cc1cnccc1Cl")
    denied = [finding for finding in verdict.findings if finding.kind == "denied"]
    assert verdict.verdict == "out"
    assert [finding.sentence for finding in denied] == ["not on the ring"]
    assert [reason.code for reason in verdict.because] == ["unexplained"]
    assert len(verdict.unexplained) == 1
    assert denied[0].slot == "ring"


def test_without_the_core_it_is_out_and_says_which_core() -> None:
    verdict = judged("c1ccccc1")
    assert (verdict.verdict, verdict.core_id, verdict.findings) == ("out", "", ())
    assert [(reason.code, reason.sentence) for reason in verdict.because] == [("no_core", "pyridine")]


def test_a_position_without_a_slot_takes_nothing() -> None:
    parts = {"slots": [slot(at=[1])]}
    parts["slots"][0]["subst"] = [{"groups": ["methyl"], **CLAUSE}]
    assert answer("Cc1ccccn1", **parts) == "in"
    assert _denied("Cc1cccnc1", **parts).code == "no_such_position"


def test_modification_makes_the_bare_core_a_change() -> None:
    assert answer(PYRIDINE_ALONE, cores=[{"id": "p", "smarts": PYRIDINE, "modification": True}]) == "in"


def test_counts_false_is_no_change_by_itself() -> None:
    uncounted = [slot(subst=[{"groups": ["methyl"], **CLAUSE, "counts": False}])]
    assert answer(PICOLINE, slots=uncounted) == "parent"


def test_an_option_that_does_not_count_is_no_change_either() -> None:
    uncounted = [slot(options=[{**CLAUSE, "group": "methyl", "counts": False}])]
    assert answer(PICOLINE, slots=uncounted) == "parent"
    assert answer(PICOLINE, slots=[slot(options=[{**CLAUSE, "group": "methyl"}])]) == "in"


def test_a_group_of_the_parent_is_no_change() -> None:
    verdict = judged(
        PICOLINE, slots=[slot(options=[{"clause": "parent", "label": "methyl", "group": "methyl"}])]
    )
    assert verdict.verdict == "parent"
    assert [finding.kind for finding in verdict.findings] == ["core", "parent"]


def test_review_asks_for_a_person_and_says_why() -> None:
    verdict = judged(PICOLINE, slots=[slot(subst=[{"groups": ["methyl"], **CLAUSE, "review": "is it?"}])])
    assert verdict.verdict == "review"
    assert [(reason.code, reason.sentence) for reason in verdict.because] == [("for_review", "is it?")]


def test_a_sure_entry_goes_before_one_for_review() -> None:
    entries = [{"groups": ["any"], **CLAUSE, "review": "is it?"}, {"groups": ["methyl"], "clause": "(ii)"}]
    verdict = judged(PICOLINE, slots=[slot(subst=entries)])
    assert (verdict.verdict, verdict.clauses) == ("in", ("(ii)",))


def test_required_puts_out_what_bears_hydrogen_with_its_own_sentence() -> None:
    parts = {"slots": [slot(required=True, deny_h="hydrogen here", subst=[{"groups": ["methyl"], **CLAUSE}])]}
    assert answer(PICOLINE, **parts) == "in"
    assert (_denied(PYRIDINE_ALONE, **parts).code, _denied(PYRIDINE_ALONE, **parts).sentence) == (
        "missing",
        "hydrogen here",
    )
    assert [reason.code for reason in judged(PYRIDINE_ALONE, **parts).because] == ["missing"]
    assert len(_denied(PYRIDINE_ALONE, **parts).atoms) == 5  # the positions of the slot, and not the nitrogen


def test_without_a_sentence_of_its_own_hydrogen_is_told_by_the_slot() -> None:
    parts = {"slots": [slot(required=True, subst=[{"groups": ["methyl"], **CLAUSE}])]}
    assert _denied(PYRIDINE_ALONE, **parts).sentence == "not on the ring"


def test_a_slot_is_required_only_where_the_core_has_its_position() -> None:
    cores = [{"id": "pyridine", "smarts": PYRIDINE}, {"id": "furan", "smarts": "o1[c:6]ccc1"}]
    parts = {"cores": cores, "slots": [slot(required=True, subst=[{"groups": ["methyl"], **CLAUSE}])]}
    assert answer(PYRIDINE_ALONE, **parts) == "out"
    assert answer("c1ccoc1", **parts) == "parent"


def test_max_takes_no_more_than_that() -> None:
    parts = {"slots": [slot(max=1, subst=[{"groups": ["methyl"], **CLAUSE}])]}
    assert answer(PICOLINE, **parts) == "in"
    assert _denied("Cc1cc(C)ncc1", **parts).code == "too_many"


def test_requires_any_lets_others_stand_only_beside_one_of_its_groups() -> None:
    entries = [{"groups": ["any"], "clause": "further"}, {"groups": ["halo"], **CLAUSE}]
    parts = {"slots": [slot(requires_any=["halo"], subst=entries)]}
    assert _denied(PICOLINE, **parts).code == "needs_company"
    assert answer("Cc1cnccc1Cl", **parts) == "in"
    assert answer("Clc1ccncc1", **parts) == "in"
    assert answer(PYRIDINE_ALONE, **parts) == "parent"


def test_an_entry_that_fits_in_part_is_no_company() -> None:
    """A substituent has two readings; only one that leaves no atom unexplained is a kind that it can be."""
    ring = {"clause": "(ii)", "label": "ring", "smarts": "[*:90]C"}
    entries = [{"groups": ["any"], "clause": "further"}]
    parts = {"slots": [slot(requires_any=["halo"], options=[ring], subst=entries)]}
    assert answer("CCc1ccncc1", **parts) == "out"


def test_requires_any_counts_a_bridge_by_its_name() -> None:
    entries = [{"groups": ["any"], "clause": "further"}, {"bridge": ["[c]OCO[c]"], "name": "dioxy", **CLAUSE}]
    parts = {"slots": [slot(requires_any=["dioxy"], subst=entries)]}
    assert answer("c1ncc2OCOc2c1", **parts) == "in"
    assert answer("c1nc(C)c2OCOc2c1", **parts) == "in"
    assert answer(PICOLINE, **parts) == "out"


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("c1ncc2OCOc2c1", "in"),
        ("c1ncc2OCCOc2c1", "out"),  # another bridge
        ("c1ncc2OC(C)Oc2c1", "out"),  # the bridge with something on it
        ("c1nc(OC)ccc1", "out"),  # one end only
        ("c1ccc2ncccc2c1", "out"),  # a fused ring is no bridge of this kind
    ],
)
def test_a_bridge_is_the_whole_of_what_lies_between_two_positions(smiles: str, expected: str) -> None:
    assert (
        answer(smiles, slots=[slot(subst=[{"bridge": ["[c]OCO[c]"], "name": "dioxy", **CLAUSE}])]) == expected
    )


def test_a_bridge_reads_the_same_from_both_ends() -> None:
    for smiles in ("c1ncc2OCCc2c1", "c1ncc2CCOc2c1"):
        assert answer(smiles, slots=[slot(subst=[{"bridge": ["[c]OCC[c]"], "name": "b", **CLAUSE}])]) == "in"


def test_a_bridge_has_to_end_at_positions_of_its_own_slot() -> None:
    bridge = {"bridge": ["[c]OCO[c]"], "name": "dioxy", **CLAUSE}
    halves = [
        slot(name="outer", at=[1, 2, 4, 5], subst=[bridge]),
        slot(name="middle", at=[3], subst=[bridge]),
    ]
    assert answer("n1cc2OCOc2cc1", slots=halves) == "out"
    assert answer("n1c2OCOc2ccc1", slots=halves) == "in"


def test_multiple_bond_lets_a_group_hang_by_a_double_bond() -> None:
    ring = [{"id": "ring", "smarts": "[C:1]1[C:2][C:3][C:4][C:5]C1"}]
    parts = {"cores": ring, "slots": [slot(subst=[{"groups": ["oxo"], **CLAUSE}])]}
    assert answer("O=C1CCCCC1", **parts) == "in"
    assert answer("C=C1CCCCC1", **parts) == "out"
    single = GROUPS | {"oxo": {"smarts": "[*]=O", "closed": True}}
    assert answer("O=C1CCCCC1", groups=single, **parts) == "out"


def test_any_does_not_reach_over_a_double_bond() -> None:
    ring = [{"id": "ring", "smarts": "[C:1]1[C:2][C:3][C:4][C:5]C1"}]
    assert answer("O=C1CCCCC1", cores=ring, slots=[slot(subst=[{"groups": ["any"], **CLAUSE}])]) == "out"


def test_mw_max_is_the_largest_mass_that_is_reached() -> None:
    assert answer(PICOLINE, mw_max=94) == "in"  # 4-picoline has 93.13 g/mol
    verdict = judged(PICOLINE, mw_max=93)
    assert (verdict.verdict, verdict.because[0].code, verdict.unexplained) == ("out", "mass", ())


def test_a_rule_encoded_in_part_does_not_decide_out() -> None:
    for smiles in ("Clc1ccncc1", "CCO"):
        verdict = judged(smiles, partial=True)
        assert (verdict.verdict, verdict.structural) == ("not-decided", "out")
        assert verdict.because[0].code == "partly_encoded"
    assert answer(PICOLINE, partial=True) == "in"


def test_a_named_exclusion_is_told_with_its_reason_and_the_clause_it_would_meet() -> None:
    named = [{"name": "picoline", "smiles": "c1cc(C)ccn1", "reason": "listed elsewhere"}]
    verdict = judged("[2H]c1cc(C)ccn1.Cl", exclude_named=named)
    assert (verdict.verdict, verdict.structural) == ("excluded", "in")
    assert verdict.because[0].sentence == "picoline: listed elsewhere"
    assert answer("Cc1cccnc1", exclude_named=named) == "in"


def test_a_named_exclusion_that_is_out_anyway_stays_out() -> None:
    named = [{"name": "chloropyridine", "smiles": "Clc1ccncc1", "reason": "listed elsewhere"}]
    assert answer("Clc1ccncc1", exclude_named=named) == "out"


def test_of_two_cores_the_one_that_explains_more_is_taken() -> None:
    cores = [
        {"id": "pyridine", "smarts": PYRIDINE},
        {"id": "picoline", "smarts": "[n:9]1[c:1][c:2]c(C)[c:4][c:5]1"},
    ]
    verdict = judged("Cc1ccncc1", cores=cores, slots=[slot(at=[1], subst=[{"groups": ["methyl"], **CLAUSE}])])
    assert (verdict.verdict, verdict.core_id) == ("parent", "picoline")


def test_every_way_a_core_lies_on_a_structure_is_tried() -> None:
    """Position 1 alone takes the methyl, and the ring can be read in two directions."""
    parts = {"slots": [slot(at=[1], subst=[{"groups": ["methyl"], **CLAUSE}])]}
    assert answer("Cc1ccccn1", **parts) == answer("n1ccccc1C", **parts) == "in"
    assert answer("Cc1cccc(C)n1", **parts) == "out"


def test_two_slots_of_one_position_share_what_hangs_there() -> None:
    anilide = [{"id": "n", "smarts": "[NX3:1][CX4:2]c1ccccc1"}]
    slots = [
        slot(
            name="ring", at=[1], required=True, max=1, deny="no ring", options=[{**CLAUSE, "group": "phenyl"}]
        ),
        slot(
            name="chain",
            at=[1],
            required=True,
            max=1,
            deny="no chain",
            deny_h="bare",
            options=[{**CLAUSE, "group": "any"}],
        ),
    ]
    assert answer("CCN(Cc1ccccc1)c1ccccc1", cores=anilide, slots=slots) == "in"
    assert _denied("c1ccccc1NCc1ccccc1", cores=anilide, slots=slots).sentence == "bare"
    assert _denied("CCN(C)Cc1ccccc1", cores=anilide, slots=slots).sentence == "no ring"


def test_a_further_bond_between_core_atoms_has_to_be_explained() -> None:
    chain = [{"id": "chain", "smarts": "[C:1][C:2][C:3]"}]
    assert (
        answer("CCC", cores=chain, slots=[slot(at=[1, 2, 3], subst=[{"groups": ["halo"], **CLAUSE}])])
        == "parent"
    )
    assert (
        answer("C1CC1", cores=chain, slots=[slot(at=[1, 2, 3], subst=[{"groups": ["halo"], **CLAUSE}])])
        == "out"
    )
    closing = [{"bridge": ["[C][C]"], "name": "bond", **CLAUSE}]
    assert answer("C1CC1", cores=chain, slots=[slot(at=[1, 2, 3], subst=closing)]) == "in"


INDICATORS = {
    "kind": "open_textured",
    "cores": [],
    "slots": [],
    "indicators": [{"smarts": "c1ccncc1", "reason": "a pyridine"}],
}


def test_law_without_a_closed_list_is_only_ever_for_review() -> None:
    parts = {key: value for key, value in INDICATORS.items() if value != []}
    verdict = judged(PICOLINE, **parts, cores=[], slots=[])
    assert (verdict.verdict, verdict.because[0].sentence) == ("review", "a pyridine")
    assert len(verdict.findings[0].atoms) == 6
    assert answer("CCO", **parts, cores=[], slots=[]) == "out"


def test_too_many_ways_is_a_question_for_a_person_never_a_silent_out() -> None:
    crowd = "C" + "C(C)(C)" * 60 + "Cl"
    verdict = judged(
        crowd,
        cores=[{"id": "three", "smarts": "[C:1][C:2][C:3]"}],
        slots=[slot(at=[1], subst=[{"groups": ["halo"], **CLAUSE}])],
    )
    assert (verdict.verdict, verdict.because[0].code) == ("review", "not_all_ways_tried")


def test_the_core_is_told_by_the_name_of_the_rule_else_by_its_own() -> None:
    cores = [{"id": "one-of-them", "smarts": PYRIDINE}]
    assert judged(PICOLINE, cores=cores).findings[0].label == "pyridine"
    assert judged(PICOLINE, cores=cores, core_name=None).findings[0].label == "one-of-them"
