# SPDX-License-Identifier: Apache-2.0
"""Typed values travel as JSON and come back as the declared type, or not at all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Literal, NewType

import pytest

from substances.jsonform import FormError, dump, load, of_type, to_plain

Key = NewType("Key", str)


class Colour(Enum):
    RED = "red"
    ONE = 1


@dataclass(frozen=True)
class Inner:
    number: int
    note: str | None = None


@dataclass(frozen=True)
class Outer:
    inner: Inner
    many: tuple[Inner, ...]
    pair: tuple[str, float]
    named: Mapping[str, Inner]
    tone: Literal["a", "b"]
    colour: Colour
    day: date
    octets: bytes
    key: Key
    either: Inner | str


OUTER = Outer(
    Inner(1), (Inner(2, "x"), Inner(3)), ("ä", 1.5), {"k": Inner(4)}, "a", Colour.RED, date(2026, 1, 2), b"\x00\xff",
    Key("k"), "text",
)  # fmt: skip


def test_a_value_of_every_kind_comes_back_equal() -> None:
    assert of_type(Outer, load(dump(to_plain(OUTER)))) == OUTER


@pytest.mark.parametrize(
    ("declared", "plain"),
    [
        (int, True),
        (int, 1.0),
        (int, "1"),
        (bool, 1),
        (str, None),
        (str, b"x"),
        (float, "1"),
        (float, True),
        (float, 10**400),
        (None, 0),
        (bytes, "not base64!"),
        (date, "2026-13-01"),
        (date, 5),
        (tuple[int, ...], [1, "2"]),
        (tuple[int, str], [1]),
        (tuple[int, ...], "12"),
        (list[int], {"a": 1}),
        (Mapping[str, int], [["a", 1]]),
        (Literal["a", 1], "b"),
        (Literal[1], True),
        (Colour, "green"),
        (Colour, True),
        (int | None, "x"),
        (Inner, {"number": 1}),
        (Inner, {"number": 1, "note": None, "more": 1}),
        (Inner, {"number": "1", "note": None}),
        (Inner, [1, None]),
        (Inner | str, {"number": 1}),
        (set[int], [1]),
        (type, "int"),
    ],
)
def test_anything_but_the_declared_type_is_refused(declared: Any, plain: Any) -> None:
    with pytest.raises(FormError):
        of_type(declared, plain)


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(FormError):
        load(text)


@pytest.mark.parametrize("value", [{1, 2}, object(), {1: 2}, 1j, int])
def test_what_does_not_travel_is_not_sent(value: object) -> None:
    with pytest.raises(FormError):
        to_plain(value)


def test_a_number_that_is_none_arrives_as_such() -> None:
    """The readers of vectors and spectra refuse it with a sentence of their own."""
    sent = load(dump(to_plain([math.nan, math.inf, -math.inf, 1.5])))
    numbers = of_type(tuple[float, ...], sent)
    assert math.isnan(numbers[0])
    assert numbers[1:] == (math.inf, -math.inf, 1.5)


def test_nesting_has_an_end() -> None:
    deep: Any = "x"
    kind: Any = str
    for _ in range(40):
        deep, kind = [deep], Sequence[kind]
    with pytest.raises(FormError, match="deep"):
        of_type(kind, deep)
