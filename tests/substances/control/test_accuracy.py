# SPDX-License-Identifier: Apache-2.0
"""The class verdicts against labels that were read by hand; the project's bars are asserted."""

import csv
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from substances.control.engine import judge
from substances.control.rules import Rule
from substances.control.shipped import shipped_rules
from substances.control.verdicts import EXCLUDED, IN, OUT, Verdict, meets_label
from substances.structures.decomposing import open_molecule
from substances.structures.normalising import parent_of

DATA = Path(__file__).resolve().parents[3] / "substances" / "data"
LEAST_SHARE = 0.99


class Judged(NamedTuple):
    row: dict[str, str]
    rule: Rule
    verdict: Verdict

    @property
    def label(self) -> str:
        return self.row[self.rule.id]

    @property
    def agrees(self) -> bool:
        return meets_label(self.verdict, self.label)

    @property
    def is_sure(self) -> bool:
        return self.rule.confidence == "high" and self.row["confidence"] == "high"


@cache
def _all() -> tuple[Judged, ...]:
    return tuple(_judged())


def _judged() -> Iterator[Judged]:
    with (DATA / "substances-dev.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            parent = parent_of(row["smiles"])
            for rule in shipped_rules():
                yield Judged(row, rule, judge(rule, parent))


def _table() -> str:
    """Return, for each rule, how many verdicts agree, and then every disagreement by name."""
    right = Counter(one.rule.id for one in _all() if one.agrees)
    whole = Counter(one.rule.id for one in _all())
    lines = [f"{rule:10} {right[rule]:4} of {whole[rule]:4}" for rule in whole]
    wrong = (one for one in _all() if not one.agrees)
    lines += [
        f"{one.row['name']}: {one.rule.id} says {one.verdict.structural}, not {one.label}" for one in wrong
    ]
    return "\n".join(lines)


def test_all_rules_and_rows_are_measured() -> None:
    assert len(_all()) == 125 * 12


def test_every_verdict_is_right_where_rule_and_row_are_sure() -> None:
    sure = [one for one in _all() if one.is_sure]
    assert len(sure) > 300
    assert all(one.agrees for one in sure), _table()


def test_nearly_every_verdict_is_right_over_all_rules() -> None:
    assert sum(one.agrees for one in _all()) >= LEAST_SHARE * len(_all()), _table()


def test_nothing_is_in_that_is_labelled_out() -> None:
    stray = [
        (one.row["name"], one.rule.id) for one in _all() if one.label == OUT and one.verdict.structural == IN
    ]
    assert stray == []


def test_exactly_the_named_substances_are_excluded() -> None:
    for one in _all():
        named = one.rule.id in one.row["excluded_by_name_in"].split()
        assert (one.verdict.verdict == EXCLUDED) == named, (one.row["name"], one.rule.id)


@pytest.mark.parametrize(
    "rule", [rule for rule in shipped_rules() if not rule.open_textured], ids=lambda rule: rule.id
)
def test_every_heavy_atom_is_under_one_clause(rule: Rule) -> None:
    """The core and the findings together are the whole structure, and no atom stands under two clauses."""
    for one in _all():
        if one.rule is not rule or not one.verdict.core_id:
            continue
        findings = [finding for finding in one.verdict.findings if finding.code != "missing"]
        atoms = sorted(atom for finding in findings for atom in finding.atoms)
        assert atoms == list(range(open_molecule(parent_of(one.row["smiles"])).size)), one.row["name"]


def test_what_is_out_names_what_stands_against_it() -> None:
    for one in _all():
        if one.verdict.structural == OUT:
            assert one.verdict.because, one.row["name"]
            assert bool(one.verdict.core_id) == bool(one.verdict.unexplained), one.row["name"]


def test_open_textured_rules_only_ever_ask_for_a_person() -> None:
    said = {one.verdict.verdict for one in _all() if one.rule.open_textured}
    assert said == {"review", "out"}
