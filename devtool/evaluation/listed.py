# SPDX-License-Identifier: Apache-2.0
"""Here is how many of the named listings of a file the shipped lists know: told beside the class verdicts, with no bar.

A blank in the file is "none known to us" and says nothing.
"""

from collections.abc import Sequence

from devtool.evaluation.findings import counted
from devtool.evaluation.substances import Row
from substances.control.listings import shipped_listings
from substances.structures.patterns import connectivity_block
from substances.structures.reading import Structure


def listing_notes(rows: Sequence[Row], structures: Sequence[Structure | None]) -> tuple[str, ...]:
    """One line for each jurisdiction, and the names of what is not known. A salt is looked up by its parent too."""
    pairs = list(zip(rows, structures, strict=True))
    un = [pair for pair in pairs if pair[0].un_schedule]
    us = [pair for pair in pairs if pair[0].us_named]
    notes = []
    for jurisdiction, named in (("UN", un), ("US", us)):
        missing = [row for row, structure in named if not _is_listed(row, structure, jurisdiction)]
        notes.append(
            f"Named listings known, {jurisdiction}: {counted(len(named) - len(missing), len(named))}"
        )
        notes += [f"No listing known, {jurisdiction}: {row.name}" for row in missing]
    return tuple(notes)


def _is_listed(row: Row, structure: Structure | None, jurisdiction: str) -> bool:
    keys = {row.block} if row.block else set()
    if structure is not None:
        keys |= {structure.inchikey[:14], connectivity_block(structure.parent_smiles)}
    hits = shipped_listings().find(keys=keys, names=[row.name])
    return any(hit.listing.jurisdiction == jurisdiction for hit in hits)
