# SPDX-License-Identifier: Apache-2.0
"""The strict parser and its validators at their limits: the last value that passes, the first that does not."""

import json
from typing import Any

import pytest

from accord.envelope.challenges import challenge_aad, issue_challenge
from accord.envelope.encoding import (
    MAX_DEPTH,
    agency_ids,
    b64u,
    canonical,
    integer,
    padme,
    parse_json,
    sorted_set,
    unb64u,
)
from accord.envelope.errors import MalformedError, TooLargeError
from accord.envelope.jwe import _orders_of
from accord.envelope.private import DecryptionKey


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


def test_a_text_may_be_as_long_as_its_limit() -> None:
    assert parse_json(b'"abc"', limit=5) == "abc"
    with pytest.raises(TooLargeError) as refused:
        parse_json(b'"abc"', limit=4)
    assert refused.value.limit == 4


def test_far_too_deep_is_too_large_and_no_crash() -> None:
    with pytest.raises(TooLargeError) as refused:
        parse_json(nested(100_000), limit=10**6)
    assert refused.value.limit == MAX_DEPTH


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


def test_padme_leaves_small_sizes_alone_and_pads_at_most_an_eighth() -> None:
    assert [padme(size) for size in range(10)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]
    assert (padme(100), padme(1000), padme(2**20), padme(2**20 + 1)) == (104, 1024, 2**20, 2**20 + 2**15)


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


# Challenges.


def test_the_associated_data_of_a_challenge_is_as_the_page_says() -> None:
    octets = b'{"a":"xa-alpha","chal":"C","kid":"K","v":1}'
    assert challenge_aad("xa-alpha", "C", "K") == b64u(octets)


def test_a_challenge_has_one_nonce_for_each_key() -> None:
    keys = [DecryptionKey.generate("X25519").public for _ in range(2)]
    nonces = [bytes([n]) * 32 for n in range(2)]
    issued = issue_challenge("xa-alpha", keys, challenge=bytes(32), nonces=nonces)
    assert list(issued.nonce_digests) == [key.kid for key in keys] == [item["kid"] for item in issued.sealed]
    assert issued.as_json() == {"chal": "A" * 43, "sealed": list(issued.sealed)}
    for count in (1, 3):
        with pytest.raises(ValueError, match="zip"):
            issue_challenge("xa-alpha", keys, challenge=bytes(32), nonces=[bytes(32)] * count)
    for challenge, nonce in ((bytes(31), bytes(32)), (bytes(33), bytes(32)), (bytes(32), bytes(31))):
        with pytest.raises(MalformedError):
            issue_challenge("xa-alpha", keys, challenge=challenge, nonces=[bytes(32), nonce])
