# SPDX-License-Identifier: Apache-2.0
"""The one JSON parser refuses texts that two parties could read differently."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.envelope.encoding import MAX_INTEGER, MAX_VALUES, canonical, parse_json
from accord.envelope.errors import MalformedError, TooLargeError
from tests.envelope.examples import examples

REFUSED = {
    "a duplicate member": b'{"a":1,"a":1}',
    "a duplicate member deep inside": b'[{"x":{"a":1,"b":2,"a":3}}]',
    "a duplicate member spelled with an escape": b'{"a":1,"\\u0061":2}',
    "a float": b"1.0",
    "an exponent": b"1e3",
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "minus zero": b"-0",
    "minus zero in an array": b"[-0]",
    "an integer above 2^53 - 1": b"9007199254740992",
    "an integer below -(2^53 - 1)": b"-9007199254740992",
    "an integer of ten thousand digits": b"1" * 10_000,
    "a leading zero": b"01",
    "a lone high surrogate": b'"\\ud800"',
    "a lone low surrogate": b'"\\udc00x"',
    "a lone surrogate in a member name": b'{"\\uDBFF":1}',
    "a surrogate in raw UTF-8": b'"\xed\xa0\x80"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "trailing octets": b"{} x",
    "two values": b"{}{}",
    "a trailing comma": b"[1,]",
    "a comment": b"{}//",
    "single quotes": b"{'a':1}",
    "a raw control character": b'"\x01"',
    "a raw line feed in a string": b'"\n"',
    "nothing": b"",
    "white space that JSON does not know": b"\xc2\xa0{}",
    "an invalid escape": b'"\\x41"',
}


@pytest.mark.parametrize("octets", REFUSED.values(), ids=REFUSED.keys())
def test_refuses(octets: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_json(octets, limit=100_000)


ACCEPTED = {
    "white space": (b' { "a" : [ 1 , 2 ] } \n', {"a": [1, 2]}),
    "the largest integer": (b"9007199254740991", MAX_INTEGER),
    "the smallest integer": (b"-9007199254740991", -MAX_INTEGER),
    "a pair of surrogates": (b'"\\ud83d\\ude00"', "\U0001f600"),
    "an escaped backslash before ud800": (b'"\\\\ud800"', "\\ud800"),
    "right-to-left text": ('"نورين"'.encode(), "نورين"),
}


@pytest.mark.parametrize(("octets", "value"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepts(octets: bytes, value: object) -> None:
    assert parse_json(octets, limit=1000) == value


@pytest.mark.parametrize("opening", [b"[", b'{"a":'], ids=["arrays", "objects"])
def test_accepts_sixteen_levels_and_refuses_seventeen(opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    innermost = b"[]" if opening == b"[" else b"{}"

    def nested(levels: int) -> bytes:
        return opening * (levels - 1) + innermost + closing * (levels - 1)

    assert parse_json(nested(16), limit=1000)
    with pytest.raises(TooLargeError):
        parse_json(nested(17), limit=1000)


def test_refuses_a_million_levels_without_falling_over() -> None:
    with pytest.raises(TooLargeError):
        parse_json(b"[" * 1_000_000 + b"]" * 1_000_000, limit=2_000_000)


def test_brackets_inside_strings_are_no_depth() -> None:
    assert parse_json(b'["' + b"[{" * 50 + b'"]', limit=1000) == ["[{" * 50]


def test_refuses_one_octet_over_the_limit() -> None:
    assert parse_json(b"[1]", limit=3) == [1]
    with pytest.raises(TooLargeError):
        parse_json(b"[1]", limit=2)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner)
    ),
    max_leaves=20,
)


@examples(60)
@given(JSON_VALUES)
def test_reads_back_what_canonical_writes(value: object) -> None:
    assert parse_json(canonical(value), limit=100_000) == value


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
