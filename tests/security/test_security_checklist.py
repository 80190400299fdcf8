# SPDX-License-Identifier: Apache-2.0
"""The checklist names every fault of its list, and for each a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "security-checklist.md"
LIES: Final = ROOT / "docs" / "fallen-exchange.md"
FAULTS: Final = range(1, 46)
DEMANDED: Final = {*range(1, 11), 13, *range(16, 27), 30, 31, 43}
"""The faults whose tests may not be put off."""
_ROW: Final = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$", re.M)
_TEST: Final = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[int, str]:
    """Return the tests that find each fault, by the fault's number."""
    return {int(number): found_by for number, _, found_by in _ROW.findall(PAGE.read_text("utf-8"))}


@cache
def functions_of(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.exists():
        return frozenset()
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))


def test_every_fault_is_on_the_page() -> None:
    assert list(rows()) == list(FAULTS)


@pytest.mark.parametrize("number", FAULTS)
def test_a_fault_has_tests_that_are_there_or_says_why_it_waits(number: int) -> None:
    found_by = rows()[number]
    named = _TEST.findall(found_by)
    assert named or (found_by.startswith("later: ") and number not in DEMANDED)
    for file, test in named:
        assert test in functions_of(file), f"no {test} in {file}"


def test_each_lie_of_an_exchange_is_told_by_a_test_that_is_there() -> None:
    told = [row for row in LIES.read_text("utf-8").splitlines() if row.startswith("| ")][1:]
    named = [_TEST.findall(row) for row in told]
    assert len(told) >= 20 and all(named)
    assert [f"{file}::{test}" for row in named for file, test in row if test not in functions_of(file)] == []
