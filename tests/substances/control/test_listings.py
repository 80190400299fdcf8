# SPDX-License-Identifier: Apache-2.0
"""A list is one CSV of sources, coverage and entries: faults are refused, each with its row."""

from datetime import date

import pytest

from substances.control import listings
from substances.control.faults import RulesRefusedError
from substances.control.listings import COLUMNS, read_listings
from tests.substances.control.listing_texts import COVERAGE, ENTRY, SOURCE, listed, lists_of, text_of


def _faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(RulesRefusedError) as refusal:
        read_listings(text)
    return [(fault.path, fault.code) for fault in refusal.value.faults]


def test_a_list_holds_its_sources_its_coverage_and_its_entries() -> None:
    credited = SOURCE | {"note": "Open licence"}
    read = read_listings(text_of(credited, COVERAGE, ENTRY | {"inchikey": "RYYVLZVUVIJVGH GDSCFOSHSOWNDL"}))
    (source,), (coverage,), (listing,) = read.sources, read.coverage, read.listings
    assert (source.citation, source.seen, source.credit) == ("A gazette", date(2025, 6, 1), "Open licence")
    assert (coverage.extent, coverage.until) == ("complete", date(2025, 6, 1))
    assert (listing.synonyms, listing.inchikeys) == (("T-1", "thingy"), ("RYYVLZVUVIJVGH", "GDSCFOSHSOWNDL"))
    assert (listing.clause, listing.source, listing.title) == (frozenset({"salts"}), source, "An act, List 1")
    assert (read.jurisdictions, read.count_of("XA"), read.count_of("XB")) == (("XA",), 1, 0)


def test_a_jurisdiction_with_coverage_alone_is_known() -> None:
    assert read_listings(
        text_of(COVERAGE | {"jurisdiction": "XB", "name": "none", "seen": ""})
    ).jurisdictions == ("XB",)


@pytest.mark.parametrize(
    ("cells", "path", "code"),
    [
        ({"kind": "thing"}, "row 3, kind", "not_a_choice"),
        ({"kind": ""}, "row 3, kind", "not_a_choice"),
        ({"grade": "E"}, "row 3, grade", "not_a_choice"),
        ({"grade": ""}, "row 3, grade", "not_a_choice"),
        ({"clause": "salts hydrates"}, "row 3, clause", "not_a_choice"),
        ({"precision": "week"}, "row 3, precision", "not_a_choice"),
        ({"jurisdiction": ""}, "row 3, jurisdiction", "missing"),
        ({"instrument": " "}, "row 3, instrument", "missing"),
        ({"name": ""}, "row 3, name", "missing"),
        ({"source": ""}, "row 3, source", "missing"),
        ({"source": "xa-2"}, "row 3, source", "unknown_source"),
        ({"from": "2020-13-01"}, "row 3, from", "date_expected"),
        ({"from": "9999", "precision": "year"}, "row 3, from", "date_expected"),
        ({"from": "20200101"}, "row 3, from", "date_expected"),
        ({"to": "2021"}, "row 3, to", "date_expected"),
        ({"from": ""}, "row 3, precision", "precision_does_not_fit"),
        ({"precision": "unknown"}, "row 3, precision", "precision_does_not_fit"),
        ({"from": "2020-01", "precision": "day"}, "row 3, from", "date_expected"),
        ({"from": "2020-01-01", "precision": "month"}, "row 3, from", "date_expected"),
        ({"to": "2019-12-31"}, "row 3", "interval_empty"),
        ({"to": "2020-01-01"}, "row 3", "interval_empty"),
        ({"inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA"}, "row 3, inchikey", "not_an_inchikey"),
        ({"inchikey": "RYYVLZVUVIJVGH caffeine"}, "row 3, inchikey", "not_an_inchikey"),
    ],
)
def test_a_fault_in_an_entry_is_told_with_its_row(cells: dict[str, str], path: str, code: str) -> None:
    assert (path, code) in _faults(listed(cells))


@pytest.mark.parametrize(
    ("row", "path", "code"),
    [
        (SOURCE | {"item": ""}, "row 2, item", "missing"),
        (SOURCE | {"name": ""}, "row 2, name", "missing"),
        (SOURCE | {"seen": ""}, "row 2, seen", "missing"),
        (SOURCE | {"seen": "2025"}, "row 2, seen", "date_expected"),
        (SOURCE | {"link": "http://law.example/"}, "row 2, link", "not_https"),
        (SOURCE | {"link": "javascript:alert(1)"}, "row 2, link", "not_https"),
        (SOURCE | {"link": 'https://law.example/" onclick="x'}, "row 2, link", "not_https"),
        (COVERAGE | {"name": "whole"}, "row 2, name", "not_a_choice"),
        (COVERAGE | {"seen": ""}, "row 2, seen", "missing"),
        (COVERAGE | {"seen": "soon"}, "row 2, seen", "date_expected"),
        (COVERAGE | {"jurisdiction": ""}, "row 2, jurisdiction", "missing"),
        (COVERAGE | {"instrument": ""}, "row 2, instrument", "missing"),
    ],
)
def test_a_fault_in_a_source_or_coverage_is_told_with_its_row(
    row: dict[str, str], path: str, code: str
) -> None:
    assert (path, code) in _faults(text_of(row))


def test_partial_coverage_needs_no_day() -> None:
    assert read_listings(text_of(COVERAGE | {"name": "partial", "seen": ""})).coverage[0].until is None


@pytest.mark.parametrize(
    "again",
    [
        ENTRY,
        ENTRY | {"inchikey": "", "note": "the same entry, without its structure"},
        SOURCE,
        SOURCE | {"name": "Another gazette under the same id"},
        COVERAGE,
        COVERAGE | {"name": "partial"},
    ],
)
def test_what_stands_twice_is_refused(again: dict[str, str]) -> None:
    assert _faults(text_of(SOURCE, COVERAGE, ENTRY, again)) == [("row 5", "duplicate_key")]


def test_one_item_may_name_several_and_two_texts_may_name_one() -> None:
    newer = SOURCE | {"item": "xa-2"}
    rows = (ENTRY, ENTRY | {"name": "beta-thing"}, ENTRY | {"source": "xa-2"}, ENTRY | {"schedule": "List 2"})
    assert len(read_listings(text_of(SOURCE, newer, *rows)).listings) == 4


def test_every_fault_is_told_at_once() -> None:
    assert len(_faults(listed({"grade": "E", "kind": "thing"}, {"name": ""}))) == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "other_columns"),
        ("a,b\n1,2\n", "other_columns"),
        (",".join((*COLUMNS, "colour")) + "\n", "other_columns"),
        (",".join(COLUMNS[:-1]) + "\n", "other_columns"),
        (listed({}) + "one cell\n", "other_columns"),
        (listed({}) + "x," * 40 + "\n", "other_columns"),
        (text_of(SOURCE | {"name": "x" * 1_001}), "other_columns"),
        (",".join(COLUMNS) + '\n"a"b,c\n', "not_csv"),
    ],
)
def test_a_table_of_another_form_is_refused(text: str, code: str) -> None:
    assert [found for _path, found in _faults(text)] == [code]


def test_a_table_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "MAX_ROWS", 3)
    many = listed({}, {"name": "b"}, {"name": "c"})
    assert len(lists_of({}, {"name": "b"}).listings) == 2
    assert _faults(many) == [("", "too_many")]
    monkeypatch.setattr(listings, "MAX_BYTES", 100)
    assert _faults(many + "\n") == [("", "file_too_large")]


@pytest.mark.parametrize(
    ("cells", "day", "phase"),
    [
        ({}, "2019-12-31", "not_yet"),
        ({}, "2020-01-01", "in_force"),
        ({"to": "2021-01-01"}, "2020-12-31", "in_force"),
        ({"to": "2021-01-01"}, "2021-01-01", "ended"),
        ({"from": "2020", "precision": "year"}, "2019-12-31", "not_yet"),
        ({"from": "2020", "precision": "year"}, "2020-01-01", "day_not_known"),
        ({"from": "2020", "precision": "year"}, "2020-12-31", "day_not_known"),
        ({"from": "2020", "precision": "year"}, "2021-01-01", "in_force"),
        ({"from": "2020-12", "precision": "month"}, "2020-11-30", "not_yet"),
        ({"from": "2020-12", "precision": "month"}, "2020-12-31", "day_not_known"),
        ({"from": "2020-12", "precision": "month"}, "2021-01-01", "in_force"),
        ({"from": "", "precision": "unknown"}, "2025-05-31", "not_known_then"),
        ({"from": "", "precision": "unknown"}, "2025-06-01", "in_force"),
        ({"from": "", "precision": "unknown", "to": "2025-01-01"}, "2025-01-01", "ended"),
    ],
)
def test_the_phase_is_that_of_the_day(cells: dict[str, str], day: str, phase: str) -> None:
    assert lists_of(cells).listings[0].phase_on(date.fromisoformat(day)) == phase


def test_the_digest_is_of_the_rows() -> None:
    head, *rows = listed({}).splitlines()
    quoted = [",".join(f'"{cell}"' for cell in row.split(",")) for row in rows]
    assert read_listings("\n".join([head, *quoted])).digest == lists_of({}).digest
    assert lists_of({}).digest != lists_of({"schedule": "List 2"}).digest
    assert lists_of({}).digest != read_listings(text_of(SOURCE | {"seen": "2025-06-02"}, ENTRY)).digest
