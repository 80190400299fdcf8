# SPDX-License-Identifier: Apache-2.0
"""Mutants of one module: made by mutmut, one change each, inside functions.

mutmut does not change names and values at module level, decorated functions (properties) and annotations. These are left out
here, since they alter nothing a caller may rely on:

- *detail texts*: the sentence or member name that an error carries beside its type and code: texts given to the error classes,
  and whatever is passed on under the names `where` and `detail`;
- *another spelling of the same*: "ascii" and "ASCII" name one codec; "big" is the byte order where none is given; a keyword's
  value None where False stood.
"""

import ast
import textwrap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import libcst
from mutmut.mutation.file_mutation import create_mutations, deep_replace

# The position of the text in the arguments of each error class.
ERROR_TEXTS = {
    "MalformedError": 0,
    "TooLargeError": 0,
    "KeyRefusedError": 0,
    "BackendError": 0,
    "ProofError": 0,
    "NoteError": 0,
    "VerificationError": 1,
    "SealingError": 1,
    "OpeningError": 1,
}
TEXT_NAMES = frozenset({"where", "detail"})
_CODECS = frozenset({"ascii", "utf-8"})
_BYTE_ORDERED = frozenset({"from_bytes", "to_bytes"})


@dataclass(frozen=True)
class Mutant:
    """One change: the module's source with it, and its place."""

    module: str
    function: str
    lines: frozenset[int]
    before: str
    after: str
    source: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The key of its entry in the list of settled ones."""
        return self.module, self.function, self.before, self.after

    def __str__(self) -> str:
        return f"{self.module}.{self.function}, line {min(self.lines)}\n  - {self.before}\n  + {self.after}"


def mutants_of(path: Path, module: str, texts: Mapping[str, int]) -> Iterator[Mutant]:
    """Yield every mutant that counts; `texts` as `positions_of_texts` returns it."""
    source = path.read_text("utf-8")
    _, mutations, _, _ = create_mutations(str(path), source)
    outline = Outline(source)
    for mutation in mutations:
        function = mutation.contained_by_top_level_function
        # Fields of a class are marked like its methods.
        if isinstance(function, libcst.FunctionDef):
            changed = deep_replace(function, mutation.original_node, mutation.mutated_node)
            mutant = outline.mutant(module, _code_of(function), _code_of(changed))
            if not outline.is_left_out(mutant, texts):
                yield mutant


def _code_of(function: libcst.FunctionDef) -> list[str]:
    """Return the lines of the function without its decorators, dedented."""
    bare = function.with_changes(leading_lines=[], lines_after_decorators=[])
    code: str = libcst.Module([]).code_for_node(bare)
    return code.splitlines()


def positions_of_texts(folder: Path) -> dict[str, int]:
    """Return the position in a call of each function's `where` or `detail`, for the whole package."""
    found = dict(ERROR_TEXTS)
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name != "__init__":
                names = [argument.arg for argument in node.args.args if argument.arg not in ("self", "cls")]
                found.update((node.name, at) for at, name in enumerate(names) if name in TEXT_NAMES)
    return found


class Outline:
    """A module as written: its functions, their statements, their lines."""

    def __init__(self, source: str) -> None:
        self._lines = source.splitlines()
        self._functions = dict(_functions_in(ast.parse(source), ""))

    def mutant(self, module: str, before: list[str], after: list[str]) -> Mutant:
        """Return a function of this module, before and after the change."""
        name, node = self._function_like(before)
        head = 0
        while head < min(len(before), len(after)) and before[head] == after[head]:
            head += 1
        tail = 0
        while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
            tail += 1
        first = _first_line(node) - 1 + head
        end = first + len(before) - head - tail
        margin = " " * node.col_offset
        instead = [margin + line for line in after[head : len(after) - tail]]
        source = "\n".join([*self._lines[:first], *instead, *self._lines[end:]]) + "\n"
        touched = range(first + 1, max(first + 1, end) + 1)
        return Mutant(
            module,
            name,
            _lines_that_run(node, touched),
            _joined(before[head : len(before) - tail]),
            _joined(instead),
            source,
        )

    def _function_like(self, code: list[str]) -> tuple[str, ast.FunctionDef]:
        """Return the function whose lines these are."""
        for name, node in self._functions.items():
            first = _first_line(node) - 1
            if [line.strip() for line in self._lines[first : first + len(code)]] == [
                line.strip() for line in code
            ]:
                return name, node
        raise LookupError(f"no function with these lines: {code[0]}")

    def is_left_out(self, mutant: Mutant, texts: Mapping[str, int]) -> bool:
        """Tell whether it changes only what the rules leave out."""
        node = self._functions[mutant.function]
        changed = mutant.source.splitlines()
        longer = len(changed) - len(self._lines)
        first, end = _first_line(node) - 1, node.end_lineno or node.lineno
        before, after = (
            ast.dump(_Plain(texts).visit(ast.parse(textwrap.dedent("\n".join(lines)))))
            for lines in (self._lines[first:end], changed[first : end + longer])
        )
        return before == after


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _functions_in(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            yield prefix + child.name, child
        elif isinstance(child, ast.ClassDef):
            yield from _functions_in(child, f"{prefix}{child.name}.")


def _lines_that_run(function: ast.FunctionDef, touched: Collection[int]) -> frozenset[int]:
    """Return the lines of the touched statements; of the whole body where it is the signature."""
    found: set[int] = set()
    for statement in ast.walk(function):
        if isinstance(statement, ast.stmt) and statement is not function:
            body = getattr(statement, "body", None)
            end = body[0].lineno - 1 if isinstance(body, list) else statement.end_lineno or statement.lineno
            own = set(range(statement.lineno, max(end, statement.lineno) + 1))
            if own & set(touched):
                found |= own
    whole = range(function.body[0].lineno, (function.end_lineno or function.lineno) + 1)
    return frozenset(found or whole)


class _Plain(ast.NodeTransformer):
    """A transformer that removes from a function what the rules leave out."""

    def __init__(self, texts: Mapping[str, int]) -> None:
        self._texts = texts

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        position = self._texts.get(name)
        if position is not None and len(node.args) > position:
            node.args = node.args[:position] + node.args[position + 1 :]
        if name in _BYTE_ORDERED:
            node.args = [item for item in node.args if not _is(item, "big")]
        node.keywords = [item for item in node.keywords if item.arg not in TEXT_NAMES]
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self.generic_visit(node)
        if _is(node.value, False):
            node.value = ast.Constant(None)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        first = len(node.args.args) - len(node.args.defaults)
        names = [argument.arg for argument in node.args.args[first:]]
        node.args.defaults = [
            ast.Constant(None) if name in TEXT_NAMES else default
            for name, default in zip(names, node.args.defaults, strict=True)
        ]
        keyword_only = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        node.args.kw_defaults = [
            None if argument.arg in TEXT_NAMES else default for argument, default in keyword_only
        ]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and node.value.lower() in _CODECS:
            return ast.Constant(node.value.lower())
        return node


def _is(node: ast.AST, value: object) -> bool:
    return (isinstance(node, ast.Constant) and node.value is value) or (
        isinstance(value, str) and isinstance(node, ast.Constant) and node.value == value
    )
