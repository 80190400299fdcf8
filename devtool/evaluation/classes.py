# SPDX-License-Identifier: Apache-2.0
"""Evaluate class rules on substances with known answers, cell by cell: one substance, one rule.

The label is the *structural* answer; a rule's exclusions by name are compared with `excluded_by_name_in` beside it. A structure
that cannot be read is wrong in every cell of its row. A blank label is no cell, and a rule that is not shipped is not judged:
both are reported.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from devtool.evaluation.findings import Bar, MalformedError, Part, Table, counted, percent_at_least
from devtool.evaluation.substances import Row
from substances.control.engine import judge
from substances.control.rules import Rule, RuleSet
from substances.control.verdicts import EXCLUDED, Verdict, meets_label
from substances.errors import InputRefusedError
from substances.structures.reading import Structure, read_structure

LABELS = frozenset({"in", "out", "parent", "review", "not-decided"})
UNREAD = "unread"
SURE_BAR = 100.0
OVERALL_BAR = 99.0


@dataclass(frozen=True)
class Cell:
    """One substance before one rule. `answer` is the structural one."""

    row: Row
    rule: Rule
    label: str
    answer: str
    right: bool
    exclusion_right: bool

    @property
    def sure(self) -> bool:
        """Tell whether both the rule's and the row's confidence are high."""
        return self.rule.confidence == "high" and self.row.confidence == "high"


def evaluate_classes(path: Path, rows: Sequence[Row], ruleset: RuleSet) -> Part:
    """Return the measures of one file; raise MalformedError where no column is a shipped rule's, or a label is none."""
    rules = [rule for rule in _latest(ruleset) if rule.id in rows[0].labels]
    if not rules:
        raise MalformedError(f"{path.name}: line 1: there is no rule {next(iter(rows[0].labels))}")
    _refuse_wrong_labels(path, rows, rules)
    structures = [_structure(row) for row in rows]
    cells = [
        _cell(row, structure, rule)
        for row, structure in zip(rows, structures, strict=True)
        for rule in rules
        if row.labels[rule.id]
    ]
    return Part(
        f"Class verdicts: {path.name}, {len(rows)} substances, {len(rules)} rules",
        _bars(cells),
        (_by_rule(cells, rules), _by_class(cells)),
        _notes(cells, rows, structures),
        tuple(_not_judged(path, rows, rules, ruleset)),
    )


def _latest(ruleset: RuleSet) -> tuple[Rule, ...]:
    """Return one rule for each name: of several versions the last in the file."""
    return tuple({rule.id: rule for rule in ruleset.rules}.values())


def _refuse_wrong_labels(path: Path, rows: Sequence[Row], rules: Sequence[Rule]) -> None:
    for row in rows:
        wrong = [rule.id for rule in rules if row.labels[rule.id] and row.labels[rule.id] not in LABELS]
        if wrong:
            raise MalformedError(
                f"{path.name}: line {row.line}: {wrong[0]} is none of {', '.join(sorted(LABELS))}"
            )


def _not_judged(path: Path, rows: Sequence[Row], rules: Sequence[Rule], ruleset: RuleSet) -> Iterator[str]:
    """Yield what the file leaves blank, or asks of rules that are not there."""
    judged = {rule.id for rule in rules}
    yield from (f"{name} of {path.name} (no shipped rule)" for name in rows[0].labels if name not in judged)
    yield from (f"{rule.id} (no column in {path.name})" for rule in _latest(ruleset) if rule.id not in judged)
    blank = sum(not row.labels[rule.id] for row in rows for rule in rules)
    if blank:
        yield f"{blank} cells of {path.name} (no label)"


def _structure(row: Row) -> Structure | None:
    try:
        return read_structure(row.smiles, form="smiles")
    except InputRefusedError:
        return None


def _cell(row: Row, structure: Structure | None, rule: Rule) -> Cell:
    label = row.labels[rule.id]
    if structure is None:
        return Cell(row, rule, label, UNREAD, right=False, exclusion_right=False)
    verdict: Verdict = judge(rule, structure.parent_smiles)
    named = (verdict.verdict == EXCLUDED) == (rule.id in row.excluded_in)
    return Cell(
        row, rule, label, verdict.structural, right=meets_label(verdict, label), exclusion_right=named
    )


def _bars(cells: Sequence[Cell]) -> tuple[Bar, ...]:
    sure = [cell for cell in cells if cell.sure]
    stray = sum(cell.answer == "in" and cell.label == "out" for cell in cells)
    return (
        percent_at_least("Right where rule and row have high confidence", _right(sure), len(sure), SURE_BAR),
        percent_at_least("Right overall", _right(cells), len(cells), OVERALL_BAR),
        Bar("`in` where the label is `out`", str(stray), "never", not stray),
    )


def _right(cells: Sequence[Cell]) -> int:
    return sum(cell.right for cell in cells)


def _by_rule(cells: Sequence[Cell], rules: Sequence[Rule]) -> Table:
    rows = []
    for rule in rules:
        own = [cell for cell in cells if cell.rule.id == rule.id]
        labels = Counter(cell.label for cell in own)
        said = " ".join(f"{label} {labels[label]}" for label in sorted(labels))
        sure = [cell for cell in own if cell.sure]
        high = counted(_right(sure), len(sure)) if sure else "-"
        rows.append((rule.id, rule.confidence, said, counted(_right(own), len(own)), high))
    return Table(("rule", "its confidence", "labels", "right", "right, both high"), tuple(rows))


def _by_class(cells: Sequence[Cell]) -> Table:
    rows = []
    for group, _ in Counter(cell.row.group for cell in cells).most_common():
        own = [cell for cell in cells if cell.row.group == group]
        substances = len({cell.row.name for cell in own})
        rows.append((group or "no class", str(substances), counted(_right(own), len(own))))
    return Table(("class", "substances", "right"), tuple(rows))


def _notes(
    cells: Sequence[Cell], rows: Sequence[Row], structures: Sequence[Structure | None]
) -> tuple[str, ...]:
    pairs = list(zip(rows, structures, strict=True))
    notes = [f"Not read: {row.name}" for row, structure in pairs if structure is None]
    notes += [
        f"Another InChIKey (first block): {row.name}"
        for row, structure in pairs
        if structure is not None and row.block and structure.inchikey[:14] != row.block
    ]
    notes += [
        f"Another formula: {row.name}, {structure.formula} instead of {row.formula}"
        for row, structure in pairs
        if structure is not None and row.formula and structure.formula != row.formula
    ]
    notes += [
        f"Wrong: {cell.row.name}, {cell.rule.id}: {cell.answer} instead of {cell.label}"
        f" (row {cell.row.confidence}, rule {cell.rule.confidence})"
        for cell in cells
        if not cell.right and cell.answer != UNREAD
    ]
    right = sum(cell.exclusion_right for cell in cells)
    notes.append(f"Taken out by name exactly where the file says so: {counted(right, len(cells))}")
    notes += [
        f"Exclusion by name differs: {cell.row.name}, {cell.rule.id}"
        for cell in cells
        if not cell.exclusion_right and cell.answer != UNREAD
    ]
    return tuple(notes)
