# SPDX-License-Identifier: Apache-2.0
"""Classes, derivatives and isomers that no list names one by one: some are referred to a person, not all."""

from datetime import date

import pytest

from substances.control import screening
from substances.control.listings import shipped_listings
from substances.control.results import Query
from substances.control.skeletons import met_by_skeleton

ON = date(2026, 11, 28)
NAMED_BY_NO_LIST = (
    ("2-MMC", "CNC(C)C(=O)c1ccccc1C", "US"),
    ("3-CMC", "CNC(C)C(=O)c1cccc(Cl)c1", "US"),
    ("ethcathinone", "CCNC(C)C(=O)c1ccccc1", "US"),
    ("MAM-2201", "Cc1ccc(C(=O)c2cn(CCCCCF)c3ccccc23)c2ccccc12", "US"),
    ("HU-210", "CCCCCCC(C)(C)c1cc(O)c2C3CC(CO)=CCC3C(C)(C)Oc2c1", "US"),
    ("HU-210", "CCCCCCC(C)(C)c1cc(O)c2C3CC(CO)=CCC3C(C)(C)Oc2c1", "DE"),
    ("MDMB-FUBINACA", "COC(=O)C(NC(=O)c1nn(Cc2ccc(F)cc2)c2ccccc12)C(C)(C)C", "DE"),
    ("thiothinone", "CNC(C)C(=O)c1cccs1", "DE"),
    ("5F-ADB", "COC(=O)C(NC(=O)c1nn(CCCCCF)c2ccccc12)C(C)(C)C", "CA"),
    ("N-pyrrolidino metonitazene", "COc1ccc(Cc2nc3cc([N+](=O)[O-])ccc3n2CCN2CCCC2)cc1", "CA"),
    ("3-MeO-PCE", "CCNC1(CCCCC1)c1cccc(OC)c1", "CA"),
    ("MPPP", "CCC(=O)OC1(CCN(C)CC1)c1ccccc1", "CA"),
    ("flubromazepam", "O=C1CN=C(c2ccccc2F)c2cc(Br)ccc2N1", "CA"),
    ("tetrahydrocannabinol", "CCCCCc1cc(O)c2C3C=C(C)CCC3C(C)(C)Oc2c1", "CA"),
)
ORDINARY = (
    ("N-benzylbutanamide, an isomer of mephedrone", "CCCC(=O)NCc1ccccc1"),
    ("nicotine", "CN1CCCC1c1cccnc1"),
    ("lidocaine", "CCN(CC)CC(=O)Nc1c(C)cccc1C"),
    ("caffeine", "Cn1cnc2c1c(=O)n(C)c(=O)n2C"),
    ("a pesticide", "Cn1cc(C(=O)Nc2ccccc2-c2cc(F)c(F)c(F)c2)c(C(F)F)n1"),
)


def _standings(smiles: str) -> dict[str, str]:
    found = screening.screen(Query(smiles=smiles), on=ON)
    return {one.jurisdiction: one.standing for one in found.jurisdictions}


@pytest.mark.parametrize(("smiles", "jurisdiction"), [case[1:] for case in NAMED_BY_NO_LIST])
def test_what_a_class_or_an_isomer_may_reach_is_for_a_person(smiles: str, jurisdiction: str) -> None:
    assert _standings(smiles)[jurisdiction] == "review"


@pytest.mark.parametrize("smiles", [case[1] for case in ORDINARY], ids=[case[0] for case in ORDINARY])
def test_what_only_looks_a_little_like_it_is_not(smiles: str) -> None:
    assert {_standings(smiles)[one] for one in ("US", "CA", "DE")} == {"not_named"}


def test_jurisdictions_whose_lists_say_enough_are_not_asked() -> None:
    """Hits in other jurisdictions stay the same."""
    smiles = "CNC(C)C(=O)c1cccc(Cl)c1"
    found = list(met_by_skeleton(shipped_listings(), smiles))
    assert {hit.listing.jurisdiction for hit in found} == {"US", "CA", "DE"}
    settled = list(met_by_skeleton(shipped_listings(), smiles, settled={"CA", "DE"}))
    assert settled == [hit for hit in found if hit.listing.jurisdiction == "US"]
