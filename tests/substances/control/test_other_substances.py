# SPDX-License-Identifier: Apache-2.0
"""Substances outside the reference set, with answers read by hand from the rules' summaries: near misses of each kind."""

import csv
from pathlib import Path

import pytest

from substances.control.engine import judge
from substances.control.shipped import shipped_rules
from substances.structures.normalising import parent_of

with Path(__file__).with_name("other-substances.csv").open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_rules_say_what_was_read_by_hand(row: dict[str, str]) -> None:
    parent = parent_of(row["smiles"])
    said = {rule.id: judge(rule, parent).verdict for rule in shipped_rules()}
    hits = [f"{rule}={verdict}" for rule, verdict in said.items() if verdict not in {"out", "not-decided"}]
    assert hits == row["hits"].split()


def test_the_set_is_whole() -> None:
    assert len(ROWS) > 140
