# SPDX-License-Identifier: Apache-2.0
"""Here are the shipped rules and substances, as an evaluation needs them."""

from devtool.environments import ROOT
from devtool.evaluation.substances import Row, read_rows
from substances.control.rules import RuleSet, read_rules

DATA = ROOT / "substances" / "data"


def shipped_rules() -> RuleSet:
    """The class rules that come with the product."""
    return read_rules((DATA / "generic-controls.yaml").read_text("utf-8"))


def shipped_rows() -> tuple[Row, ...]:
    """The substances that come with the product."""
    return read_rows(DATA / "substances-dev.csv")
