# SPDX-License-Identifier: Apache-2.0
"""The sealed text of an agreement: its schema and what a schema cannot express.

A document of kind `agreement_text`: title, text, commitments. The text is plain: paragraphs with an empty line between them; a
short one that begins with a number is a heading. Nothing else of it is interpreted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from accord.commitments import IN_TIME
from accord.document.checking import Finding, findings, hidden_findings
from accord.timezones import is_timezone

FILE: Final = "agreement_text.json"
AGREEMENT_TEXT: Final = "agreement_text"


@cache
def text_schema() -> dict[str, Any]:
    """Return the schema; do not change it."""
    schema: dict[str, Any] = json.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    return schema


def agreement_text(title: str, text: str, commitments: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the document."""
    return {
        "schema": "accord-alert/1",
        "alert_type": AGREEMENT_TEXT,
        "title": title,
        "text": text,
        "commitments": [dict(row) for row in commitments],
    }


def check_text(document: object, *, parties: Collection[str], writing: bool) -> list[Finding]:
    """Return the faults of a text between these parties. A zone that does not exist is a fault in `writing` only."""
    found = list(findings(text_schema(), document, ""))
    if not isinstance(document, Mapping) or found:
        return found
    found += hidden_findings(document, "")
    for n, row in enumerate(document.get("commitments") or ()):
        found += _of_a_row(row, f"/commitments/{n}", parties, writing=writing)
    return found


def _of_a_row(
    row: Mapping[str, Any], at: str, parties: Collection[str], *, writing: bool
) -> Iterator[Finding]:
    for name in ("by", "to"):
        if row[name] not in parties:
            yield Finding(f"{at}/{name}", "name a party of the agreement.")
    if row["by"] == row["to"]:
        yield Finding(f"{at}/to", "name another party than the one that gives.")
    wanted, other = ("within", "every") if row["what"] in IN_TIME else ("every", "within")
    if row.get(wanted) is None:
        yield Finding(f"{at}/{wanted}", f"say it for {row['what']}.")
    if row.get(other) is not None:
        yield Finding(f"{at}/{other}", f"leave it out for {row['what']}; write {wanted}.")
    if writing and not is_timezone(row["zone"]):
        yield Finding(f"{at}/zone", "no such time zone is known; write one like Europe/Paris.")
