# SPDX-License-Identifier: Apache-2.0
"""A salt or a mixture is screened by every organic component, and the answer names the one that was found."""

from datetime import date

import pytest

from substances.control.results import JurisdictionStatus, Query, Screening
from substances.control.screening import PARTS_AT_MOST, screen
from substances.structures.limits import MAX_COMPONENTS

TODAY = date(2026, 11, 28)
BENZILIC = "OC(=O)C(O)(c1ccccc1)c1ccccc1"
SACCHARIC = "OC(=O)C(O)C(O)C(O)C(O)C(=O)O"
AMPHETAMINE = "CC(N)Cc1ccccc1"
PIPERIDONE = "O=C1CCNCC1"
CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
METODESNITAZENE = "CCN(CC)CCn1c(Cc2ccc(OC)cc2)nc2ccccc12"
ISOTODESNITAZENE = "CC(C)Oc1ccc(Cc2nc3ccccc3n2CCN(CC)CC)cc1"  # in no list by name
LARGE = "CCCCCCCCCCCCCCCCCCCCCCc1ccc(CCCCCCCCCCCCCCCC)cc1"


def _screened(smiles: str) -> Screening:
    return screen(Query(smiles=smiles), on=TODAY)


def _status(answer: Screening, jurisdiction: str) -> JurisdictionStatus:
    return next(one for one in answer.jurisdictions if one.jurisdiction == jurisdiction)


@pytest.mark.parametrize("acid", [BENZILIC, SACCHARIC, "OC(=O)C(O)c1ccccc1", LARGE])
def test_a_precursor_is_found_beside_any_acid_and_named_as_the_part(acid: str) -> None:
    (hit,) = _screened(f"{PIPERIDONE}.{acid}").precursors
    assert (hit.name, hit.found_by, hit.part) == ("4-piperidone", "structure", PIPERIDONE)


def test_a_salt_of_a_mixed_stoichiometry_is_listed_by_its_base() -> None:
    answer = _screened(f"{AMPHETAMINE}.{AMPHETAMINE}.{SACCHARIC}")
    assert answer.parent_smiles == AMPHETAMINE
    (listing,) = _status(answer, "UN").listings
    assert (listing.name, listing.found_by, listing.part) == ("AMFETAMINE", "structure", AMPHETAMINE)
    assert (listing.effect, listing.reason) == ("lists", "listed_by_name")
    german = {one.name: one.found_by for one in _status(answer, "DE").listings}
    assert german == {"Amfetamin": "structure", "Levamfetamin": "structure_without_stereo"}


def test_a_salt_with_a_mineral_acid_names_no_part() -> None:
    listings = _status(_screened(f"{AMPHETAMINE}.Cl"), "UN").listings
    assert {listing.part for listing in listings} == {""}


def test_the_most_telling_component_gives_a_rule_its_verdict_and_says_which_it_is() -> None:
    answer = _screened(f"{ISOTODESNITAZENE}.{LARGE}")
    assert answer.parent_smiles != ISOTODESNITAZENE
    status = _status(answer, "UK")
    rule = next(rule for rule in status.rules if rule.rule_id == "UK-NITA")
    assert (status.standing, rule.verdict.verdict) == ("meets_definition", "in")
    assert rule.part == _screened(ISOTODESNITAZENE).parent_smiles


def test_the_order_of_the_components_changes_nothing() -> None:
    one, other = _screened(f"{METODESNITAZENE}.{CAFFEINE}"), _screened(f"{CAFFEINE}.{METODESNITAZENE}")
    assert one == other


def test_of_many_components_the_largest_are_asked_and_that_is_said() -> None:
    many = ".".join("C" * length + "N" for length in range(1, MAX_COMPONENTS + 1))
    answer = _screened(many)
    assert "other_components_not_screened" in answer.limits
    assert PARTS_AT_MOST < MAX_COMPONENTS


def test_a_stereo_form_that_a_list_does_not_draw_is_found_with_stereo_left_aside() -> None:
    """Amfetamine is listed without a stereo form, and its right form stands in some lists beside it."""
    answer = _screened("C[C@H](N)Cc1ccccc1")
    assert [(one.name, one.found_by) for one in _status(answer, "CA").listings] == [
        ("amphetamine", "structure")
    ]
    assert {one.standing for one in answer.jurisdictions if one.jurisdiction != "CN"} == {"listed"}


@pytest.mark.parametrize(
    ("synonym", "name"),
    [
        ("PMK", "3,4-methylenedioxyphenyl-2-propanone"),
        ("BMK", "phenyl-2-propanone (P-2-P)"),
        ("PMK glycidate", "3,4-MDP-2-P methyl glycidate"),
        ("PMK ethyl glycidate", "ethyl ester of 3,4-MDP-2-P methyl glycidic acid"),
        ("BMK glycidic acid", "P-2-P methyl glycidic acid"),
        ("acetic acid anhydride", "acetic anhydride"),
    ],
)
def test_a_precursor_is_found_by_its_common_name(synonym: str, name: str) -> None:
    assert [hit.name for hit in screen(Query(name=synonym), on=TODAY).precursors] == [name]


@pytest.mark.parametrize("name", ["heroin", "Heroin HCl", "diacetylmorphine"])
def test_heroin_is_listed_as_diamorphine(name: str) -> None:
    answer = screen(Query(name=name), on=TODAY)
    listings = _status(answer, "UN").listings
    assert [(one.name, one.schedule, one.found_by) for one in listings] == [
        ("HEROIN", "Schedule I", "name"),
        ("HEROIN", "Schedule IV", "name"),
    ]
    assert [one.name for one in _status(answer, "UK").listings] == ["Diamorphine"]


def test_how_far_the_lists_are_known_is_told() -> None:
    answer = _screened(CAFFEINE)
    told = {one.instrument: (one.extent, one.until) for one in _status(answer, "CA").coverage}
    assert told["Controlled Drugs and Substances Act, S.C. 1996, c. 19"] == ("complete", "2026-06-14")
    assert {extent for extent, _until in told.values()} == {"complete", "none"}
    assert answer.prepared == "2026-11"


@pytest.mark.parametrize(
    ("smiles", "is_said"),
    [
        ("CC(=O)C(C#N)c1ccccc1", True),
        ("CC(O)=C(C#N)c1ccccc1", True),
        ("CC(=O)C(C(=O)OC)c1ccccc1", True),
        ("CC(=O)Cc1ccccc1", False),
        (AMPHETAMINE, False),
        ("Oc1ccccc1", False),
    ],
)
def test_where_a_keto_enol_form_is_drawn_that_others_were_not_compared_is_said(
    smiles: str, is_said: bool
) -> None:
    assert ("tautomers_not_compared" in _screened(smiles).limits) == is_said


def test_the_key_of_the_parent_goes_with_the_answer() -> None:
    assert _screened(f"{AMPHETAMINE}.Cl").parent_inchikey == _screened(AMPHETAMINE).inchikey
