# SPDX-License-Identifier: Apache-2.0
"""Here is how many of the named listings of a file the shipped lists know: told beside the class verdicts, with no bar.

A blank in the file is "none known to us" and says nothing.
"""

from collections.abc import Sequence

from devtool.evaluation.findings import counted
from devtool.evaluation.substances import Row
from substances.control.listings import shipped_listings


def listing_notes(rows: Sequence[Row]) -> tuple[str, ...]:
    """One line for each jurisdiction, and the names of what is not known."""
    notes = []
    for jurisdiction, named in (("UN", _un(rows)), ("US", _us(rows))):
        missing = [row for row in named if not _is_listed(row, jurisdiction)]
        notes.append(
            f"Named listings known, {jurisdiction}: {counted(len(named) - len(missing), len(named))}"
        )
        notes += [f"No listing known, {jurisdiction}: {row.name}" for row in missing]
    return tuple(notes)


def _un(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.un_schedule.strip()]


def _us(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.us_named.strip()]


def _is_listed(row: Row, jurisdiction: str) -> bool:
    hits = shipped_listings().find(keys={row.block}, names=[row.name])
    return any(hit.listing.jurisdiction == jurisdiction for hit in hits)
