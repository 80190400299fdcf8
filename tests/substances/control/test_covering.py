# SPDX-License-Identifier: Apache-2.0
"""Effects of an entry that is found: listed, undecided or taken out; and the worth of a list's silence."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import pytest

from substances.control.results import JurisdictionStatus, Query, Screening
from substances.control.screening import law_of, screen
from substances.structures.patterns import full_inchikey
from tests.substances.control.listing_texts import COVERAGE, ENTRY, SOURCE, text_of

TODAY: Final = date(2026, 11, 28)
AMPHETAMINE: Final = "CC(N)Cc1ccccc1"
LEFT, RIGHT = "C[C@H](N)Cc1ccccc1", "C[C@@H](N)Cc1ccccc1"
CAFFEINE: Final = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
FENTANYL: Final = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
SUFENTANIL: Final = "CCC(=O)N(c1ccccc1)C1(COC)CCN(CCc2cccs2)CC1"
METHORPHAN: Final = "COc1ccc2CC3N(C)CCC4(CCCCC34)c2c1"
DEXTROMETHORPHAN: Final = "COc1ccc2C[C@H]3[C@H]4CCCC[C@@]4(CCN3C)c2c1"
LEVOMETHORPHAN: Final = "COc1ccc2C[C@@H]3[C@@H]4CCCC[C@]4(CCN3C)c2c1"
TESTOSTERONE: Final = "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@]34C)[C@@H]1CC[C@@H]2O"
METHAQUALONE: Final = "Cc1ccccc1-n1c(C)nc2ccccc2c1=O"
CODEINE: Final = "COc1ccc2C[C@H]3N(C)CC[C@]45[C@@H](Oc1c24)[C@@H](O)C=C[C@@H]35"
ISOTONITAZENE: Final = "CC(C)Oc1ccc(cc1)Cc1nc2cc(ccc2n1CCN(CC)CC)[N+](=O)[O-]"
BROMAZOLAM: Final = "Cc1nnc2CN=C(c3ccccc3)c3cc(Br)ccc3-n12"
TILETAMINE, ZOLAZEPAM = "CCNC1(CCCCC1=O)c1cccs1", "CC1=NN(C)C2=C1C(=NCC(=O)N2C)c1ccccc1F"


def _entry(smiles: str = AMPHETAMINE, **cells: str) -> dict[str, str]:
    """Return the usual entry for this structure, without a name that another entry has too."""
    keys = {"inchikey": full_inchikey(smiles), "smiles": smiles} if smiles else {"inchikey": "", "smiles": ""}
    return ENTRY | keys | {"synonyms": "", "code": "", "cas": ""} | cells


def _asked(
    *rows: Mapping[str, str], smiles: str = "", name: str = "", on: date = TODAY
) -> JurisdictionStatus:
    """Return the standing in the jurisdiction that these rows make up."""
    law = law_of(listings=text_of(SOURCE, *map(dict, rows)))
    return _status(screen(Query(smiles=smiles, name=name), on=on, law=law), "XA")


def _said(*rows: Mapping[str, str], smiles: str = "", name: str = "", on: date = TODAY) -> tuple[str, str]:
    status = _asked(*rows, smiles=smiles, name=name, on=on)
    return status.standing, status.sentences[0]


def _status(answer: Screening, jurisdiction: str) -> JurisdictionStatus:
    return next(one for one in answer.jurisdictions if one.jurisdiction == jurisdiction)


def _shipped(*, smiles: str = "", name: str = "", on: date = TODAY) -> dict[str, tuple[str, str]]:
    answer = screen(Query(smiles=smiles, name=name), on=on)
    return {one.jurisdiction: (one.standing, one.sentences[0]) for one in answer.jurisdictions}


# Salts.


@pytest.mark.parametrize(
    ("clause", "standing", "sentence"),
    [
        ("salts", "listed", "listed_by_name"),
        ("salts isomers", "listed", "listed_by_name"),
        ("not_seen", "listed", "clause_not_seen"),
        ("isomers esters", "review", "salt_not_named"),
        ("none", "review", "salt_not_named"),
    ],
)
def test_a_salt_is_listed_where_the_clause_takes_salts_in(clause: str, standing: str, sentence: str) -> None:
    assert _said(_entry(clause=clause), smiles=f"{AMPHETAMINE}.Cl") == (standing, sentence)
    assert _said(_entry(clause=clause), smiles=AMPHETAMINE) == ("listed", "listed_by_name")


def test_an_entry_that_names_the_very_salt_needs_no_clause() -> None:
    salt = f"{AMPHETAMINE}.Cl"
    named = _entry(salt, clause="none")
    assert _said(named, smiles=salt) == ("listed", "listed_by_name")
    base = _entry(name="alpha-thing, except its hydrochloride", schedule="List 2")
    assert [one.schedule for one in _asked(base, named, smiles=salt).listings] == ["List 1"]


# Stereo forms.


@pytest.mark.parametrize("name", ["racemic thing", "Racething", "rac-thing", "(±)-thing", "dl-thing"])
@pytest.mark.parametrize(
    ("clause", "standing", "sentence"),
    [
        ("salts", "review", "other_form"),
        ("not_seen", "review", "other_form"),
        ("isomers", "listed", "listed_by_name"),
        ("stereoisomers", "listed", "listed_by_name"),
        ("stereoisomers_if_misused", "review", "only_if_misused"),
    ],
)
def test_one_form_of_a_racemate_is_listed_where_the_clause_takes_isomers_in(
    name: str, clause: str, standing: str, sentence: str
) -> None:
    racemate = _entry(name=name, clause=clause, inchikey=full_inchikey(AMPHETAMINE)[:14])
    assert _said(racemate, smiles=LEFT) == (standing, sentence)
    assert _said(racemate, smiles=AMPHETAMINE) == ("listed", "listed_by_name")


@pytest.mark.parametrize(
    ("clause", "sentence"),
    [
        ("salts isomers", "other_form"),
        ("salts", "other_form"),
        ("stereoisomers_if_misused", "only_if_misused"),
    ],
)
def test_another_form_than_the_named_one_is_for_a_person(clause: str, sentence: str) -> None:
    """ "Isomers" are those within the specific chemical designation: a name that states its form leaves none open."""
    assert _said(_entry(LEFT, clause=clause), smiles=RIGHT) == ("review", sentence)
    assert _said(_entry(LEFT, clause=clause), smiles=LEFT) == ("listed", "listed_by_name")
    assert _said(_entry(LEFT, clause=clause), smiles=AMPHETAMINE) == ("listed", "listed_by_name")


def test_where_a_list_names_the_form_itself_the_other_form_adds_no_doubt() -> None:
    other = _entry(RIGHT, schedule="List 2", clause="stereoisomers_if_misused")
    assert _asked(_entry(LEFT), other, smiles=LEFT).sentences == ("listed_by_name",)


def test_a_drawing_without_stereo_leaves_open_which_form_it_is_where_one_is_taken_out() -> None:
    rows = (_entry(LEFT), _entry(RIGHT, kind="exclusion", name="right thing"))
    assert _said(*rows, smiles=AMPHETAMINE) == ("review", "form_decides")
    assert _said(*rows, smiles=LEFT) == ("listed", "listed_by_name")
    assert _said(*rows, smiles=RIGHT) == ("excluded", "taken_out")
    assert _said(*rows, name="right thing") == ("excluded", "taken_out")


def test_an_exclusion_that_is_second_hand_takes_nothing_out() -> None:
    assert _said(_entry(kind="exclusion", grade="D"), smiles=AMPHETAMINE) == ("review", "lead_only")


METHORPHANS: Final = {
    METHORPHAN: dict.fromkeys(("UN", "CA", "CN", "DE", "UK", "US"), ("review", "form_decides")),
    DEXTROMETHORPHAN: {
        "UN": ("excluded", "taken_out"),
        "CA": ("excluded", "taken_out"),
        "CN": ("listed", "listed_by_name"),
        "DE": ("review", "only_if_misused"),
        "UK": ("review", "other_form"),
        "US": ("review", "lead_only"),
    },
    LEVOMETHORPHAN: {
        "UN": ("listed", "listed_since_unknown"),
        "CA": ("listed", "listed_since_unknown"),
        "CN": ("review", "other_form"),
        "DE": ("listed", "listed_since_unknown"),
        "UK": ("review", "other_form"),
        "US": ("listed", "listed_since_unknown"),
    },
}


@pytest.mark.parametrize("smiles", METHORPHANS, ids=["methorphan", "dextromethorphan", "levomethorphan"])
def test_of_methorphan_the_form_decides(smiles: str) -> None:
    assert _shipped(smiles=smiles) == METHORPHANS[smiles]


@pytest.mark.parametrize(
    ("name", "smiles"), [("dextromethorphan", DEXTROMETHORPHAN), ("levomethorphan", LEVOMETHORPHAN)]
)
def test_the_name_of_a_form_is_answered_as_its_drawing(name: str, smiles: str) -> None:
    assert _shipped(name=name) == METHORPHANS[smiles]


def test_the_name_of_a_racemate_is_listed_where_it_is_named() -> None:
    named = _shipped(name="racemethorphan")
    assert {one for one, (standing, _sentence) in named.items() if standing == "listed"} == {
        "UN",
        "CA",
        "DE",
        "UK",
        "US",
    }
    assert named["CN"] == ("review", "form_decides")


# Esters, ethers and derivatives.

ESTER, ETHER = TESTOSTERONE + "C(=O)CCCCCC", TESTOSTERONE + "CCC"


@pytest.mark.parametrize(
    ("clause", "standing", "sentence"),
    [
        ("salts esters ethers", "listed", "derived_listed"),
        ("derivatives", "review", "derived_not_decided"),
        ("not_seen", "review", "derived_not_decided"),
        ("salts isomers", "not_named", "not_named"),
        ("none", "not_named", "not_named"),
    ],
)
@pytest.mark.parametrize("smiles", [ESTER, ETHER], ids=["ester", "ether"])
def test_an_ester_or_ether_is_listed_where_the_clause_takes_it_in(
    smiles: str, clause: str, standing: str, sentence: str
) -> None:
    assert _said(COVERAGE, _entry(TESTOSTERONE, clause=clause), smiles=smiles) == (standing, sentence)


def test_an_ester_that_a_list_names_itself_is_that_entry() -> None:
    base = _entry(TESTOSTERONE, clause="esters", schedule="List 2")
    assert [one.schedule for one in _asked(base, _entry(ESTER), smiles=ESTER).listings] == ["List 1"]


def test_of_a_known_medicine_ethers_are_no_question() -> None:
    """Codeine is morphine's methyl ether, and the lists name each separately."""
    morphine = CODEINE.removeprefix("C")
    assert _said(COVERAGE, _entry(morphine, clause="ethers"), smiles=CODEINE)[0] == "not_named"


def test_testosterone_enanthate_is_an_ester_where_the_text_says_so() -> None:
    said = _shipped(smiles=ESTER)
    assert said["US"] == ("listed", "derived_listed")
    assert said["CA"] == ("review", "derived_not_decided")


@pytest.mark.parametrize("clause", ["derivatives", "analogues"])
def test_the_skeleton_of_an_entry_with_derivatives_is_for_a_person(clause: str) -> None:
    fentanyl = _entry(FENTANYL, clause=clause)
    larger = FENTANYL.replace("CCC(=O)", "CCCCC(=O)")
    assert _said(COVERAGE, fentanyl, smiles=larger) == ("review", "derivative_for_a_person")
    assert _said(COVERAGE, fentanyl | {"clause": "salts"}, smiles=larger)[0] == "not_named"
    assert _said(COVERAGE, fentanyl, smiles=CAFFEINE)[0] == "not_named"


@pytest.mark.parametrize("smiles", [ISOTONITAZENE, BROMAZOLAM], ids=["isotonitazene", "bromazolam"])
def test_canadas_derivatives_are_for_a_person(smiles: str) -> None:
    assert _shipped(smiles=smiles)["CA"] == ("review", "derivative_for_a_person")


# Preparations, two together, shared names.


def test_entries_about_preparations_do_not_list_the_substance() -> None:
    preparation = _entry(kind="preparation", schedule="List 3", name="not more than 1 g of thing")
    assert _said(preparation, smiles=AMPHETAMINE) == ("review", "preparation_only")
    assert _said(preparation, _entry(), smiles=AMPHETAMINE)[0] == "listed"


def test_codeine_is_listed_with_its_preparations_beside_it() -> None:
    status = _status(screen(Query(smiles=CODEINE), on=TODAY), "US")
    assert (status.standing, status.by) == ("listed", "21 CFR 1308.12, Schedule II")
    assert [(one.schedule, one.effect) for one in status.listings] == [
        ("Schedule II", "lists"),
        ("Schedule III", "undecided"),
        ("Schedule V", "undecided"),
    ]


@pytest.mark.parametrize("smiles", [TILETAMINE, ZOLAZEPAM, f"{TILETAMINE}.{ZOLAZEPAM}"])
def test_what_an_entry_names_only_together_is_for_a_person(smiles: str) -> None:
    assert _shipped(smiles=smiles)["US"] == ("review", "named_together")


def test_a_name_of_several_substances_is_for_a_person_and_asks_for_the_structure() -> None:
    rows = (_entry(synonyms="thing"), _entry(CAFFEINE, name="beta-thing", synonyms="thing"))
    assert _said(*rows, name="thing") == ("review", "name_of_several")
    taken_out = rows[1] | {"kind": "exclusion"}
    assert _said(rows[0], taken_out, name="thing") == ("review", "name_of_several")
    assert _said(*rows, name="thing", smiles=CAFFEINE) == ("listed", "listed_by_name")


# The worth of the text.


@pytest.mark.parametrize(("grade", "sentence"), [("D", "lead_only"), ("unsourced", "text_not_read")])
@pytest.mark.parametrize(("smiles", "name"), [(AMPHETAMINE, ""), ("", "alpha-thing")])
def test_what_is_second_hand_or_was_not_read_never_decides(
    smiles: str, name: str, grade: str, sentence: str
) -> None:
    lead, text = _entry(grade=grade), _entry(schedule="List 2", grade="C")
    assert _said(lead, smiles=smiles, name=name) == ("review", sentence)
    assert _said(lead, text, smiles=smiles, name=name)[0] == "listed"


@pytest.mark.parametrize(("grade", "sentence"), [("D", "lead_only"), ("unsourced", "text_not_read")])
def test_nor_does_it_decide_that_law_has_not_begun_or_has_ended(grade: str, sentence: str) -> None:
    before, after = date(2019, 1, 1), date(2022, 1, 1)
    lead = _entry(grade=grade, to="2021-01-01")
    assert _said(lead, on=before, smiles=AMPHETAMINE) == ("not_known_then", "not_known_for_date")
    assert _said(lead, on=after, smiles=AMPHETAMINE) == ("review", sentence)


@pytest.mark.parametrize("grade", ["A", "B", "C"])
def test_a_text_that_was_read_decides(grade: str) -> None:
    assert _said(_entry(grade=grade), smiles=AMPHETAMINE) == ("listed", "listed_by_name")


def test_of_two_texts_of_one_list_the_better_one_is_told() -> None:
    rows = (_entry(grade="C", item="2"), _entry(grade="A"), _entry(grade="D", item="3"))
    (told,) = _asked(*rows, smiles=AMPHETAMINE).listings
    assert (told.grade, told.effect, told.source, told.seen) == ("A", "lists", "A gazette", "2025-06-01")


# Days.


@pytest.mark.parametrize(
    ("cells", "day", "standing", "sentence"),
    [
        ({}, "2019-12-31", "not_yet", "applies_from"),
        ({}, "2020-01-01", "listed", "listed_by_name"),
        ({"to": "2021-01-01"}, "2020-12-31", "listed", "listed_by_name"),
        ({"to": "2021-01-01"}, "2021-01-01", "ended", "applied_until"),
        ({"from": "2020", "precision": "year"}, "2020-06-01", "review", "day_in_year_unknown"),
        ({"from": "2020-03", "precision": "month"}, "2020-03-31", "review", "day_in_year_unknown"),
        ({"from": "2020-03", "precision": "month"}, "2020-04-01", "listed", "listed_by_name"),
        ({"from": "", "precision": "unknown"}, "2025-05-31", "not_known_then", "not_known_for_date"),
        ({"from": "", "precision": "unknown"}, "2025-06-01", "listed", "listed_since_unknown"),
        ({"from": "", "precision": "unknown", "to": "2026-01-01"}, "2026-01-01", "ended", "applied_until"),
    ],
)
def test_law_is_that_of_the_day(cells: dict[str, str], day: str, standing: str, sentence: str) -> None:
    assert _said(_entry(**cells), on=date.fromisoformat(day), smiles=AMPHETAMINE) == (standing, sentence)


def test_a_temporary_entry_ends_on_its_day() -> None:
    assert _shipped(smiles=BROMAZOLAM, on=date(2028, 3, 16))["US"] == ("listed", "listed_since_unknown")
    assert _shipped(smiles=BROMAZOLAM, on=date(2028, 3, 17))["US"] == ("ended", "applied_until")


def test_an_old_text_answers_for_the_days_after_it() -> None:
    """Methaqualone stands in the schedules of 1971 as they were on 12 October 1988."""
    assert _shipped(smiles=METHAQUALONE, on=date(1990, 1, 1))["UN"] == ("listed", "listed_since_unknown")
    assert _shipped(smiles=METHAQUALONE, on=date(1988, 10, 11))["UN"] == (
        "not_known_then",
        "not_known_for_date",
    )


def test_what_a_list_may_have_said_goes_before_what_a_rule_leaves_alone() -> None:
    """A rule of 2018 takes sufentanil out because it is listed by name; the list of that day is not known."""
    assert _shipped(smiles=SUFENTANIL, on=date(2019, 1, 1))["US"] == ("not_known_then", "not_known_for_date")
    assert _shipped(smiles=FENTANYL, on=date(1990, 1, 1))["US"] == ("not_known_then", "not_known_for_date")


# Silence.


def test_not_named_is_said_of_complete_lists_up_to_their_day() -> None:
    status = _asked(COVERAGE, _entry(), smiles=CAFFEINE)
    assert (status.standing, status.sentences, status.complete_to) == (
        "not_named",
        ("not_named",),
        "2025-06-01",
    )
    later = COVERAGE | {"instrument": "A later act", "seen": "2026-01-01"}
    assert _asked(later, COVERAGE, _entry(), smiles=CAFFEINE).complete_to == "2025-06-01"
    assert _said(later, COVERAGE, _entry(), on=date(2025, 12, 31), smiles=CAFFEINE)[0] == "not_known_then"
    assert _said(COVERAGE, _entry(), on=date(2025, 5, 31), smiles=CAFFEINE) == (
        "not_known_then",
        "not_known_for_date",
    )


@pytest.mark.parametrize(("extent", "sentence"), [("partial", "lists_partial"), ("none", "not_covered")])
@pytest.mark.parametrize(("smiles", "name"), [(CAFFEINE, ""), ("", "caffeine")])
def test_lists_that_are_not_complete_give_no_verdict(
    smiles: str, name: str, extent: str, sentence: str
) -> None:
    status = _asked(COVERAGE | {"name": extent}, _entry(), smiles=smiles, name=name)
    assert (status.standing, status.sentences[0], status.complete_to) == ("not_covered", sentence, "")


def test_a_name_alone_that_no_list_holds_proves_nothing() -> None:
    assert _said(COVERAGE, _entry(), name="caffeine") == ("not_asked", "structure_needed")


def test_what_no_structure_can_answer_is_said_beside_silence() -> None:
    by_name, of_class = _entry("", name="a mixture"), _entry("", kind="class", name="things of a kind")
    assert _asked(COVERAGE, by_name, of_class, smiles=CAFFEINE).sentences == (
        "not_named",
        "classes_for_a_person",
        "entries_by_name_only",
    )


@pytest.mark.parametrize(
    ("smiles", "day", "jurisdiction", "sentences"),
    [
        ("CC(NC(C)(C)C)C(=O)c1cccc(Cl)c1", TODAY, "UK", ("excluded_by_name", "lists_partial")),  # bupropion
        (
            FENTANYL.replace("c1ccccc1", "c1ccc(I)cc1"),
            date(2018, 1, 1),
            "US",
            ("applies_from", "not_known_for_date"),
        ),
    ],
)
def test_beside_a_rule_that_leaves_it_alone_the_silence_of_the_lists_is_told(
    smiles: str, day: date, jurisdiction: str, sentences: tuple[str, ...]
) -> None:
    """One rule takes it out, or does not reach it yet; a list may name it all the same."""
    assert _status(screen(Query(smiles=smiles), on=day), jurisdiction).sentences == sentences


def test_the_shipped_lists_are_silent_as_far_as_they_are_known() -> None:
    answer = screen(Query(smiles=CAFFEINE), on=TODAY, jurisdictions=["NL"])
    assert {one.jurisdiction: one.standing for one in answer.jurisdictions} == {
        "UN": "not_covered",
        "CA": "not_named",
        "CN": "not_covered",
        "DE": "not_named",
        "NL": "not_covered",
        "UK": "not_covered",
        "US": "not_named",
    }
    assert {one.jurisdiction: one.complete_to for one in answer.jurisdictions if one.complete_to} == {
        "CA": "2026-06-14",
        "DE": "2026-04-01",
        "US": "2026-09-21",
    }


def test_a_material_is_listed_by_its_name() -> None:
    said = _shipped(name="opium")
    assert {one for one, (standing, _sentence) in said.items() if standing == "listed"} >= {"UN", "CA", "DE"}
    assert said["US"] != ("not_named", "not_named")


def test_what_is_taken_out_and_listed_in_no_other_form_is_taken_out_however_it_is_drawn() -> None:
    """Naltrexone: the Canadian exclusion has a form, and no Canadian entry names another."""
    naltrexone = "O=C1CCC2(O)C3Cc4ccc(O)c5OC1C2(CCN3CC1CC1)c45"
    screening = screen(Query(smiles=naltrexone), on=date(2026, 11, 28))
    canada = next(one for one in screening.jurisdictions if one.jurisdiction == "CA")
    assert (canada.standing, canada.sentences[0]) == ("excluded", "taken_out")
