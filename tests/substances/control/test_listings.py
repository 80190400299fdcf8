# SPDX-License-Identifier: Apache-2.0
"""Listings by name: found by structure, number or name, law from a day that is only as exact as its source."""

import csv
from collections import Counter
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
from substances.control.medicines import shipped_medicines
from substances.control.naming import keys_of, name_key
from substances.control.precursors import shipped_precursors
from substances.control.shipped import shipped_rules
from substances.structures.identifiers import has_cas_digit
from substances.structures.patterns import full_inchikey

DATA = Path(__file__).resolve().parents[3] / "substances" / "data"
with (DATA / "control" / "un-decisions.csv").open(encoding="utf-8", newline="") as table:
    DECISIONS = list(csv.DictReader(table))
COUNTS = {
    ("1961", "Schedule I"): 121,
    ("1961", "Schedule I and IV"): 18,
    ("1961", "Schedule II"): 10,
    ("1971", "Schedule I"): 38,
    ("1971", "Schedule II"): 64,
    ("1971", "Schedule III"): 9,
    ("1971", "Schedule IV"): 69,
    ("1988", "Table I"): 43,
    ("1988", "Table II"): 8,
}
LISTED_MEDICINES = {
    *("alfentanil", "alprazolam", "amfepramone", "bezitramide", "buprenorphine", "carfentanil", "codeine"),
    *("dexamfetamine", "diazepam", "dronabinol", "ephedrine", "fentanyl", "hydromorphone", "methadone"),
    *("methylphenidate", "morphine", "oxycodone", "pethidine", "phenobarbital", "phentermine"),
    *("piritramide", "pyrovalerone", "remifentanil", "sufentanil", "tilidine", "zolpidem"),
}
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
    assert (
        derive_listings(rows, DECISIONS, shipped_precursors().rows, shipped_rules())
        == shipped_listings_text()
    )
    listed = {(one.name, one.inchikey) for one in shipped_listings().listings if one.jurisdiction == "UN"}
    drawn = {(row["name"], row["smiles"]) for row in DECISIONS}
    assert {(name, smiles and full_inchikey(smiles)) for name, smiles in drawn} <= listed


def test_every_shipped_listing_names_its_source() -> None:
    assert len(shipped_listings().listings) > 200
    assert all(listing.source for listing in shipped_listings().listings)
    assert shipped_listings().jurisdictions == ("CA", "CN", "DE", "UK", "UN", "US")


def test_each_decision_says_how_it_was_checked_and_stands_once() -> None:
    assert all(row["source"] and row["structure_check"] for row in DECISIONS)
    assert all(has_cas_digit(row["cas"]) for row in DECISIONS if row["cas"])
    unknown = [row["name"] for row in DECISIONS if not row["smiles"]]
    assert all(row["structure_check"].startswith("no structure") for row in DECISIONS if not row["smiles"])
    assert unknown == [
        *("cannabis", "cannabis resin", "coca leaf", "concentrate of poppy straw"),
        *("levomethorphan", "opium", "racemethorphan"),
    ]
    names = [
        name_key(name) for row in DECISIONS for name in (row["name"], *row["synonyms"].split("|")) if name
    ]
    assert len(names) == len(set(names))


def test_the_schedules_of_the_conventions_are_whole_as_of_march_2025() -> None:
    counts = Counter(
        (one.instrument[-4:], one.schedule) for one in shipped_listings().listings if one.jurisdiction == "UN"
    )
    assert counts == COUNTS


@pytest.mark.parametrize(
    ("name", "smiles", "schedule"),
    [
        ("midazolam", "Cc1ncc2n1-c1ccc(Cl)cc1C(=NC2)c1ccccc1F", "Schedule IV"),
        ("lorazepam", "OC1N=C(c2ccccc2Cl)c2cc(Cl)ccc2NC1=O", "Schedule IV"),
        ("carisoprodol", "CCCC(C)(COC(N)=O)COC(=O)NC(C)C", "Schedule IV"),
        ("pentazocine", "CC1C2Cc3ccc(O)cc3C1(C)CCN2CC=C(C)C", "Schedule III"),
        ("methaqualone", "Cc1ccccc1-n1c(C)nc2ccccc2c1=O", "Schedule II"),
        ("delta-8-THC", "CCCCCc1cc(O)c2C3CC(C)=CCC3C(C)(C)Oc2c1", "Schedule I"),
        ("diphenoxylate", "CCOC(=O)C1(c2ccccc2)CCN(CCC(C#N)(c2ccccc2)c2ccccc2)CC1", "Schedule I"),
        ("ketobemidone", "CCC(=O)C1(c2cccc(O)c2)CCN(C)CC1", "Schedule I and IV"),
        ("dihydrocodeine", "COc1ccc2CC3N(C)CCC45C3CCC(O)C4Oc1c25", "Schedule II"),
    ],
)
def test_what_the_conventions_name_is_found_by_name_and_by_structure(
    name: str, smiles: str, schedule: str
) -> None:
    for asked in ({"names": [name]}, {"keys": [full_inchikey(smiles)]}):
        hits = [hit.listing for hit in shipped_listings().find(**asked) if hit.listing.jurisdiction == "UN"]  # type: ignore[arg-type]
        assert [(listing.name, listing.schedule) for listing in hits] == [(name, schedule)]


@pytest.mark.parametrize(
    ("common", "listed"), [("PCP", "phencyclidine"), ("meperidine", "pethidine"), ("dronabinol", "THC")]
)
def test_a_common_name_leads_to_the_name_on_the_list(common: str, listed: str) -> None:
    hits = [
        hit.listing for hit in shipped_listings().find(names=[common]) if hit.listing.jurisdiction == "UN"
    ]
    assert [listing.name for listing in hits] == [listed]


@pytest.mark.parametrize(
    "smiles",
    [
        "COc1ccc2CC3N(C)CCC4(CCCCC34)c2c1",
        "COc1ccc2C[C@@H]3N(C)CC[C@]4(CCCC[C@H]34)c2c1",  # dextromethorphan, excepted from the schedule
    ],
)
def test_a_cough_medicine_is_not_taken_for_the_form_of_it_that_is_listed(smiles: str) -> None:
    assert shipped_listings().find(keys=[full_inchikey(smiles)]) == ()
    (hit,) = shipped_listings().find(keys=[full_inchikey(smiles)], names=["levomethorphan"])
    assert hit.found_by == "name"


def test_no_ordinary_medicine_is_listed_by_accident() -> None:
    listed = {
        medicine.name
        for medicine in shipped_medicines()
        if any(hit.listing.jurisdiction == "UN" for hit in shipped_listings().find(keys=[medicine.inchikey]))
    }
    assert listed == LISTED_MEDICINES


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
