# SPDX-License-Identifier: Apache-2.0
"""Precursors are recognised by name, by number, and in any notation or salt."""

import csv
from datetime import date
from pathlib import Path

import pytest

from substances.control.faults import RulesRefusedError
from substances.control.precursors import (
    COLUMNS,
    Precursor,
    PrecursorHit,
    read_precursors,
    shipped_precursors,
    shipped_precursors_text,
)
from substances.control.results import Query
from substances.control.screening import screen
from tests.substances.structures.notations_of import notations_of

TODAY = date(2026, 11, 28)
ROWS = shipped_precursors().rows


def _hits(**query: str) -> tuple[PrecursorHit, ...]:
    return screen(Query(**query), on=TODAY).precursors  # type: ignore[arg-type]


def _names(**query: str) -> set[str]:
    return {hit.name for hit in _hits(**query)}


def test_every_row_is_recognised_by_its_name_its_number_and_its_structure() -> None:
    for row in ROWS:
        assert row.name in _names(name=row.name)
        assert row.name in _names(name=row.name.upper())
        assert row.name in _names(smiles=row.smiles)
        assert not row.cas or row.name in _names(cas=row.cas)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.smiles.count("C") > 3][::12], ids=lambda row: row.name
)
def test_a_row_is_recognised_in_every_notation(row: Precursor) -> None:
    missed = [text for _, text in notations_of(row.smiles, 3) if row.name not in _names(smiles=text)]
    assert missed == []


@pytest.mark.parametrize("salt", [".Cl", ".OS(=O)(=O)O", ".OC(=O)C(O)C(O)C(=O)O"])
def test_every_amine_is_recognised_as_its_salt(salt: str) -> None:
    for row in ROWS:
        assert "N" not in row.smiles or row.name in _names(smiles=row.smiles + salt), row.name


def test_an_acid_is_recognised_as_its_sodium_salt() -> None:
    assert _names(smiles="CC1(OC1c1ccccc1)C(=O)[O-].[Na+]") == {"P-2-P methyl glycidic acid"}
    assert _names(smiles="[Na]OC(=O)Cc1ccccc1") == {"phenylacetic acid"}


def test_a_salt_of_another_substance_is_no_precursor_for_its_acid() -> None:
    for smiles in ("CC(N)Cc1ccccc1.Cl", "CN1C2CCC1CC(C2)OC(=O)C(CO)c1ccccc1.OS(=O)(=O)O"):
        assert _hits(smiles=smiles) == ()


def test_a_drawn_stereo_form_is_told_from_one_that_is_not_drawn() -> None:
    for smiles in ("CN[C@@H](C)[C@@H](O)c1ccccc1", "C[NH2+][C@@H](C)[C@@H](O)c1ccccc1.[Cl-]"):
        drawn = {hit.name: hit.found_by for hit in _hits(smiles=smiles)}
        assert drawn == {"pseudoephedrine": "structure", "ephedrine": "structure_without_stereo"}
    assert _names(smiles="CNC(C)C(O)c1ccccc1") == {"ephedrine", "pseudoephedrine"}


def test_the_table_and_the_day_are_those_of_the_source() -> None:
    (hit,) = _hits(smiles="O=C1CCNCC1")
    assert (hit.table, hit.since, hit.precision, hit.phase) == (
        "1988 Table I",
        "2024-12-03",
        "day",
        "in_force",
    )
    (earlier,) = screen(Query(smiles="O=C1CCNCC1"), on=date(2024, 12, 2)).precursors
    assert earlier.phase == "not_yet"
    (year,) = screen(Query(name="safrole"), on=date(1992, 6, 1)).precursors
    assert (year.since, year.precision, year.phase) == ("1992", "year", "day_not_known")


def test_a_proposal_is_not_told_as_law() -> None:
    (hit,) = _hits(name="propionyl chloride")
    assert (hit.phase, hit.jurisdiction, hit.confidence) == ("proposed", "US", "low")
    answer = screen(Query(name="propionyl chloride"), on=TODAY)
    status = next(one for one in answer.jurisdictions if one.jurisdiction == "US")
    assert (status.standing, status.sentences[0]) == ("review", "text_not_read")


def test_the_tables_count_as_listings_of_the_convention() -> None:
    answer = screen(Query(smiles="C1CN(CCc2ccccc2)CCC1Nc1ccccc1"), on=TODAY)
    status = next(one for one in answer.jurisdictions if one.jurisdiction == "UN")
    assert status.standing == "listed"
    assert {listing.schedule for listing in status.listings} == {"Table I"}


def test_a_structure_decides_over_a_name() -> None:
    assert _hits(smiles="CCO", name="ephedrine") == ()


def test_the_shipped_table_is_the_reference() -> None:
    path = Path(__file__).resolve().parents[3] / "substances" / "data" / "precursors.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        assert [row["name"] for row in csv.DictReader(lines)] == [row.name for row in ROWS]
    assert shipped_precursors().digest == read_precursors(shipped_precursors_text() + "").digest


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ("x,C,CH4,,none known,,1988 Table I,2020-01-01,s,high", "missing"),
        ("x,C,CH4,,none known,K,1988 Table I,2020-01,s,high", "date_expected"),
        ("x,C,CH4,,none known,K,1988 Table I,9999,s,high", "date_expected"),
        ("x,C,CH4,,none known,K,1988 Table I,2020-01-01,s,sure", "not_a_choice"),
        ("x,C", "other_columns"),
    ],
)
def test_a_fault_in_a_row_is_told(cells: str, code: str) -> None:
    with pytest.raises(RulesRefusedError) as refusal:
        read_precursors(",".join(COLUMNS) + "\n" + cells + "\n")
    assert [fault.code for fault in refusal.value.faults] == [code]
