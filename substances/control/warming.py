# SPDX-License-Identifier: Apache-2.0
"""Preparation of control before its process locks itself in: the shipped files are read, each pattern used."""

from datetime import date

from substances.control.results import Query
from substances.control.screening import screen


def warm() -> None:
    """Every shipped file is read, every pattern compiled, one structure screened."""
    screen(Query(smiles="CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"), on=date(2026, 1, 1))
