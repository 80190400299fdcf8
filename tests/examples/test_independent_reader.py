# SPDX-License-Identifier: Apache-2.0
"""A second implementation, written from the page alone, gives the same results and refusals for the kit."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.examples.independent import kit
from tests.examples.independent.refusal import Refused

PACKAGE = Path(kit.__file__).parent
KIT = PACKAGE.parents[1] / "vectors" / "accord"
NAME = "tests.examples.independent"
OF_THE_DESK_ALONE = {"reopen", "reopen-payload"}
"""Statements between a root and its own agency's desk (8.1 of the page), which no partner's reader meets."""
CASES = [case for case in kit.all_cases(KIT) if case.do not in OF_THE_DESK_ALONE]


def outcome(case: kit.Case) -> dict[str, Any]:
    try:
        return {"ok": kit.run(case)}
    except Refused as refused:
        return {"stage": refused.stage, "refused": refused.word}


@pytest.mark.parametrize("case", CASES, ids=[f"{case.file}: {case.name}" for case in CASES])
def test_case_comes_out_as_the_kit_says(case: kit.Case) -> None:
    assert outcome(case) == case.expect


def test_every_file_and_every_operation_is_run() -> None:
    files = {path.stem for path in KIT.glob("*.json")} - {"agencies", "reopenings"}
    assert {case.file for case in CASES} == files
    assert {case.do for case in CASES} == set(kit.OPERATIONS)


def imported(path: Path) -> set[str]:
    """The modules that a file imports; relative imports and the machinery of importing by name count as foreign."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Name) and node.id in ("__import__", "exec", "eval"):
            found.add(node.id)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_a_module_is_small_and_imports_nothing_of_the_project(path: Path) -> None:
    for module in imported(path):
        own = module == NAME or module.startswith(f"{NAME}.")
        root = module.split(".")[0]
        assert own or root == "cryptography" or (root in sys.stdlib_module_names and root != "importlib"), (
            module
        )
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "# SPDX-License-Identifier: Apache-2.0"
    assert len(lines) <= 400
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
