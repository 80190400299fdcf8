# SPDX-License-Identifier: Apache-2.0
"""JSON, base64url, PADME, sets and numbers at their limits; the kit has every form that is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.envelope import encoding
from accord.envelope.encoding import (
    MAX_DEPTH,
    MAX_VALUES,
    agency_ids,
    b64u,
    canonical,
    integer,
    parse_json,
    parse_object,
    sorted_set,
    unb64u,
)
from accord.envelope.errors import (
    MalformedError,
    TooLargeError,
)
from accord.envelope.jwe import _orders_of
from tests.envelope.examples import examples


@examples(80)
@given(st.binary(max_size=70))
def test_b64u_agrees_with_the_standard_library(data: bytes) -> None:
    text = encoding.b64u(data)
    assert text == base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert encoding.unb64u(text) == data


@examples(80)
@given(st.text("ABQRgw_-09", max_size=12))
def test_unb64u_accepts_one_spelling_only(text: str) -> None:
    try:
        data = encoding.unb64u(text)
    except MalformedError:
        return
    assert encoding.b64u(data) == text


@examples(100)
@given(st.integers(2, 2**32))
def test_padme_wastes_less_than_twelve_percent(size: int) -> None:
    padded = encoding.padme(size)
    assert size <= padded <= size * 1.12
    assert encoding.padme(padded) == padded


def test_padme_leaves_small_sizes_alone() -> None:
    assert [encoding.padme(size) for size in range(10)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]


def nested(depth: int, inside: str = "") -> bytes:
    return ("[" * depth + inside + "]" * depth).encode()


@pytest.mark.parametrize(
    "around", ['{"a":%s,"b":[],"c":{}}', '[%s,"[[[[[[[[[[[[[[[[[[["]', "[[],[],%s,[],[]]"]
)
def test_sixteen_levels_pass_and_seventeen_do_not(around: str) -> None:
    for depth in (14, 15):
        parse_json((around % nested(depth).decode()).encode(), limit=1000)
    with pytest.raises(TooLargeError) as refused:
        parse_json((around % nested(16).decode()).encode(), limit=1000)
    assert refused.value.limit == MAX_DEPTH == 16


def test_levels_are_counted_through_objects_and_arrays_alike() -> None:
    value: Any = {"x": 1}
    for level in range(15):
        value = {"a": value, "b": []} if level % 2 else [value, {}]
    parse_json(json.dumps(value).encode(), limit=1000)
    assert canonical(value)
    with pytest.raises(TooLargeError):
        parse_json(json.dumps([value]).encode(), limit=1000)
    with pytest.raises(TooLargeError) as refused:
        canonical([value])
    assert refused.value.limit == MAX_DEPTH
    with pytest.raises(TooLargeError):
        parse_json(b"[" * 1_000_000 + b"]" * 1_000_000, limit=2_000_000)


def test_a_lone_surrogate_is_found_wherever_it_hides() -> None:
    assert parse_json(b'["\\ud83d\\ude00", "\\u00e9"]', limit=100) == ["\U0001f600", "\u00e9"]
    for text in (
        b'"\\ud83d"',
        b'{"\\ude00":1}',
        b'[1,{"a":["\\uD800x"]}]',
        b'["\\n\\udfff"]',
        b'["\\ud83d","\\n"]',
    ):
        with pytest.raises(MalformedError):
            parse_json(text, limit=100)


@pytest.mark.parametrize("value", [[1, 2], ["a", 1], [None], [True], "ab", {"a": 1}, ("a", "b"), None, 1])
def test_a_sorted_set_is_an_array_of_strings(value: Any) -> None:
    with pytest.raises(MalformedError):
        sorted_set(value, "x")
    with pytest.raises(MalformedError):
        agency_ids(value, "x")


def test_a_sorted_set_may_be_empty() -> None:
    assert sorted_set([], "x") == agency_ids([], "x") == []
    assert sorted_set(["a", "b"], "x") == ["a", "b"]


def test_an_integer_lies_in_its_range() -> None:
    assert (integer(0, "x"), integer(2**53 - 1, "x"), integer(5, "x", least=5, most=5)) == (0, 2**53 - 1, 5)
    for value, bounds in ((-1, {}), (2**53, {}), (4, {"least": 5}), (6, {"most": 5}), (True, {}), (1.0, {})):
        with pytest.raises(MalformedError):
            integer(value, "x", **bounds)


def test_base64url_has_one_spelling() -> None:
    assert unb64u("AAE", size=2) == b"\x00\x01"
    for text in ("AAF", "AAE=", "A", "AA+A", "AA/A", "AA A", "\u0410AAA", None, 5, b"AAEA"):
        with pytest.raises(MalformedError):
            unb64u(text)
    for size in (1, 3):
        with pytest.raises(MalformedError):
            unb64u("AAE", size=size)


def test_a_protected_header_has_one_spelling_for_each_order() -> None:
    orders = _orders_of({"enc": "A", "typ": "B"})
    assert orders == {b64u(b'{"enc":"A","typ":"B"}'), b64u(b'{"typ":"B","enc":"A"}')}


@examples(100)
@given(st.binary(max_size=60))
def test_never_reads_what_the_standard_library_would_not(octets: bytes) -> None:
    try:
        value = parse_json(octets, limit=100)
    except MalformedError:
        return
    assert json.loads(octets.decode("utf-8")) == value


MANY = {
    "members of one object": b"{" + b",".join(b'"%x":0' % n for n in range(MAX_VALUES + 1)) + b"}",
    "objects": b"[" + b",".join([b'{"a":0}'] * (MAX_VALUES + 1)) + b"]",
    "items of lists in lists": b"[" + b",".join([b"[0,0]"] * (MAX_VALUES // 2 + 1)) + b"]",
}


@pytest.mark.parametrize("octets", MANY.values(), ids=MANY.keys())
def test_refuses_more_members_and_items_than_are_worth_reading(octets: bytes) -> None:
    with pytest.raises(TooLargeError):
        parse_json(octets, limit=10_000_000)
    assert parse_json(octets, limit=10_000_000, most_values=None) == json.loads(octets)


def test_commas_inside_strings_are_text() -> None:
    text = ',\\",' * MAX_VALUES
    assert parse_json(json.dumps([text]).encode(), limit=10_000_000) == [text]
    most = b"[" + b",".join([b"0"] * MAX_VALUES) + b"]"
    assert len(parse_json(most, limit=10_000_000)) == MAX_VALUES


def test_many_members_are_refused_before_they_are_read() -> None:
    octets = b'{"x":' + b"[" * 5 + b",".join([b'"' + b"," * 50 + b'"'] * MAX_VALUES) + b"," + b"{" * 100
    with pytest.raises(TooLargeError, match="values"):
        parse_json(octets, limit=10_000_000)


def test_an_object_is_demanded() -> None:
    for octets in (b"[]", b"1", b"null", b'"x"'):
        with pytest.raises(MalformedError):
            parse_object(octets, limit=9)
