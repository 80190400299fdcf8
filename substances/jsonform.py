# SPDX-License-Identifier: Apache-2.0
"""Typed values as JSON, rebuilt from their declared types alone.

The reader of a value names the type that it expects and gets that type or `FormError`: the JSON cannot choose a class.
Supported are str, int, float, bool, None, bytes (base64), date, Literal, Enum, tuple, list, mappings with text keys, unions,
and dataclasses of these. A non-finite float travels as its name, "nan" or "inf".
"""

import base64
import binascii
import json
import math
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, Final, Literal, NewType, Union, get_args, get_origin, get_type_hints

MAX_DEPTH: Final = 24
_NOT_FINITE: Final = ("nan", "inf", "-inf")


class FormError(ValueError):
    """A value that is not of the declared type, or of an unsupported type. It names the position, never the value."""


def to_plain(value: Any) -> Any:
    """Convert a typed value to JSON values."""
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Enum):
        return to_plain(value.value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_text_key(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Sequence):
        return [to_plain(item) for item in value]
    raise FormError(f"a {type(value).__name__} does not travel")


def dump(value: Any) -> bytes:
    """Return the JSON octets of plain values."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def load(octets: bytes) -> Any:
    """Parse JSON octets to plain values; NaN and infinities are no JSON. Raises FormError."""
    try:
        return json.loads(octets, parse_constant=_no_constant)
    except (ValueError, RecursionError) as failure:
        raise FormError("no JSON") from failure


def of_type(declared: Any, plain: Any, *, depth: int = 0) -> Any:
    """Return the value of the declared type; raise FormError."""
    if depth > MAX_DEPTH:
        raise FormError("too deep")
    if isinstance(declared, NewType):
        return of_type(declared.__supertype__, plain, depth=depth + 1)
    if declared in _SIMPLE:
        return _SIMPLE[declared](plain)
    origin = get_origin(declared) or declared
    if origin in _COMPOUND:
        return _COMPOUND[origin](get_args(declared), plain, depth + 1)
    if isinstance(declared, type) and is_dataclass(declared):
        return _dataclass(declared, plain, depth + 1)
    if isinstance(declared, type) and issubclass(declared, Enum):
        return _enum(declared, plain)
    raise FormError(f"{declared!r} does not travel")


def _no_constant(name: str) -> Any:
    raise FormError(f"{name} is no JSON")


def _text_key(key: Any) -> str:
    if not isinstance(key, str):
        raise FormError("a key that is no text")
    return key


def _exactly(kind: type) -> Callable[[Any], Any]:
    def check(plain: Any) -> Any:
        if type(plain) is not kind:
            raise FormError(f"no {kind.__name__}")
        return plain

    return check


def _float(plain: Any) -> float:
    if type(plain) not in (int, float) and plain not in _NOT_FINITE:
        raise FormError("no float")
    try:
        return float(plain)
    except OverflowError as failure:
        raise FormError("no float") from failure


def _none(plain: Any) -> None:
    if plain is not None:
        raise FormError("no null")


def _bytes(plain: Any) -> bytes:
    try:
        return base64.b64decode(_exactly(str)(plain), validate=True)
    except (binascii.Error, ValueError) as failure:
        raise FormError("no base64") from failure


def _date(plain: Any) -> date:
    try:
        return date.fromisoformat(_exactly(str)(plain))
    except ValueError as failure:
        raise FormError("no date") from failure


def _list(plain: Any) -> list[Any]:
    return list(_exactly(list)(plain))


def _tuple(inner: tuple[Any, ...], plain: Any, depth: int) -> tuple[Any, ...]:
    items = _list(plain)
    if len(inner) == 2 and inner[1] is Ellipsis:
        check = _SIMPLE.get(inner[0])
        return tuple(check(item) if check else of_type(inner[0], item, depth=depth) for item in items)
    if len(items) != len(inner):
        raise FormError("another length")
    return tuple(of_type(kind, item, depth=depth) for kind, item in zip(inner, items, strict=True))


def _sequence(inner: tuple[Any, ...], plain: Any, depth: int) -> list[Any]:
    return [of_type(inner[0], item, depth=depth) for item in _list(plain)]


def _mapping(inner: tuple[Any, ...], plain: Any, depth: int) -> dict[str, Any]:
    return {key: of_type(inner[1], item, depth=depth) for key, item in _exactly(dict)(plain).items()}


def _literal(allowed: tuple[Any, ...], plain: Any, depth: int) -> Any:
    for value in allowed:
        if type(value) is type(plain) and value == plain:
            return value
    raise FormError("not one of the literals")


def _union(kinds: tuple[Any, ...], plain: Any, depth: int) -> Any:
    """Return the value by the first of the kinds that fits."""
    for kind in kinds:
        try:
            return of_type(kind, plain, depth=depth)
        except FormError:
            continue
    raise FormError("none of the union")


def _enum(declared: type[Enum], plain: Any) -> Enum:
    for member in declared:
        if type(member.value) is type(plain) and member.value == plain:
            return member
    raise FormError("no such member")


def _dataclass(declared: Any, plain: Any, depth: int) -> Any:
    given = _exactly(dict)(plain)
    kinds = _field_types(declared)
    if given.keys() != kinds.keys():
        raise FormError(f"other fields than a {declared.__name__} has")
    return declared(**{
        name: check(given[name]) if check else of_type(kind, given[name], depth=depth)
        for name, (kind, check) in kinds.items()
    })  # fmt: skip


@cache
def _field_types(declared: Any) -> dict[str, tuple[Any, Callable[[Any], Any] | None]]:
    """Return for each field its type, and for a simple type its check: a drawing has hundreds of numbers."""
    hints = get_type_hints(declared)
    kinds = {field.name: hints[field.name] for field in fields(declared) if field.init}
    return {name: (kind, _SIMPLE.get(kind)) for name, kind in kinds.items()}


_SIMPLE: Final[dict[Any, Callable[[Any], Any]]] = {
    str: _exactly(str), int: _exactly(int), bool: _exactly(bool), float: _float, bytes: _bytes, date: _date,
    type(None): _none, None: _none, Any: lambda plain: plain, object: lambda plain: plain,
}  # fmt: skip
_COMPOUND: Final[dict[Any, Callable[[tuple[Any, ...], Any, int], Any]]] = {
    tuple: _tuple, list: _sequence, Sequence: _sequence, dict: _mapping, Mapping: _mapping, Literal: _literal,
    Union: _union, types.UnionType: _union,
}  # fmt: skip
