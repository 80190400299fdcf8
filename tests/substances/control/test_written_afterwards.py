# SPDX-License-Identifier: Apache-2.0
"""Substances written after the rules, none of them a row of the reference set, each label with its reason.

The labels were read by hand from the rules' summaries before the rules were run over them. The file is in the format
of the reference set, so that `./dev evaluate tests/substances/data` measures notations and analogues over it as well.
"""

import csv
from pathlib import Path

import pytest

from devtool.evaluation.substances import Row, read_rows
from substances.control.engine import judge
from substances.control.shipped import shipped_rules
from substances.control.verdicts import EXCLUDED, meets_label
from substances.structures.reading import read_structure

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "tests" / "substances" / "data" / "substances-afterwards.csv"
ROWS = read_rows(FILE)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_rules_say_what_was_read_by_hand(row: Row) -> None:
    structure = read_structure(row.smiles, form="smiles")
    assert (structure.formula, structure.inchikey) == (row.formula, row.inchikey)
    verdicts = {rule.id: judge(rule, structure.parent_smiles) for rule in shipped_rules()}
    wrong = {
        name: verdicts[name].structural
        for name, label in row.labels.items()
        if not meets_label(verdicts[name], label)
    }
    assert wrong == {}
    assert {name for name, verdict in verdicts.items() if verdict.verdict == EXCLUDED} == row.excluded_in


def test_no_structure_is_one_of_the_reference_set_but_as_another_stereo_form() -> None:
    with (ROOT / "substances" / "data" / "substances-dev.csv").open(encoding="utf-8", newline="") as lines:
        known = {row["inchikey"]: row["inchikey"][:14] for row in csv.DictReader(lines)}
    again = {row.name for row in ROWS if row.block in known.values()}
    assert again == {"(S)-cathinone", "pseudoephedrine"}
    assert not {row.inchikey for row in ROWS} & set(known)


def test_the_set_is_whole_and_every_label_has_its_reason() -> None:
    with FILE.open(encoding="utf-8", newline="") as lines:
        reasons = [row["note"] for row in csv.DictReader(lines)]
    assert len(reasons) == len(ROWS) == 301
    assert all(reasons)
    assert set(ROWS[0].labels) == {rule.id for rule in shipped_rules()}
