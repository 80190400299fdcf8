# SPDX-License-Identifier: Apache-2.0
"""The law of the day that is asked about: the version, its basis, and the standing that follows."""

from datetime import date

import pytest

from substances.control.results import JurisdictionStatus, Query
from substances.control.rules import read_rules
from substances.control.screening import law_of, screen
from substances.control.shipped import shipped_rules
from tests.substances.control.law_made_up import made_up, text_of

PARA_IODOFENTANYL = "CCC(=O)N(c1ccc(I)cc1)C1CCN(CCc2ccccc2)CC1"  # in no list by name
ISOTODESNITAZENE = "CC(C)Oc1ccc(Cc2nc3ccccc3n2CCN(CC)CC)cc1"  # in no list by name

IN_FORCE = {
    "2018-01-01": {"CA-FENT", "UK-CATH", "UK-CATH2", "UK-FENT", "UK-SCRA"},
    "2020-01-01": {"CA-FENT", "CN-FENT", "UK-CATH", "UK-CATH2", "UK-FENT", "UK-SCRA", "US-FRS"},
    "2025-06-30": {
        "CA-FENT", "CN-FENT", "CN-SC", "DE-NPSG6", "DE-NPSG7", "UK-CATH", "UK-CATH2", "UK-FENT", "UK-NITA", "UK-SCRA",
        "US-FRS",
    },
    "2025-07-17": {
        "CA-FENT", "CN-FENT", "CN-NITA", "CN-SC", "DE-NPSG6", "DE-NPSG7", "UK-CATH", "UK-CATH2", "UK-FENT", "UK-NITA",
        "UK-SCRA", "US-FRS",
    },
}  # fmt: skip


def _status(smiles: str, on: str, jurisdiction: str) -> JurisdictionStatus:
    answer = screen(Query(smiles=smiles), on=date.fromisoformat(on))
    return next(one for one in answer.jurisdictions if one.jurisdiction == jurisdiction)


@pytest.mark.parametrize("day", IN_FORCE)
def test_the_rules_of_a_day_are_those_in_force(day: str) -> None:
    assert {rule.id for rule in shipped_rules().in_force(date.fromisoformat(day))} == IN_FORCE[day]


@pytest.mark.parametrize(
    ("rule", "day", "basis"),
    [
        ("US-FRS", "2020-01-01", "temporary order and its extensions"),
        ("US-FRS", "2025-06-30", "temporary order and its extensions"),
        ("US-FRS", "2025-07-15", "temporary order and its extensions"),
        ("US-FRS", "2025-07-16", "statute"),
        ("US-FRS", "2025-07-17", "statute"),
        ("UK-SCRA", "2018-01-01", "SI 2016/1109 (wider chapeau)"),
        ("UK-SCRA", "2020-01-01", "SI 2019/1323"),
    ],
)
def test_the_basis_is_that_of_the_day(rule: str, day: str, basis: str) -> None:
    interval = shipped_rules().rule(rule).interval_on(date.fromisoformat(day))
    assert interval is not None
    assert interval.basis == basis


def test_the_first_day_of_an_interval_is_inside_and_the_last_is_not() -> None:
    rule = shipped_rules().rule("US-FRS")
    assert rule.interval_on(date(2018, 2, 5)) is None
    assert rule.interval_on(date(2018, 2, 6)) is not None
    text = text_of(made_up(in_force=[{"from": "2020-01-01", "to": "2021-01-01", "basis": "b"}]))
    ended = read_rules(text).rules[0]
    assert ended.phase_on(date(2019, 12, 31)) == "not_yet"
    assert ended.phase_on(date(2020, 12, 31)) == "in_force"
    assert ended.phase_on(date(2021, 1, 1)) == "ended"


@pytest.mark.parametrize(
    ("jurisdiction", "standings"),
    [
        ("US", ("not_yet", "meets_definition", "meets_definition", "meets_definition")),
        ("CN", ("not_yet", "meets_definition", "meets_definition", "meets_definition")),
        ("UK", ("meets_definition",) * 4),
        ("CA", ("review",) * 4),
        ("DE", ("not_known_then",) * 4),
        ("UN", ("not_covered",) * 4),
    ],
)
def test_a_fentanyl_that_no_list_names_has_the_standing_of_the_day(
    jurisdiction: str, standings: tuple[str, ...]
) -> None:
    found = tuple(_status(PARA_IODOFENTANYL, day, jurisdiction).standing for day in IN_FORCE)
    assert found == standings


@pytest.mark.parametrize(
    ("jurisdiction", "standings"),
    [
        ("UK", ("not_yet", "not_yet", "meets_definition", "meets_definition")),
        ("DE", ("not_known_then", "not_known_then", "meets_definition", "meets_definition")),
        ("CN", ("not_yet", "not_yet", "not_yet", "review")),
        ("US", ("not_known_then",) * 4),
    ],
)
def test_a_nitazene_that_no_list_names_has_the_standing_of_the_day(
    jurisdiction: str, standings: tuple[str, ...]
) -> None:
    found = tuple(_status(ISOTODESNITAZENE, day, jurisdiction).standing for day in IN_FORCE)
    assert found == standings


def test_a_law_to_come_says_from_when() -> None:
    status = _status(ISOTODESNITAZENE, "2024-12-31", "UK")
    coming = next(rule for rule in status.rules if rule.rule_id == "UK-NITA")
    assert (status.standing, status.by, status.sentences[0]) == ("not_yet", "UK-NITA", "applies_from")
    assert (coming.phase, coming.start) == ("not_yet", date(2025, 1, 15))


def test_a_law_that_ended_says_until_when() -> None:
    law = law_of(rules=text_of(made_up(in_force=[{"from": "2020-01-01", "to": "2021-01-01", "basis": "b"}])))
    answer = screen(Query(smiles="Cc1ccncc1"), on=date(2022, 1, 1), law=law)
    status = next(one for one in answer.jurisdictions if one.jurisdiction == "XA")
    assert (status.standing, status.sentences) == (
        "ended",
        ("applied_until", "no_rule_in_force", "not_covered"),
    )
    assert status.rules[0].end == date(2021, 1, 1)


def test_of_two_versions_the_one_of_the_day_is_asked() -> None:
    narrow = made_up(in_force=[{"from": "2020-01-01", "to": "2021-01-01", "basis": "a"}])
    wide = made_up(
        in_force=[{"from": "2021-01-01", "to": None, "basis": "b"}],
        slots=[{"name": "ring", "at": [1, 2, 3, 4, 5], "subst": [{"groups": ["any"], "clause": "(i)"}]}],
    )
    law = law_of(rules=text_of(narrow, wide))
    for day, standing, basis in (
        (date(2019, 1, 1), "not_yet", "a"),
        (date(2020, 6, 1), "not_yet", "a"),
        (date(2021, 6, 1), "meets_definition", "b"),
    ):
        answer = screen(Query(smiles="Clc1ccncc1"), on=day, law=law)
        status = next(one for one in answer.jurisdictions if one.jurisdiction == "XA")
        assert (status.standing, [rule.basis for rule in status.rules]) == (standing, [basis]), day
    assert law.rules.rule("XA-TEST", date(2020, 6, 1)).in_force[0].basis == "a"
    assert law.rules.rule("XA-TEST", date(2019, 6, 1)).in_force[0].basis == "a"
    assert law.rules.rule("XA-TEST").in_force[0].basis == "b"
    with pytest.raises(KeyError):
        law.rules.rule("XA-UNHEARD")
