# SPDX-License-Identifier: Apache-2.0
"""The desk's questions about control are answered by a process that may die, with the same answers and types."""

from datetime import date

import pytest

from substances.control import safe, screening, timeline
from substances.control.checking import check_rules_text
from substances.control.diffs import difference_of_listings
from substances.control.engine import judge
from substances.control.faults import RulesRefusedError
from substances.control.listings import read_listings, shipped_listings_text
from substances.control.results import Query
from substances.control.shipped import shipped_rules, shipped_rules_text
from substances.errors import InputRefusedError
from substances.structures.normalising import parent_of
from tests.substances.control.law_made_up import made_up, text_of

TODAY = date(2026, 1, 1)
FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
CYANO = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccc(C#N)cc2)CC1"


def test_a_screening_is_the_same_apart() -> None:
    query = Query(smiles=FENTANYL + ".Cl", name="fentanyl", synonyms=("x",))
    assert safe.screen(query, on=TODAY, also=["NL"]) == screening.screen(
        query, on=TODAY, jurisdictions=["NL"]
    )


def test_a_timeline_and_verdicts_are_the_same_apart() -> None:
    query = Query(smiles=FENTANYL)
    parent = parent_of(FENTANYL)
    assert safe.timeline(query) == timeline.timeline(query)
    assert safe.judge(parent) == tuple(judge(rule, parent) for rule in shipped_rules())
    assert safe.rescreen([parent, "CCO"]) == tuple(
        tuple(judge(rule, one).verdict for rule in shipped_rules()) for one in (parent, "CCO")
    )


def test_the_law_in_use_travels_as_texts() -> None:
    law = safe.LawTexts(rules=text_of(made_up()))
    answer = safe.screen(Query(smiles="Cc1ccncc1"), on=TODAY, law=law)
    assert {one.jurisdiction: one.standing for one in answer.jurisdictions}["XA"] == "meets_definition"


def test_rule_files_of_strangers_are_checked_apart() -> None:
    bad = text_of(made_up(examples={"in": ["CCO"]}))
    assert safe.check_rules(bad) == check_rules_text(bad)
    assert safe.check_rules("a: [").faults[0].code == "not_yaml"


def test_differences_are_told_apart() -> None:
    before, after = text_of(made_up()), text_of(made_up(confidence="low"))
    assert safe.difference_of_rules(before, after).changed[0].changes[0].path == "confidence"
    text = shipped_listings_text()
    cut = "\n".join(text.splitlines()[:-1])
    assert safe.difference_of_listings(text, cut) == difference_of_listings(
        read_listings(text), read_listings(cut)
    )


def test_refusals_come_back_as_themselves() -> None:
    with pytest.raises(InputRefusedError):
        safe.screen(Query(smiles="C1CC"), on=TODAY)
    with pytest.raises(RulesRefusedError) as refusal:
        safe.screen(Query(name="x"), on=TODAY, law=safe.LawTexts(rules="a: ["))
    assert refusal.value.faults[0].code == "not_yaml"


def test_the_shipped_text_is_the_shipped_set() -> None:
    assert safe.check_rules(shipped_rules_text()).digest == shipped_rules().digest
