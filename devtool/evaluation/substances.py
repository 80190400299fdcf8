# SPDX-License-Identifier: Apache-2.0
"""Here is the reference format of substances: a structure, its class, and one hand-read label for each rule."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devtool.evaluation.findings import MalformedError

BEFORE_RULES = ("name", "smiles", "inchikey", "formula", "class")
AFTER_RULES = (
    "excluded_by_name_in",
    "un_schedule",
    "us_named",
    "source",
    "structure_check",
    "confidence",
    "note",
)
LABELS = frozenset({"in", "out", "parent", "review", "not-decided"})
CONFIDENCES = frozenset({"high", "medium", "low"})


@dataclass(frozen=True)
class Row:
    """One substance; `labels` by rule are the structural answers, before a rule's own named exclusions."""

    name: str
    smiles: str
    inchikey: str
    formula: str
    group: str
    labels: Mapping[str, str]
    excluded_in: frozenset[str]
    un_schedule: str
    us_named: str
    confidence: str

    @property
    def block(self) -> str:
        """The first block of the InChIKey."""
        return self.inchikey[:14]


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a file; raises MalformedError with the line."""
    try:
        lines = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise MalformedError(f"{path.name}: not a CSV file in UTF-8") from exc
    head = tuple(lines[0]) if lines else ()
    rules = head[len(BEFORE_RULES) : -len(AFTER_RULES)]
    if head != (*BEFORE_RULES, *rules, *AFTER_RULES) or not rules or len(set(head)) != len(head):
        raise MalformedError(f"{path.name}: line 1: the columns are not those of the reference format")
    rows = tuple(
        _row(path, number, dict(zip(head, line, strict=False)), line, rules)
        for number, line in enumerate(lines[1:], 2)
        if line
    )
    if not rows:
        raise MalformedError(f"{path.name}: holds no substance")
    return rows


def _row(path: Path, number: int, cells: dict[str, str], line: list[str], rules: tuple[str, ...]) -> Row:
    where = f"{path.name}: line {number}"
    if len(line) != len(BEFORE_RULES) + len(rules) + len(AFTER_RULES):
        raise MalformedError(f"{where}: {len(line)} cells")
    wrong = [rule for rule in rules if cells[rule] not in LABELS]
    if wrong:
        raise MalformedError(f"{where}: {wrong[0]} is none of {', '.join(sorted(LABELS))}")
    if cells["confidence"] not in CONFIDENCES:
        raise MalformedError(f"{where}: confidence is none of {', '.join(sorted(CONFIDENCES))}")
    empty = [name for name in ("name", "smiles", "inchikey", "class") if not cells[name].strip()]
    if empty:
        raise MalformedError(f"{where}: {empty[0]} is empty")
    return Row(
        name=cells["name"],
        smiles=cells["smiles"],
        inchikey=cells["inchikey"],
        formula=cells["formula"],
        group=cells["class"],
        labels={rule: cells[rule] for rule in rules},
        excluded_in=frozenset(cells["excluded_by_name_in"].split()),
        un_schedule=cells["un_schedule"],
        us_named=cells["us_named"],
        confidence=cells["confidence"],
    )
