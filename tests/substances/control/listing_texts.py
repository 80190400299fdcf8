# SPDX-License-Identifier: Apache-2.0
"""Made-up lists for tests: CSV texts of a few rows, each the usual entry with some cells changed."""

import csv
import io

from substances.control.listings import COLUMNS, ListingSet, read_listings

EMPTY = dict.fromkeys(COLUMNS, "")
SOURCE = EMPTY | {
    "kind": "source",
    "item": "xa-1",
    "name": "A gazette",
    "seen": "2025-06-01",
    "link": "https://a.example/",
}
ENTRY = EMPTY | {
    "kind": "substance", "jurisdiction": "XA", "instrument": "An act", "schedule": "List 1", "item": "1(a)",
    "name": "alpha-thing", "synonyms": "T-1|thingy", "code": "4711", "cas": "58-08-2",
    "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "clause": "salts", "from": "2020-01-01", "precision": "day",
    "grade": "A", "source": "xa-1",
}  # fmt: skip
COVERAGE = EMPTY | {
    "kind": "coverage", "jurisdiction": "XA", "instrument": "An act", "name": "complete", "seen": "2025-06-01",
}  # fmt: skip


def text_of(*rows: dict[str, str]) -> str:
    """Return the CSV text of whole rows."""
    lines = io.StringIO()
    table = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return lines.getvalue()


def listed(*changes: dict[str, str]) -> str:
    """Return the text of the usual source and the usual entry, once for each change of it."""
    return text_of(SOURCE, *(ENTRY | cells for cells in changes))


def lists_of(*changes: dict[str, str]) -> ListingSet:
    return read_listings(listed(*changes))
