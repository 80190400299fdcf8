# SPDX-License-Identifier: Apache-2.0
"""A screening names every source on a substance on a day, and never claims more than is known."""

import json
from datetime import date
from functools import cache

import pytest

from substances import jsonform
from substances.control.listings import shipped_listings
from substances.control.results import (
    LIMITS,
    SCHEMA,
    SENTENCES,
    STANDINGS,
    JurisdictionStatus,
    Query,
    Screening,
)
from substances.control.screening import law_of, screen
from substances.control.shipped import shipped_rules
from substances.control.verdicts import FINDING_CODES, FINDING_KINDS, REASON_CODES, VERDICTS
from substances.errors import InputRefusedError
from substances.structures.patterns import full_inchikey
from tests.substances.control.law_made_up import made_up, text_of
from tests.substances.structures.notations_of import reference_rows

TODAY = date(2026, 11, 28)
SUFENTANIL = "CCC(=O)N(c1ccccc1)C1(COC)CCN(CCc2cccs2)CC1"
FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"


def _status(answer: Screening, jurisdiction: str) -> JurisdictionStatus:
    return next(one for one in answer.jurisdictions if one.jurisdiction == jurisdiction)


def _screened(smiles: str, **named: str) -> Screening:
    return screen(Query(smiles=smiles, **named), on=TODAY)  # type: ignore[arg-type]


def test_a_substance_named_by_a_list_is_listed_whatever_the_rules_say_of_it() -> None:
    answer = _screened(SUFENTANIL)
    assert {one.jurisdiction: one.standing for one in answer.jurisdictions} == {
        "UN": "listed",
        "CA": "listed",
        "CN": "listed",
        "DE": "listed",
        "UK": "review",
        "US": "listed",
    }
    assert _status(answer, "US").sentences[:2] == ("listed_since_unknown", "excluded_by_name")


def test_the_parent_of_a_class_is_told_as_such() -> None:
    """Before the day of the text that names fentanyl, only the class rule covers it."""
    before = screen(Query(smiles=FENTANYL), on=date(1990, 1, 1))
    assert _status(before, "UK").standing == "parent"
    assert _status(_screened(FENTANYL), "UK").sentences == ("listed_since_unknown", "class_parent")


def test_a_named_exclusion_that_no_list_names_is_told_as_excluded() -> None:
    status = _status(_screened("CC(NC(C)(C)C)C(=O)c1cccc(Cl)c1"), "UK")
    assert (status.standing, status.by, status.sentences[0]) == ("excluded", "UK-CATH", "excluded_by_name")


def test_lists_that_do_not_name_it_are_told_apart_from_lists_that_are_not_known() -> None:
    answer = screen(Query(smiles=CAFFEINE), on=TODAY, jurisdictions=["NL"])
    assert (_status(answer, "DE").standing, _status(answer, "DE").sentences[:2]) == (
        "not_named",
        ("not_named", "outside_known_rules"),
    )
    assert (_status(answer, "UK").standing, _status(answer, "UK").sentences[:2]) == (
        "not_covered",
        ("lists_partial", "outside_known_rules"),
    )
    assert (_status(answer, "NL").standing, _status(answer, "NL").sentences) == (
        "not_covered",
        ("not_covered",),
    )
    assert "outside_known_rules" not in _status(answer, "UN").sentences, "no class rule is known"


def test_a_jurisdiction_asked_for_by_its_iso_code_is_the_one_that_rules_know() -> None:
    answer = screen(Query(smiles=FENTANYL), on=TODAY, jurisdictions=["GB", "UK"])
    assert [one.jurisdiction for one in answer.jurisdictions] == ["UN", "CA", "CN", "DE", "UK", "US"]


def test_a_rule_encoded_in_part_leaves_open_what_it_does_not_reach() -> None:
    assert "rule_partly_encoded" in _status(_screened(CAFFEINE), "CN").sentences


def test_without_a_structure_class_rules_are_not_asked_and_that_is_said() -> None:
    answer = screen(Query(name="Xylazine HCl"), on=TODAY)
    assert "no_structure" in answer.limits
    assert _status(answer, "UK").standing == "listed"
    assert (_status(answer, "US").standing, _status(answer, "US").sentences) == (
        "not_asked",
        ("structure_needed",),
    )
    assert _status(answer, "UN").standing == "not_covered"
    assert all(not one.rules for one in answer.jurisdictions)


def test_a_number_that_no_list_holds_says_how_few_numbers_are_known() -> None:
    """The lists name fentanyl, and have no number for it."""
    fentanyl = screen(Query(cas="437-38-7"), on=TODAY)
    assert {one.standing for one in fentanyl.jurisdictions} == {"not_asked", "not_covered"}
    assert "cas_numbers_known_of_few" in fentanyl.limits
    ephedrine = screen(Query(cas="299-42-3"), on=TODAY)
    assert _status(ephedrine, "UN").standing == "listed"
    assert "cas_numbers_known_of_few" not in ephedrine.limits


def test_nothing_asked_is_nothing_found() -> None:
    answer = screen(Query(), on=TODAY)
    assert {one.standing for one in answer.jurisdictions} == {"not_asked", "not_covered"}
    assert (answer.precursors, answer.medicine, answer.parent_smiles) == ((), None, "")


def test_a_name_or_number_of_another_structure_is_said_and_passed_over() -> None:
    answer = _screened(CAFFEINE, name="fentanyl", cas="103-79-7")
    assert {"name_is_of_another_structure", "cas_is_of_another_structure"} <= set(answer.limits)
    assert {one.standing for one in answer.jurisdictions} == {"not_named", "not_covered"}
    assert "name_is_of_another_structure" not in _screened(FENTANYL, name="fentanyl").limits


def test_the_medicine_note_comes_with_the_answer() -> None:
    assert _screened(CAFFEINE).medicine is None
    note = _screened("CCN(CC)CC(=O)Nc1c(C)cccc1C.Cl").medicine
    assert note is not None
    assert note.name == "lidocaine"


def test_each_rule_comes_with_what_a_reader_needs_to_weigh_it() -> None:
    rule = next(rule for rule in _status(_screened(FENTANYL), "US").rules if rule.rule_id == "US-FRS")
    assert (rule.phase, rule.start, rule.end, rule.basis) == ("in_force", date(2025, 7, 16), None, "statute")
    assert (rule.confidence, rule.text_seen, rule.effect) == ("high", "yes", "schedule I")
    assert "Public Law 119-26" in rule.instrument
    assert len(rule.interpretation) == 4


def test_a_structure_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InputRefusedError):
        _screened("C1CC")


def test_the_record_for_an_alert_replays_the_verdicts() -> None:
    compact = _screened(SUFENTANIL).compact()
    assert compact["schema"] == SCHEMA
    assert compact["ruleset"] == shipped_rules().digest
    assert compact["verdicts"] == {
        rule.rule_id: rule.verdict.verdict
        for one in _screened(SUFENTANIL).jurisdictions
        for rule in one.rules
    }
    assert json.dumps(compact) == json.dumps(_screened(SUFENTANIL + ".Cl").compact())


def test_the_digest_is_that_of_the_rules_that_were_asked() -> None:
    law = law_of(rules=text_of(made_up()))
    answer = screen(Query(smiles="Cc1ccncc1"), on=TODAY, law=law)
    assert answer.ruleset == law.rules.digest != shipped_rules().digest
    assert _status(answer, "XA").standing == "meets_definition"


def test_an_answer_travels_as_json_and_comes_back_the_same() -> None:
    answer = _screened(SUFENTANIL, name="sufentanil")
    travelled = jsonform.load(jsonform.dump(jsonform.to_plain(answer)))
    assert jsonform.of_type(Screening, travelled) == answer


@pytest.mark.parametrize("row", reference_rows(), ids=[row["name"] for row in reference_rows()])
def test_every_reference_substance_answers_in_known_words(row: dict[str, str]) -> None:
    answer = screen(Query(smiles=row["smiles"], name=row["name"]), on=TODAY)
    assert set(answer.limits) <= set(LIMITS)
    for one in answer.jurisdictions:
        assert one.standing in STANDINGS
        assert set(one.sentences) <= set(SENTENCES)
        for rule in one.rules:
            verdict = rule.verdict
            assert verdict.verdict in VERDICTS
            assert {finding.kind for finding in verdict.findings} <= set(FINDING_KINDS)
            assert {finding.code for finding in verdict.findings} <= set(FINDING_CODES)
            assert {reason.code for reason in verdict.because} <= set(REASON_CODES)
    for jurisdiction, label in (("UN", row["un_schedule"]), ("US", row["us_named"])):
        if label:
            assert _status(answer, jurisdiction).standing == _standing_of_the_named(row["name"], jurisdiction)


@cache
def _named_only_by_leads() -> frozenset[tuple[str, str]]:
    """Return labelled substances that only second-hand or unread texts name, which cannot decide."""
    found = set()
    for row in reference_rows():
        hits = shipped_listings().find(keys=[full_inchikey(row["smiles"])])
        for jurisdiction in ("UN", "US"):
            entries = [hit.listing for hit in hits if hit.listing.jurisdiction == jurisdiction]
            if entries and not any(entry.decides for entry in entries):
                found.add((row["name"], jurisdiction))
    return frozenset(found)


def _standing_of_the_named(name: str, jurisdiction: str) -> str:
    return "review" if (name, jurisdiction) in _named_only_by_leads() else "listed"


def test_few_labelled_substances_are_named_by_leads_alone() -> None:
    assert _named_only_by_leads() == {
        ("2C-B", "UN"),
        ("N-desethyl isotonitazene", "UN"),
        ("N-pyrrolidino metonitazene", "UN"),
        ("NPP", "US"),
        ("cyclopropylfentanyl", "UN"),
        ("etizolam", "UN"),
        ("flualprazolam", "UN"),
        ("phenazepam", "UN"),
        ("remifentanil", "UN"),
    }


def test_of_a_mixture_every_component_is_asked_and_more_than_four_are_told() -> None:
    mixture = _screened(f"{FENTANYL}.{CAFFEINE}")
    assert mixture.parent_smiles == _screened(FENTANYL).parent_smiles
    assert "other_components_not_screened" not in mixture.limits
    many = ".".join([FENTANYL, CAFFEINE, "CCCCCCc1ccccc1", "CCCCCc1ccccc1", "CCCCc1ccccc1"])
    assert "other_components_not_screened" in _screened(many).limits
