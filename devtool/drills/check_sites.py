# SPDX-License-Identifier: Apache-2.0
"""Sites of a module's checks, and how to remove each from its source.

A *site* is one thing that could be deleted without anything else changing: a `raise`, a call whose value nobody uses, a refusal
that is returned, one operand of a condition that leads to a refusal, a validator around a value, a bound given to it. Sites
depend on the syntax alone, so the same source has the same sites.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

# Validators of `accord.envelope` return their argument; without one the value passes unchecked.
VALIDATORS = frozenset(
    {
        "members", "text", "integer", "one_of", "digest", "agency_id", "uuid7", "officer_id", "sorted_set",
        "agency_ids", "media_type", "filename", "_require_key_name", "_after",
    }
)  # fmt: skip
BOUNDS = frozenset({"size", "least", "most"})
BOUNDED = frozenset({"unb64u", "integer", "_agencies", "_words"})
LIMITED = frozenset({"parse_json", "parse_object", "parse_jws", "parse_jwe"})
# Calls for their effect: nothing works without them, and they check nothing.
EFFECTS = frozenset(
    {
        "add", "append", "extend", "update", "write", "seek", "truncate", "finalize", "setdefault",
        "authenticate_additional_data", "__init__",
    }
)  # fmt: skip
NO_LIMIT = 1 << 40
REFUSALS = frozenset({"SealRefusal", "Failure"})
_LAST = "is_last_of_its_function"


@dataclass(frozen=True)
class Site:
    """One check: its function, its words, the lines that run it, and how to remove it."""

    function: str
    words: str
    kind: str
    lines: range
    callee: str = ""
    delete: Callable[[], None] = field(repr=False, compare=False, default=lambda: None)


def sites_of(tree: ast.Module) -> list[Site]:
    """Return every site of a module in the order of its source; `delete` changes `tree`."""
    return list(_in_block(tree.body))


def _in_block(block: list[ast.stmt], holder: str = "", function: str = "") -> Iterator[Site]:
    for place, statement in enumerate(block):
        if isinstance(statement, ast.ClassDef):
            yield from _in_block(statement.body, f"{holder}{statement.name}.", function)
            continue
        if isinstance(statement, ast.FunctionDef):
            # A nested function is replaced together with its parent.
            setattr(statement.body[-1], _LAST, True)
            yield from _in_block(statement.body, holder, function or f"{holder}{statement.name}")
            continue
        if function:
            yield from _of_statement(block, place, function)
        for nested in _blocks_of(statement):
            yield from _in_block(nested, holder, function)


def _blocks_of(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for handler in getattr(statement, "handlers", []):
        yield handler.body


def _of_statement(block: list[ast.stmt], place: int, function: str) -> Iterator[Site]:
    statement = block[place]

    def remove() -> None:
        block[place] = ast.copy_location(ast.Pass(), statement)

    lines = range(statement.lineno, _header_end(statement) + 1)
    words = ast.unparse(statement).splitlines()[0]
    if isinstance(statement, ast.Raise) or (_is_refusal(statement) and not _is_needless(statement)):
        yield Site(function, words, "refusal", lines, delete=remove)
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        callee = _name_of(statement.value.func)
        if callee not in EFFECTS:
            yield Site(function, words, "call", lines, callee, remove)
    elif isinstance(statement, ast.If) and _refuses(statement.body):
        yield from _of_condition(statement, function)
    elif isinstance(statement, ast.Return | ast.Assign):
        yield from _of_answer(statement, function)
    for expression in _own_expressions(statement):
        alone = isinstance(statement, ast.Expr) and statement.value is expression
        yield from _of_expression(expression, function, lines, used_alone=alone)


def _header_end(statement: ast.stmt) -> int:
    """Return the last line of a compound statement's header."""
    nested = [block[0].lineno for block in _blocks_of(statement) if block]
    end = statement.end_lineno or statement.lineno
    return max(statement.lineno, min([end, *(line - 1 for line in nested)]))


def _is_refusal(statement: ast.stmt) -> bool:
    """Match `return SealRefusal.X`, and `return False` in a question that a check asks."""
    if not isinstance(statement, ast.Return):
        return False
    value = statement.value
    if isinstance(value, ast.Attribute):
        return isinstance(value.value, ast.Name) and value.value.id in REFUSALS
    return isinstance(value, ast.Constant) and value.value is False


def _is_needless(statement: ast.stmt) -> bool:
    """Match a last `return False`: without it the function returns None, which means no as well."""
    return hasattr(statement, _LAST) and isinstance(getattr(statement, "value", None), ast.Constant)


def _refuses(body: list[ast.stmt]) -> bool:
    return isinstance(body[0], ast.Raise) or _is_refusal(body[0])


def _of_condition(statement: ast.If, function: str) -> Iterator[Site]:
    """Yield each part of `if a or b: raise` by itself; they run where the refusal runs."""
    raising = statement.body[0]
    lines = range(raising.lineno, (raising.end_lineno or raising.lineno) + 1)
    for words, delete in _weakenings(statement.test, positive=True):
        yield Site(function, f"if … {words}", "operand", lines, delete=delete)


def _of_answer(statement: ast.Return | ast.Assign, function: str) -> Iterator[Site]:
    """Yield each part of `return a and b` or `fits = a and b`, the answer to a question that a check asks."""
    value = statement.value
    lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    if value is None:
        return
    for words, delete in _weakenings(value, positive=False):
        yield Site(function, f"answer … {words}", "operand", lines, delete=delete)
    if isinstance(statement, ast.Assign):
        for words, delete in _weakenings(value, positive=True):
            yield Site(function, f"answer … {words}", "operand", lines, delete=delete)


Weakening = tuple[str, Callable[[], None]]


def _weakenings(node: ast.expr, *, positive: bool) -> Iterator[Weakening]:
    """Yield ways to make a condition true less often (`positive`), or more often (not), by leaving one part out."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _weakenings(node.operand, positive=not positive)
    elif isinstance(node, ast.Call) and _name_of(node.func) == ("any" if positive else "all"):
        if isinstance(node.args[0], ast.GeneratorExp):
            yield from _weakenings(node.args[0].elt, positive=positive)
    elif isinstance(node, ast.BoolOp):
        if isinstance(node.op, ast.Or if positive else ast.And):
            yield from _without_each(node)
        for value in node.values:
            yield from _weakenings(value, positive=positive)
    elif isinstance(node, ast.Compare) and len(node.ops) == 2 and not positive:
        yield from _without_an_end(node)


def _without_each(node: ast.BoolOp) -> Iterator[Weakening]:
    for place, value in enumerate(node.values):

        def remove(place: int = place) -> None:
            # A chain of one is no chain: the neutral value replaces the operand.
            node.values[place] = _constant(isinstance(node.op, ast.And), node.values[place])

        yield ast.unparse(value), remove


def _without_an_end(node: ast.Compare) -> Iterator[Weakening]:
    """Yield `a <= b < c` without the lower and without the upper end."""

    def lower() -> None:
        node.left = node.comparators.pop(0)
        node.ops.pop(0)

    def upper() -> None:
        node.comparators.pop()
        node.ops.pop()

    first, last = copy.deepcopy(node), copy.deepcopy(node)
    del first.ops[1], first.comparators[1]
    last.left = last.comparators.pop(0)
    del last.ops[0]
    yield ast.unparse(first), lower
    yield ast.unparse(last), upper


def _constant(value: bool, where: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Constant(value), where)


def _own_expressions(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield calls of a statement, without those of nested statements, in the order of the source."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt | ast.ExceptHandler):
            continue
        found = [node for node in ast.walk(child) if isinstance(node, ast.Call)]
        yield from sorted(found, key=lambda call: (call.lineno, call.col_offset))


def _of_expression(call: ast.Call, function: str, lines: range, *, used_alone: bool) -> Iterator[Site]:
    callee = _name_of(call.func)
    if callee in VALIDATORS and call.args and not used_alone:
        yield Site(function, ast.unparse(call), "validator", lines, callee, lambda: _become_argument(call))
    for keyword in call.keywords:
        words = f"{keyword.arg}={ast.unparse(keyword.value)} in {ast.unparse(call)}"
        if callee in BOUNDED and keyword.arg in BOUNDS:
            yield Site(function, words, "bound", lines, callee, partial(call.keywords.remove, keyword))
        if callee in LIMITED and keyword.arg == "limit":
            yield Site(function, words, "bound", lines, callee, partial(_lift, keyword))


def _become_argument(call: ast.Call) -> None:
    """Turn `digest(x, "where")` into a call that returns x: the argument alone, wherever the call stood."""
    call.func = ast.copy_location(
        ast.Lambda(
            args=ast.arguments(
                posonlyargs=[], args=[ast.arg("it")], kwonlyargs=[], kw_defaults=[], defaults=[]
            ),
            body=ast.Name("it", ast.Load()),
        ),
        call.func,
    )
    del call.args[1:]
    call.keywords.clear()


def _lift(keyword: ast.keyword) -> None:
    keyword.value = ast.copy_location(ast.Constant(NO_LIMIT), keyword.value)


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
