# SPDX-License-Identifier: Apache-2.0
"""The specification's table of attacks and the tests that mount them agree."""

import ast
import re
from pathlib import Path

import pytest

from tests.attacks.rows import ROWS, Test

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "spec" / "envelope.md"
HEADING = "What each attack meets"


def titles() -> list[str]:
    """Return the first column of the table below the heading, in order."""
    section = re.search(rf"^## \d+\. {HEADING}\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.M | re.S)
    assert section is not None, f"{PAGE.name} has no section {HEADING!r}"
    rows = [line.strip("|").split("|")[0].strip() for line in section[1].splitlines() if line.startswith("|")]
    assert rows[0] == "attack"
    return rows[2:]


def functions() -> dict[Test, ast.FunctionDef]:
    """Return every test below this folder."""
    return {
        (file.relative_to(HERE).as_posix(), node.name): node
        for file in HERE.rglob("test_*.py")
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_row_of_the_table_is_mounted() -> None:
    assert titles() == list(dict.fromkeys(titles()))
    assert sorted(titles()) == sorted(ROWS)


@pytest.mark.parametrize("title", ROWS)
def test_the_row_has_tests_that_say_what_they_do(title: str) -> None:
    known = functions()
    assert ROWS[title]
    for test in ROWS[title]:
        assert test in known, f"{title}: no {test[1]} in {test[0]}"
        assert ast.get_docstring(known[test]), f"{test[1]} does not say what the attacker does"


def test_every_attack_belongs_to_a_row() -> None:
    here = {test for test in functions() if test[0] != Path(__file__).name}
    assert here == {test for tests in ROWS.values() for test in tests}
