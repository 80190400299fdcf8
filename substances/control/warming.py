# SPDX-License-Identifier: Apache-2.0
"""Preparation of control before its process locks itself in: parse the shipped files, use each pattern."""

from datetime import date

from substances.control.results import Query
from substances.control.screening import screen


def warm() -> None:
    """Parse every shipped file, compile every pattern, screen one structure."""
    screen(Query(smiles="CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"), on=date(2026, 1, 1))
