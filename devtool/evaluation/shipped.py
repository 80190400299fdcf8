# SPDX-License-Identifier: Apache-2.0
"""The shipped rules and substances, in the form that an evaluation needs."""

from devtool.environments import ROOT
from devtool.evaluation.substances import Row, read_rows
from substances.control.rules import RuleSet, read_rules

DATA = ROOT / "substances" / "data"


def shipped_rules() -> RuleSet:
    """Return the class rules that come with the product."""
    return read_rules((DATA / "generic-controls.yaml").read_text("utf-8"))


def shipped_rows() -> tuple[Row, ...]:
    """Return the substances that come with the product."""
    return read_rows(DATA / "substances-dev.csv")
