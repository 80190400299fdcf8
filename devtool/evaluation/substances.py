# SPDX-License-Identifier: Apache-2.0
"""The reference format of substances: a structure, its class, one hand-read label for each rule, and labels of lists.

Columns are found by name. Every column that is none of the fixed ones and none of `labels`' may be a rule's; `classes` knows
the rules and their possible labels. A file that only labels lists needs no more than names and structures; its other columns
are ignored, and so are empty lines.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devtool.evaluation.findings import MalformedError
from devtool.evaluation.labels import Label, is_label_column, labels_of

NEEDED = ("name", "smiles", "inchikey", "formula", "class", "excluded_by_name_in", "confidence")
ALWAYS = ("name", "smiles")
BESIDE = ("source", "structure_check", "note")
CONFIDENCES = frozenset({"high", "medium", "low"})

_BETWEEN_RULES = re.compile(r"[\s,;|]+")


@dataclass(frozen=True)
class Row:
    """One substance; `labels` by rule are the structural answers, before a rule's own named exclusions.

    `inchikey`, `formula` and `group` may be blank, and so may `confidence`, which is then not high.
    """

    line: int
    name: str
    smiles: str
    inchikey: str
    formula: str
    group: str
    labels: Mapping[str, str]
    excluded_in: frozenset[str]
    listings: tuple[Label, ...]
    confidence: str

    @property
    def block(self) -> str:
        """The first block of the InChIKey."""
        return self.inchikey[:14]


def read_rows(path: Path) -> tuple[Row, ...]:
    """Return the rows of a file; raise MalformedError with the line."""
    try:
        reader = csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
        lines = [(reader.line_num, [cell.strip() for cell in line]) for line in reader]
    except (UnicodeDecodeError, csv.Error) as exc:
        raise MalformedError(f"{path.name}: not a CSV file in UTF-8") from exc
    head = lines[0][1] if lines else []
    rules = _rules_of(head)
    if rules is None:
        raise MalformedError(f"{path.name}: line 1: the columns are not those of the reference format")
    rows = tuple(_row(path, number, head, line, rules) for number, line in lines[1:] if any(line))
    if not rows:
        raise MalformedError(f"{path.name}: holds no substance")
    return rows


def _rules_of(head: list[str]) -> tuple[str, ...] | None:
    """Return the columns that may be a rule's, none in a file that only labels lists; None where it is neither."""
    has_listings = any(map(is_label_column, head))
    rules = tuple(name for name in head if name not in {*NEEDED, *BESIDE} and not is_label_column(name))
    if len(set(head)) != len(head) or not {*ALWAYS} <= {*head}:
        return None
    if {*NEEDED} <= {*head} and "" not in rules and (rules or has_listings):
        return rules
    return () if has_listings else None


def _row(path: Path, number: int, head: list[str], line: list[str], rules: tuple[str, ...]) -> Row:
    where = f"{path.name}: line {number}"
    if len(line) != len(head):
        raise MalformedError(f"{where}: {len(line)} cells")
    cells = dict(zip(head, line, strict=True))
    if cells.get("confidence") and rules and cells["confidence"] not in CONFIDENCES:
        raise MalformedError(f"{where}: confidence is none of {', '.join(sorted(CONFIDENCES))}")
    empty = [name for name in ALWAYS if not cells[name]]
    if empty:
        raise MalformedError(f"{where}: {empty[0]} is empty")
    return Row(
        line=number,
        name=cells["name"],
        smiles=cells["smiles"],
        inchikey=cells.get("inchikey", ""),
        formula=cells.get("formula", ""),
        group=cells.get("class", ""),
        labels={rule: cells[rule] for rule in rules},
        excluded_in=frozenset(filter(None, _BETWEEN_RULES.split(cells.get("excluded_by_name_in", "")))),
        listings=labels_of(cells),
        confidence=cells.get("confidence", ""),
    )
