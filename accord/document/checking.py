# SPDX-License-Identifier: Apache-2.0
"""Check a document against its JSON Schema and say, member by member, what does not fit and what to do.

It reads the keywords that the alert's schema uses and refuses a schema with another one; the tests compare it with the
reference implementation. A validator from the registries would bring five distributions, one of them compiled, to the machine
that holds an agency's keys (docs/decisions/0025-the-client-checks-the-document.md).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from accord.document.characters import code_point, is_hidden
from accord.document.rules import read_day

Shape = Mapping[str, Any]

MOST_NAMED: Final = 40
"""A longer list of choices is not repeated in a sentence; its schema gives an example."""
_SHOWN_CHARS: Final = 60
_NAMED_AT_MOST: Final = 4
_TYPES: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "object": ("an object", lambda value: isinstance(value, Mapping)),
    "array": ("a list", lambda value: isinstance(value, list)),
    "string": ("a text", lambda value: isinstance(value, str)),
    "integer": ("a whole number", lambda value: type(value) is int),
    "null": ("null", lambda value: value is None),
}
_TELLS: Final = frozenset({"$schema", "$id", "title", "description", "examples"})
"""Keywords that inform people and restrict no value."""


@dataclass(frozen=True)
class Finding:
    """One fault: its place (a JSON pointer), and the remedy. `line` in the file, where there is one."""

    pointer: str
    remedy: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}, " if self.line is not None else ""
        return f"{place}{self.pointer or '/'}: {self.remedy}"


Keyword = Callable[[Shape, Any, object, str], Iterator[Finding]]
"""Called with the shape, the keyword's own value in it, the value to check, and its pointer."""


def is_empty(value: object) -> bool:
    """Tell whether a value says nothing; 0 and false say something."""
    return value is None or value in ("", [], {})


def findings(shape: Shape, value: object, pointer: str) -> Iterator[Finding]:
    """Yield the faults of a value by the shape; raise KeyError for a keyword that is not read here."""
    if "anyOf" in shape:
        yield from _nearest([list(findings(other, value, pointer)) for other in shape["anyOf"]], pointer)
    if "type" in shape and not _TYPES[shape["type"]][1](value):
        yield _Mistyped(pointer, f"write {_TYPES[shape['type']][0]}.")
        return
    for keyword, limit in shape.items():
        if keyword not in _TELLS and keyword not in ("anyOf", "type"):
            yield from _KEYWORDS[keyword](shape, limit, value, pointer)


def step(pointer: str, name: str | int) -> str:
    """Return the pointer of a member or item (RFC 6901)."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"


def hidden_findings(value: object, pointer: str) -> Iterator[Finding]:
    """Yield a finding for each text with invisible characters."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from hidden_findings(item, step(pointer, name))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from hidden_findings(item, step(pointer, at))
    elif isinstance(value, str) and not value.isascii():
        marks = dict.fromkeys(mark for mark in value if is_hidden(mark) and mark not in "\n\t")
        if marks:
            codes = ", ".join(map(code_point, list(marks)[:_NAMED_AT_MOST]))
            yield Finding(pointer, f"delete the hidden characters ({codes}) or retype it.")


@dataclass(frozen=True)
class _Mistyped(Finding):
    """A value of a wrong type, or not this constant: another alternative may have been meant."""


def _nearest(tried: list[list[Finding]], pointer: str) -> list[Finding]:
    """Return the faults by the alternative that was meant: of the value's type, with the fewest faults; none if one fits."""
    if not all(tried):
        return []
    near = [found for found in tried if not (isinstance(found[0], _Mistyped) and found[0].pointer == pointer)]
    if near:
        return min(near, key=len)
    wanted = (found[0].remedy.removeprefix("write ").removesuffix(".") for found in tried)
    return [_Mistyped(pointer, f"write {' or '.join(dict.fromkeys(wanted))}.")]


def _const(shape: Shape, limit: Any, value: object, pointer: str) -> Iterator[Finding]:
    if not _same(value, limit):
        yield _Mistyped(pointer, f"write {json.dumps(limit)}.")


def _enum(shape: Shape, limit: Any, value: object, pointer: str) -> Iterator[Finding]:
    if any(_same(value, choice) for choice in limit):
        return
    if len(limit) > MOST_NAMED:
        yield Finding(pointer, f"choose a listed code, like {shape['examples'][0]}.")
        return
    near = difflib.get_close_matches(str(value)[:_SHOWN_CHARS], map(str, limit), 1)
    guess = f" Is {near[0]} meant?" if near else ""
    yield Finding(pointer, f"choose one of {', '.join(map(str, limit))}.{guess}")


def _pattern(shape: Shape, limit: str, value: object, pointer: str) -> Iterator[Finding]:
    if not isinstance(value, str) or _compiled(limit).search(value):
        return
    examples = shape.get("examples")
    if examples:
        yield Finding(pointer, f"write it like {json.dumps(examples[0])}.")
    elif limit.startswith("^[^"):
        where = "one line without" if r"\n" in limit else "no"
        yield Finding(pointer, f"use {where} control characters or marks that turn the direction of writing.")
    else:
        yield Finding(pointer, f"it does not have the form {limit}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern: `$` in JSON Schema is the end; in Python it also matches before a last line break."""
    return re.compile(rf"{pattern[:-1]}\Z" if pattern.endswith("$") else pattern)


def _bound(measure: Callable[[Any], int | None], remedy: str, *, is_least: bool) -> Keyword:
    """Make a keyword that limits what `measure` returns; None is of another type, to which it does not apply."""

    def check(shape: Shape, limit: int, value: object, pointer: str) -> Iterator[Finding]:
        found = measure(value)
        if found is not None and (found < limit if is_least else found > limit):
            yield Finding(pointer, remedy.format(limit=limit, found=found))

    return check


def _number(value: object) -> int | None:
    return value if type(value) is int else None


def _length(value: object) -> int | None:
    return len(value) if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return len(value) if isinstance(value, list) else None


def _members(value: object) -> int | None:
    return len(value) if isinstance(value, Mapping) else None


def _unique_items(shape: Shape, limit: bool, value: object, pointer: str) -> Iterator[Finding]:
    if not (limit and isinstance(value, list)):
        return
    seen: set[str] = set()
    for at, item in enumerate(value):
        text = json.dumps(item, sort_keys=True)
        if text in seen:
            yield Finding(step(pointer, at), "it stands there twice; leave it out.")
        seen.add(text)


def _items(shape: Shape, limit: Shape, value: object, pointer: str) -> Iterator[Finding]:
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from findings(limit, item, step(pointer, at))


def _required(shape: Shape, limit: list[str], value: object, pointer: str) -> Iterator[Finding]:
    if isinstance(value, Mapping):
        for name in limit:
            if name not in value:
                yield Finding(step(pointer, name), "it is missing; add it.")


def _properties(shape: Shape, limit: Mapping[str, Shape], value: object, pointer: str) -> Iterator[Finding]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name in limit:
                yield from findings(limit[name], item, step(pointer, name))


def _additional(shape: Shape, limit: Any, value: object, pointer: str) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        return
    known = shape.get("properties", {})
    for name in (name for name in value if name not in known):
        if limit is False:
            near = difflib.get_close_matches(name[:_SHOWN_CHARS], known, 1)
            guess = f" Is {near[0]} meant?" if near else " Leave it out."
            yield Finding(step(pointer, name), f"there is no such member.{guess}")
        else:
            yield from findings(limit, value[name], step(pointer, name))


def _property_names(shape: Shape, limit: Shape, value: object, pointer: str) -> Iterator[Finding]:
    if isinstance(value, Mapping):
        for name in value:
            yield from findings(limit, name, step(pointer, name))


def _format(shape: Shape, limit: str, value: object, pointer: str) -> Iterator[Finding]:
    if not isinstance(value, str) or _FORMATS[limit](value):
        return
    yield Finding(pointer, "write a day that exists, like 2027-01-31.")


def _same(value: object, other: object) -> bool:
    return type(value) is type(other) and value == other


_FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {"date": lambda value: read_day(value) is not None}
_KEYWORDS: Final[Mapping[str, Keyword]] = {
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _bound(_length, "use at least {limit} characters; it has {found}.", is_least=True),
    "maxLength": _bound(_length, "use at most {limit} characters; it has {found}.", is_least=False),
    "minimum": _bound(_number, "use a number from {limit}.", is_least=True),
    "maximum": _bound(_number, "use a number up to {limit}.", is_least=False),
    "minItems": _bound(_count, "list at least {limit}.", is_least=True),
    "maxItems": _bound(_count, "list at most {limit}; there are {found}.", is_least=False),
    "uniqueItems": _unique_items,
    "items": _items,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "maxProperties": _bound(_members, "use at most {limit} members; there are {found}.", is_least=False),
    "format": _format,
}
