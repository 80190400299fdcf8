# SPDX-License-Identifier: Apache-2.0
"""Listings by name: found by structure, number or name, law from a day that is only as exact as its source."""

import csv
from datetime import date
from pathlib import Path

import pytest

from substances.control.deriving import derive_listings
from substances.control.faults import RulesRefusedError
from substances.control.listings import (
    COLUMNS,
    ListingSet,
    read_listings,
    shipped_listings,
    shipped_listings_text,
)
from substances.control.naming import keys_of, name_key
from substances.control.precursors import shipped_precursors
from substances.control.shipped import shipped_rules
from substances.structures.patterns import full_inchikey

DATA = Path(__file__).resolve().parents[3] / "substances" / "data"
USUAL = {
    "jurisdiction": "XA", "instrument": "An act", "schedule": "List 1", "name": "alpha-thing", "synonyms": "T-1|thingy",
    "cas": "58-08-2", "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "from": "2020-01-01", "precision": "day", "to": "",
    "state": "listed", "source": "made up", "confidence": "high",
}  # fmt: skip


def _text(*rows: dict[str, str]) -> str:
    lines = [",".join(COLUMNS)]
    lines += [",".join(f'"{(USUAL | row)[column]}"' for column in COLUMNS) for row in rows]
    return "\n".join(lines) + "\n"


def _one(**cells: str) -> ListingSet:
    return read_listings(_text(cells))


def _code(text: str) -> list[tuple[str, str]]:
    with pytest.raises(RulesRefusedError) as refusal:
        read_listings(text)
    return [(fault.path, fault.code) for fault in refusal.value.faults]


def test_the_shipped_listings_are_what_the_reference_says_and_no_more() -> None:
    with (DATA / "substances-dev.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with (DATA / "control" / "un-decisions.csv").open(encoding="utf-8", newline="") as lines:
        decisions = list(csv.DictReader(lines))
    assert (
        derive_listings(rows, decisions, shipped_precursors().rows, shipped_rules())
        == shipped_listings_text()
    )
    listed = {listing.inchikey for listing in shipped_listings().listings if listing.jurisdiction == "UN"}
    assert {full_inchikey(decision["smiles"]) for decision in decisions} <= listed


def test_every_shipped_listing_names_its_source() -> None:
    assert len(shipped_listings().listings) > 200
    assert all(listing.source for listing in shipped_listings().listings)
    assert shipped_listings().jurisdictions == ("CA", "CN", "DE", "UK", "UN", "US")


def test_the_note_of_a_row_is_a_listing_with_its_day() -> None:
    (hit,) = [hit for hit in shipped_listings().find(names=["xylazine"]) if hit.listing.jurisdiction == "UK"]
    assert (hit.listing.schedule, hit.listing.start, hit.listing.precision) == (
        "Class C",
        date(2025, 1, 15),
        "day",
    )


@pytest.mark.parametrize(
    ("asked", "way"),
    [
        ({"keys": ["RYYVLZVUVIJVGH"]}, "structure"),
        ({"cas": " 58-08-2 "}, "cas"),
        ({"names": ["ALPHA\u2010Thing"]}, "name"),
        ({"names": ["\u03b1-thing"]}, "name"),
        ({"names": ["t1"]}, "name"),
        ({"names": ["Thingy hydrochloride"]}, "name"),
        ({"keys": ["RYYVLZVUVIJVGH"], "cas": "58-08-2", "names": ["thingy"]}, "structure"),
    ],
)
def test_a_listing_is_found_in_each_way_and_once(asked: dict[str, object], way: str) -> None:
    hits = _one().find(**asked)  # type: ignore[arg-type]
    assert [hit.found_by for hit in hits] == [way]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"keys": [""], "names": [""]},
        {"names": ["thing"]},
        {"names": ["alpha-thin"]},
        {"cas": "58-08-3"},
        {"keys": ["AAAAAAAAAAAAAA"]},
        {"keys": ["AAAAAAAAAAAAAA"], "names": ["thingy"], "cas": "58-08-2"},  # the structure decides
    ],
)
def test_nothing_near_is_guessed(asked: dict[str, object]) -> None:
    assert _one().find(**asked) == ()  # type: ignore[arg-type]


def test_a_listing_without_a_structure_is_found_by_name_beside_any_structure() -> None:
    assert len(_one(inchikey="").find(keys=["AAAAAAAAAAAAAA"], names=["thingy"])) == 1


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
        ({"from": "", "precision": "unknown"}, "1970-01-01", "in_force"),
        ({"state": "proposed"}, "2026-01-01", "proposed"),
    ],
)
def test_the_phase_is_that_of_the_day(cells: dict[str, str], day: str, phase: str) -> None:
    assert _one(**cells).listings[0].phase_on(date.fromisoformat(day)) == phase


@pytest.mark.parametrize(
    ("cells", "path", "code"),
    [
        ({"precision": "month"}, "row 2, precision", "not_a_choice"),
        ({"state": "maybe"}, "row 2, state", "not_a_choice"),
        ({"confidence": "sure"}, "row 2, confidence", "not_a_choice"),
        ({"name": ""}, "row 2, name", "missing"),
        ({"source": " "}, "row 2, source", "missing"),
        ({"from": "2020-13-01"}, "row 2, from", "date_expected"),
        ({"from": "9999", "precision": "year"}, "row 2, from", "date_expected"),
        ({"from": "20200101"}, "row 2, from", "date_expected"),
        ({"from": ""}, "row 2, precision", "precision_does_not_fit"),
        ({"precision": "unknown"}, "row 2, precision", "precision_does_not_fit"),
        ({"to": "2019-01-01"}, "row 2", "interval_empty"),
    ],
)
def test_a_fault_in_a_row_is_told(cells: dict[str, str], path: str, code: str) -> None:
    assert (path, code) in _code(_text(cells))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "other_columns"),
        ("a,b\n1,2\n", "other_columns"),
        (_text({}) + "one cell\n", "other_columns"),
        (_text({}) + "x," * 40 + "\n", "other_columns"),
        (_text({"source": "x" * 700}), "other_columns"),
        (",".join(COLUMNS) + '\n"a"b,c\n', "not_csv"),
    ],
)
def test_a_table_of_another_form_is_refused(text: str, code: str) -> None:
    assert [found for _, found in _code(text)] == [code]


def test_the_digest_is_of_the_rows() -> None:
    assert _one().digest == read_listings(_text({}).replace('"', "")).digest
    assert _one().digest != _one(schedule="List 2").digest


def test_names_are_compared_by_one_spelling() -> None:
    same = [
        "para-fluoro fentanyl",
        "Para\u2011Fluorofentanyl",
        "PARA\u2013FLUORO\u00a0FENTANYL",
        "\uff50ara-fluorofentanyl",
    ]
    assert len({name_key(name) for name in same}) == 1
    assert name_key("2\u2032,5'-dimethoxyfentanyl") == name_key("2',5'-dimethoxyfentanyl")
    assert name_key("1,2-x") != name_key("12-x")
    assert name_key("f\u0435ntanyl") != name_key("fentanyl")  # a Cyrillic letter is another letter
    assert keys_of("fentanyl citrate monohydrate") == (
        "fentanylcitratemonohydrate",
        "fentanylcitrate",
        "fentanyl",
    )
    assert keys_of("  ") == ()
