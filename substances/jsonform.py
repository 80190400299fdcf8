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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache, partial
from typing import Any, Final, Literal, NewType, Union, get_args, get_origin, get_type_hints

MAX_DEPTH: Final = 24
_NOT_FINITE: Final = ("nan", "inf", "-inf")

Reader = Callable[[Any, int], Any]
"""Function that returns a plain value as one of its type, at this depth of nesting, or raises FormError."""


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


def of_type(declared: Any, plain: Any) -> Any:
    """Return the value of the declared type; raise FormError."""
    return _reader(declared)(plain, 0)


def _no_constant(name: str) -> Any:
    raise FormError(f"{name} is no JSON")


def _text_key(key: Any) -> str:
    if not isinstance(key, str):
        raise FormError("a key that is no text")
    return key


def _reader(declared: Any) -> Reader:
    """Return the function that reads values of this type."""
    if isinstance(declared, NewType):
        return _reader(declared.__supertype__)
    if declared in _SIMPLE:
        return _SIMPLE[declared]
    origin = get_origin(declared) or declared
    if origin in _COMPOUND:
        return _COMPOUND[origin](get_args(declared))
    if isinstance(declared, type) and is_dataclass(declared):
        return partial(_dataclass, declared)
    if isinstance(declared, type) and issubclass(declared, Enum):
        return _one_of((member.value, member) for member in declared)
    return partial(_unknown, declared)


def _unknown(declared: Any, plain: Any, depth: int) -> Any:
    raise FormError(f"{declared!r} does not travel")


def _exactly(kind: type) -> Reader:
    def read(plain: Any, depth: int) -> Any:
        if type(plain) is not kind:
            raise FormError(f"no {kind.__name__}")
        return plain

    return read


_text, _items, _members = _exactly(str), _exactly(list), _exactly(dict)


def _float(plain: Any, depth: int) -> float:
    if type(plain) not in (int, float) and plain not in _NOT_FINITE:
        raise FormError("no float")
    try:
        return float(plain)
    except OverflowError as failure:
        raise FormError("no float") from failure


def _none(plain: Any, depth: int) -> None:
    if plain is not None:
        raise FormError("no null")


def _bytes(plain: Any, depth: int) -> bytes:
    try:
        return base64.b64decode(_text(plain, depth), validate=True)
    except (binascii.Error, ValueError) as failure:
        raise FormError("no base64") from failure


def _date(plain: Any, depth: int) -> date:
    try:
        return date.fromisoformat(_text(plain, depth))
    except ValueError as failure:
        raise FormError("no date") from failure


def _as_it_is(plain: Any, depth: int) -> Any:
    return plain


def _deeper(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise FormError("too deep")
    return depth + 1


def _tuple(inner: tuple[Any, ...]) -> Reader:
    readers = [_reader(kind) for kind in inner if kind is not Ellipsis]
    is_endless = len(inner) == 2 and inner[1] is Ellipsis

    def read(plain: Any, depth: int) -> tuple[Any, ...]:
        items, below = _items(plain, depth), _deeper(depth)
        if is_endless:
            each = readers[0]
            return tuple([each(item, below) for item in items])
        if len(items) != len(readers):
            raise FormError("another length")
        return tuple([each(item, below) for each, item in zip(readers, items, strict=True)])

    return read


def _sequence(inner: tuple[Any, ...]) -> Reader:
    each = _reader(inner[0])

    def read(plain: Any, depth: int) -> list[Any]:
        below = _deeper(depth)
        return [each(item, below) for item in _items(plain, depth)]

    return read


def _mapping(inner: tuple[Any, ...]) -> Reader:
    each = _reader(inner[1])

    def read(plain: Any, depth: int) -> dict[str, Any]:
        below = _deeper(depth)
        return {key: each(item, below) for key, item in _members(plain, depth).items()}

    return read


def _one_of(values: Iterable[tuple[Any, Any]]) -> Reader:
    """Return the reader of a closed list: a value is read by its type and content, so that True is not 1."""
    listed = {(type(plain), plain): value for plain, value in values}

    def read(plain: Any, depth: int) -> Any:
        try:
            return listed[type(plain), plain]
        except (KeyError, TypeError):
            raise FormError("not on the list") from None

    return read


def _literal(allowed: tuple[Any, ...]) -> Reader:
    return _one_of((value, value) for value in allowed)


def _union(kinds: tuple[Any, ...]) -> Reader:
    """Return the reader by the first of the kinds that fits."""
    readers = [_reader(kind) for kind in kinds]

    def read(plain: Any, depth: int) -> Any:
        below = _deeper(depth)
        for each in readers:
            try:
                return each(plain, below)
            except FormError:
                continue
        raise FormError("none of the union")

    return read


def _dataclass(declared: Any, plain: Any, depth: int) -> Any:
    given, readers, below = _members(plain, depth), _field_readers(declared), _deeper(depth)
    if given.keys() != readers.keys():
        raise FormError(f"other fields than a {declared.__name__} has")
    return declared(**{name: read(given[name], below) for name, read in readers.items()})


@cache
def _field_readers(declared: Any) -> dict[str, Reader]:
    """Return the reader of each field, made once: a drawing has hundreds of values."""
    hints = get_type_hints(declared)
    return {field.name: _reader(hints[field.name]) for field in fields(declared) if field.init}


_SIMPLE: Final[dict[Any, Reader]] = {
    str: _text, int: _exactly(int), bool: _exactly(bool), float: _float, bytes: _bytes, date: _date,
    type(None): _none, None: _none, Any: _as_it_is, object: _as_it_is,
}  # fmt: skip
_COMPOUND: Final[dict[Any, Callable[[tuple[Any, ...]], Reader]]] = {
    tuple: _tuple, list: _sequence, Sequence: _sequence, dict: _mapping, Mapping: _mapping, Literal: _literal,
    Union: _union, types.UnionType: _union,
}  # fmt: skip
