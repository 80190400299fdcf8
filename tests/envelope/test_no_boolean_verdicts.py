# SPDX-License-Identifier: Apache-2.0
"""Verification raises: no function of the envelope returns a verdict that a caller could ignore."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "accord" / "envelope"
VERDICTS = re.compile(
    r"_?(verify|verifies|check|accept|judge|compare|prove|refuse|require|demand|validate|ensure|confirm|open)(_|$)"
)
# Questions whose answers are facts, not verdicts; each caller branches on them.
QUESTIONS = re.compile(r"_?(is|may_be|holds|has|stands_by)(_\w+)?|__eq__")


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{file.relative_to(PACKAGE)}:{node.lineno} {node.name}", node


ALL = dict(functions())


def gives_bool(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell by its annotation, or by a `return True` or `return False` of its own."""
    annotation = ast.unparse(function.returns) if function.returns else ""
    constants = (
        node.value.value
        for node in own_nodes(function)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant)
    )
    return "bool" in annotation or any(isinstance(value, bool) for value in constants)


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from own_nodes(child)


@pytest.mark.parametrize("place", [place for place, node in ALL.items() if VERDICTS.match(node.name)])
def test_a_verdict_is_no_boolean(place: str) -> None:
    assert not gives_bool(ALL[place])


def test_whatever_gives_a_boolean_is_a_question() -> None:
    answering = {place for place, node in ALL.items() if gives_bool(node)}
    assert answering
    assert {place for place in answering if not QUESTIONS.fullmatch(ALL[place].name)} == set()


def test_every_function_says_what_it_gives() -> None:
    assert [place for place, node in ALL.items() if node.returns is None and node.name != "__init__"] == []


def test_the_verdicts_are_found() -> None:
    named = {node.name for node in ALL.values() if VERDICTS.match(node.name)}
    assert {
        "verify_jws", "verify_slice", "verify_receipt", "verify_inclusion", "verify_consistency", "verify_keyset",
        "check_entitled", "check_chain", "accept_statement", "judge_key", "compare_checkpoints", "open_alert",
    } <= named  # fmt: skip
