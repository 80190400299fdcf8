# SPDX-License-Identifier: Apache-2.0
"""Standings over time, and the changes by a newer version of the law."""

from datetime import date
from itertools import pairwise

from substances.control.diffs import Change, difference_of_listings, difference_of_rules, newly_caught
from substances.control.listings import read_listings, shipped_listings, shipped_listings_text
from substances.control.results import Query, Span
from substances.control.rules import read_rules
from substances.control.screening import law_of, screen
from substances.control.shipped import shipped_rules
from substances.control.timeline import timeline
from tests.substances.control.law_made_up import GROUPS, made_up, text_of
from tests.substances.control.listing_texts import COVERAGE, ENTRY, SOURCE, listed, lists_of
from tests.substances.control.listing_texts import text_of as listing_text

BROMAZOLAM = "Cc1nnc2CN=C(c3ccccc3)c3cc(Br)ccc3-n12"
CAFFEINE = "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
METONITAZENE = "CCN(CC)CCn1c(Cc2ccc(OC)cc2)nc2cc([N+](=O)[O-])ccc12"
ISOTODESNITAZENE = "CC(C)Oc1ccc(Cc2nc3ccccc3n2CCN(CC)CC)cc1"  # in no list by name
PARA_IODOFENTANYL = "CCC(=O)N(c1ccc(I)cc1)C1CCN(CCc2ccccc2)CC1"  # in no list by name


def _spans(smiles: str, jurisdiction: str) -> list[Span]:
    return [span for span in timeline(Query(smiles=smiles)) if span.jurisdiction == jurisdiction]


def test_the_spans_of_a_jurisdiction_follow_each_other_without_a_gap() -> None:
    for smiles in (METONITAZENE, PARA_IODOFENTANYL, "CCO"):
        spans = timeline(Query(smiles=smiles), jurisdictions=["NL"])
        for jurisdiction in {span.jurisdiction for span in spans}:
            own = [span for span in spans if span.jurisdiction == jurisdiction]
            assert own[0].start is None
            assert own[-1].end is None
            assert all(one.end == other.start for one, other in pairwise(own))


def test_a_span_says_what_a_screening_says_on_each_of_its_days() -> None:
    for span in timeline(Query(smiles=METONITAZENE)):
        for day in (span.start, span.end and date.fromordinal(span.end.toordinal() - 1)):
            if day is None:
                continue
            answer = screen(Query(smiles=METONITAZENE), on=day)
            status = next(one for one in answer.jurisdictions if one.jurisdiction == span.jurisdiction)
            assert (status.standing, status.sentences[0], status.by) == (
                span.standing,
                span.sentence,
                span.by,
            )


def test_the_spans_turn_on_the_days_of_the_law() -> None:
    assert [(span.start, span.standing) for span in _spans(PARA_IODOFENTANYL, "US")] == [
        (None, "not_yet"),
        (date(2018, 2, 6), "meets_definition"),
    ]
    assert [(span.start, span.standing) for span in _spans(ISOTODESNITAZENE, "CN")] == [
        (None, "not_yet"),
        (date(2025, 7, 1), "review"),
    ]


def test_a_day_known_only_by_its_year_is_a_year_to_be_looked_up() -> None:
    law = law_of(listings=listed({"from": "2022", "precision": "year"}))
    spans = [span for span in timeline(Query(smiles=CAFFEINE), law=law) if span.jurisdiction == "XA"]
    assert [(span.start, span.standing, span.sentence) for span in spans] == [
        (None, "not_yet", "applies_from"),
        (date(2022, 1, 1), "review", "day_in_year_unknown"),
        (date(2023, 1, 1), "listed", "listed_by_name"),
    ]


def test_a_list_speaks_from_the_day_of_its_text_where_that_says_no_earlier_one() -> None:
    """Metonitazene has first a second-hand report, then a text; before both nothing is known."""
    assert [(span.start, span.standing, span.sentence) for span in _spans(METONITAZENE, "UN")] == [
        (None, "not_known_then", "not_known_for_date"),
        (date(2022, 11, 30), "review", "lead_only"),
        (date(2025, 7, 17), "listed", "listed_since_unknown"),
    ]


def test_silence_begins_with_the_day_to_which_the_lists_are_complete() -> None:
    assert [(span.start, span.standing) for span in _spans(CAFFEINE, "US")] == [
        (None, "not_known_then"),
        (date(2026, 9, 21), "not_named"),
    ]


def test_a_temporary_entry_has_an_end() -> None:
    assert [(span.start, span.standing) for span in _spans(BROMAZOLAM, "US")] == [
        (None, "not_known_then"),
        (date(2026, 9, 21), "listed"),
        (date(2028, 3, 17), "ended"),
    ]


def test_a_law_that_ended_is_a_span_of_its_own() -> None:
    law = law_of(rules=text_of(made_up(in_force=[{"from": "2020-01-01", "to": "2021-01-01", "basis": "b"}])))
    spans = [span for span in timeline(Query(smiles="Cc1ccncc1"), law=law) if span.jurisdiction == "XA"]
    assert [(span.start, span.standing) for span in spans] == [
        (None, "not_yet"),
        (date(2020, 1, 1), "meets_definition"),
        (date(2021, 1, 1), "ended"),
    ]
    assert spans[1].title == "A class made up for tests"


def test_a_set_does_not_differ_from_itself() -> None:
    assert difference_of_rules(shipped_rules(), shipped_rules()).is_empty
    assert difference_of_listings(shipped_listings(), shipped_listings()).is_empty


def test_rules_that_came_went_and_changed_are_told_leaf_by_leaf() -> None:
    before = read_rules(text_of(made_up(), made_up(id="XA-GONE")))
    after = read_rules(text_of(made_up(confidence="low", mw_max=500), made_up(id="XA-NEW")))
    difference = difference_of_rules(before, after)
    assert (difference.added, difference.removed) == (
        ("XA-NEW from 2020-01-01: A class made up for tests",),
        ("XA-GONE from 2020-01-01: A class made up for tests",),
    )
    (changed,) = difference.changed
    assert changed.name == "XA-TEST from 2020-01-01"
    assert set(changed.changes) == {Change("confidence", "high", "low"), Change("mw_max", "", "500")}


def test_a_change_deep_in_a_rule_is_named_by_where_it_stands() -> None:
    slots = made_up()["slots"]
    after = made_up(slots=[slots[0] | {"subst": [{"groups": ["methyl", "halo"], "clause": "(i)"}]}])
    (changed,) = difference_of_rules(read_rules(text_of(made_up())), read_rules(text_of(after))).changed
    assert changed.changes == (Change("slots.[ring].subst.[0].groups.[halo]", "", "halo"),)


def test_a_word_that_changed_its_meaning_is_told_with_the_rules_that_use_it() -> None:
    wider = GROUPS | {"methyl": {"elements": ["C"], "c_max": 1}}
    difference = difference_of_rules(
        read_rules(text_of(made_up())), read_rules(text_of(made_up(), groups=wider))
    )
    (group,) = difference.groups
    assert group.name == "methyl (XA-TEST)"
    assert Change("c_max", "", "1") in group.changes
    assert not difference.changed


def test_listings_that_came_went_and_changed_are_told() -> None:
    lines = shipped_listings_text().splitlines()
    (xylazine,) = [line for line in lines if ",Xylazine," in line]
    gone = [line for line in lines if line != xylazine]
    dated = [line.replace("2025-01-15", "2025-01-16") if line == xylazine else line for line in lines]
    removed = difference_of_listings(shipped_listings(), read_listings("\n".join(gone))).removed
    assert removed == ("UK: Misuse of Drugs Act 1971, Schedule 2, Class C (Part III): Xylazine",)
    (changed,) = difference_of_listings(shipped_listings(), read_listings("\n".join(dated))).changed
    assert changed.changes == (Change("start", "2025-01-15", "2025-01-16"),)


def test_of_entries_that_share_a_name_each_is_told() -> None:
    three = [{"item": item} for item in ("1", "2", "3")]
    difference = difference_of_listings(lists_of(*three), lists_of(*three[:1]))
    assert len(difference.removed) == 2 and not difference.changed


def test_a_newer_text_and_how_far_it_reaches_are_told_once_and_not_at_each_entry() -> None:
    newer = SOURCE | {"item": "xa-2", "name": "A newer gazette", "seen": "2026-06-01"}
    entry = ENTRY | {"source": "xa-2", "from": "", "precision": "unknown", "seen": "2025-06-01"}
    before = read_listings(listing_text(SOURCE, COVERAGE, entry | {"source": "xa-1", "seen": ""}))
    after = read_listings(listing_text(SOURCE, newer, COVERAGE | {"seen": "2026-06-01"}, entry))
    difference = difference_of_listings(before, after)
    assert difference.added == ("text xa-2: A newer gazette",) and not difference.removed
    (coverage,) = difference.changed
    assert coverage.name == "XA: how far An act is known"
    assert coverage.changes == (Change("until", "2025-06-01", "2026-06-01"),)
    later = read_listings(listing_text(SOURCE, newer, COVERAGE, entry | {"seen": ""}))
    (entry_changed,) = difference_of_listings(before, later).changed
    assert entry_changed.changes == (Change("first_seen", "2025-06-01", "2026-06-01"),)


def test_newly_caught_is_what_was_not_caught_before() -> None:
    before = {"A": "out", "B": "in", "C": "review", "D": "not-decided", "E": "in", "F": "excluded"}
    after = {"A": "in", "B": "in", "C": "in", "D": "review", "E": "out", "F": "excluded", "G": "parent"}
    assert [(one.rule_id, one.before, one.after) for one in newly_caught(before, after)] == [
        ("A", "out", "in"),
        ("D", "not-decided", "review"),
        ("G", "", "parent"),
    ]
