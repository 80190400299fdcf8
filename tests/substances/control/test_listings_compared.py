# SPDX-License-Identifier: Apache-2.0
"""The forty entries that were compared by hand are those that the seed draws, with the structures they had then."""

import random
from pathlib import Path

from substances.control.listings import CLASS, Listing, shipped_listings
from substances.structures.toolkit import parse_smiles, rdkit

PAGE = Path(__file__).resolve().parents[3] / "docs" / "listings-compared.md"
SEED = 2026
DRAWN = 40


def _number(entry: Listing) -> float:
    """Draw the entry's own number: entries added to the list or taken out change no other entry's."""
    place = (entry.jurisdiction, entry.instrument, entry.schedule, entry.item, entry.name, entry.source.id)
    return random.Random(f"{SEED} {' '.join(place)}").random()  # noqa: S311 - drawn again, not secret


def _drawn() -> list[Listing]:
    read = [entry for entry in shipped_listings().listings if entry.grade != "unsourced"]
    chosen = sorted(read, key=_number)[:DRAWN]
    return [entry for entry in read if entry in chosen]


def _formula(entry: Listing) -> str:
    if entry.kind == CLASS or not entry.smiles:
        return "-"
    return str(rdkit().descriptors.CalcMolFormula(parse_smiles(entry.smiles)))


def test_the_page_compares_the_entries_that_the_seed_draws() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    told = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row[2].isdigit()]
    assert [(cells[1], cells[3], cells[4], cells[5], cells[7]) for cells in told] == [
        (
            entry.jurisdiction,
            entry.name,
            _formula(entry),
            " ".join(key[:14] for key in entry.inchikeys) or "-",
            entry.grade,
        )
        for entry in _drawn()
    ]
    assert all(cells[8].startswith("agrees") for cells in told)
