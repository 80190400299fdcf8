# SPDX-License-Identifier: Apache-2.0
"""The key hierarchy, compared with an independent computation of the profile's formulas, and keys that must not open a row."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.errors import KekUnknownError, SealBrokenError
from vault.hierarchy import (
    RootSecret,
    RowOpener,
    RowPlace,
    draw_secret,
    open_row,
    seal_row,
    token,
    unwrap_private_key,
    unwrap_secret,
    wrap_private_key,
    wrap_secret,
)
from vault.kek import KekRing

RING = KekRing("k2", {"k2": bytes([2] * 32), "k1": bytes([1] * 32)})
SECRET = RootSecret("xa-lab", 1, bytes(range(32)))
PLACE = RowPlace("alertrevision", "7d0c", 3, 1)


def canonical(value: Any) -> bytes:
    """Encode these plain objects by RFC 8785, without the code under test."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hkdf(key: bytes, info: bytes) -> bytes:
    """Derive 32 octets (one block) by RFC 5869 with SHA-256 and no salt."""
    extracted = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def opened(key: bytes, sealed: bytes, aad: Any) -> bytes:
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], canonical(aad))


def purpose_key(purpose: str) -> bytes:
    return hkdf(SECRET.value, canonical({"a": "xa-lab", "e": 1, "p": purpose, "v": 1}))


def test_a_root_secret_is_wrapped_as_the_profile_says() -> None:
    aad = {"a": "xa-lab", "e": 1, "kek": "k2", "t": "ars", "v": 1}
    assert opened(RING.key("k2"), wrap_secret(SECRET, RING), aad) == SECRET.value


@pytest.mark.parametrize("purpose", ["keywrap", "draft", "card", "token"])
def test_purpose_keys_are_derived_as_the_profile_says(purpose: Any) -> None:
    assert SECRET.purpose_key(purpose) == purpose_key(purpose)


def test_a_private_key_is_wrapped_as_the_profile_says() -> None:
    aad = {"a": "xa-lab", "e": 1, "kid": "K" * 43, "t": "key", "use": "sign", "v": 1}
    wrapped = wrap_private_key(SECRET, "K" * 43, "sign", b"pkcs8")
    assert opened(purpose_key("keywrap"), wrapped, aad) == b"pkcs8"


def test_a_row_is_sealed_as_the_profile_says() -> None:
    place = {"id": "7d0c", "rev": 3, "t": "alertrevision", "v": 1}
    aad = {"a": "xa-lab", "e": 1, "schema": 1, **place}
    sealed = seal_row(SECRET, "draft", PLACE, b"content")
    assert opened(hkdf(purpose_key("draft"), canonical(place)), sealed, aad) == b"content"


def test_a_token_is_the_first_half_of_an_hmac() -> None:
    expected = hmac.new(purpose_key("token"), canonical(["cas_rn", "50-00-0"]), hashlib.sha256).digest()[:16]
    assert token(SECRET, "cas_rn", "50-00-0") == expected


def test_what_was_wrapped_opens() -> None:
    assert unwrap_secret("xa-lab", 1, "k2", wrap_secret(SECRET, RING), RING) == SECRET
    assert unwrap_private_key(SECRET, "K", "enc", wrap_private_key(SECRET, "K", "enc", b"x")) == b"x"
    assert open_row(SECRET, "draft", PLACE, seal_row(SECRET, "draft", PLACE, b"")) == b""


MOVED: dict[str, Callable[[bytes], object]] = {
    "to another agency": lambda wrapped: unwrap_secret("xb-health", 1, "k2", wrapped, RING),
    "to another epoch": lambda wrapped: unwrap_secret("xa-lab", 2, "k2", wrapped, RING),
    "under another key of the ring": lambda wrapped: unwrap_secret("xa-lab", 1, "k1", wrapped, RING),
    "changed in one bit": lambda wrapped: unwrap_secret("xa-lab", 1, "k2", flip(wrapped), RING),
    "cut short": lambda wrapped: unwrap_secret("xa-lab", 1, "k2", wrapped[:-1], RING),
    "empty": lambda wrapped: unwrap_secret("xa-lab", 1, "k2", b"", RING),
}


@pytest.mark.parametrize("move", MOVED.values(), ids=MOVED.keys())
def test_a_root_secret_that_was_moved_or_changed_does_not_open(move: Callable[[bytes], object]) -> None:
    with pytest.raises(SealBrokenError):
        move(wrap_secret(SECRET, RING))


def test_a_root_secret_does_not_open_under_a_wrong_ring() -> None:
    wrapped = wrap_secret(SECRET, RING)
    with pytest.raises(SealBrokenError):
        unwrap_secret("xa-lab", 1, "k2", wrapped, KekRing("k2", {"k2": bytes([9] * 32)}))
    with pytest.raises(KekUnknownError):
        unwrap_secret("xa-lab", 1, "k2", wrapped, KekRing("k1", {"k1": bytes([1] * 32)}))


OTHER_PLACES = {
    "another table": replace(PLACE, table="draftattachment"),
    "another row": replace(PLACE, row_id="7d0d"),
    "another revision": replace(PLACE, rev=4),
    "an earlier revision": replace(PLACE, rev=2),
    "another schema": replace(PLACE, schema=2),
}


@pytest.mark.parametrize("place", OTHER_PLACES.values(), ids=OTHER_PLACES.keys())
def test_a_row_moved_to_another_place_does_not_open(place: RowPlace) -> None:
    sealed = seal_row(SECRET, "draft", PLACE, b"content")
    with pytest.raises(SealBrokenError):
        open_row(SECRET, "draft", place, sealed)


OTHER_SECRETS = {
    "another agency": replace(SECRET, agency="xb-health"),
    "another epoch": replace(SECRET, epoch=2),
    "another secret": draw_secret("xa-lab", 1),
}


@pytest.mark.parametrize("secret", OTHER_SECRETS.values(), ids=OTHER_SECRETS.keys())
def test_nothing_opens_under_another_secret(secret: RootSecret) -> None:
    with pytest.raises(SealBrokenError):
        open_row(secret, "draft", PLACE, seal_row(SECRET, "draft", PLACE, b"content"))
    with pytest.raises(SealBrokenError):
        unwrap_private_key(secret, "K", "sign", wrap_private_key(SECRET, "K", "sign", b"x"))
    assert token(secret, "f", "v") != token(SECRET, "f", "v")


@pytest.mark.parametrize("odd", ["plain", 'a"b', "back\\slash", "%s %d %", "naïve 蓝", "{x}", "\u202e"])
def test_many_rows_open_by_the_same_formulas_whatever_their_names(odd: str) -> None:
    secret = replace(SECRET, agency=odd)
    for table, row_id in ((odd, "7d0c"), ("receivedalert", odd)):
        opener = RowOpener(secret, "card", table)
        for rev, schema in ((0, 1), (3, 2)):
            place = RowPlace(table, row_id, rev, schema)
            sealed = seal_row(secret, "card", place, b"content")
            assert opener.open(row_id, rev, schema, sealed) == b"content"
            for wrong in ((row_id + "x", rev, schema), (row_id, rev + 1, schema), (row_id, rev, schema + 1)):
                with pytest.raises(SealBrokenError):
                    opener.open(*wrong, sealed)


def test_a_row_does_not_open_for_another_purpose() -> None:
    with pytest.raises(SealBrokenError):
        open_row(SECRET, "card", PLACE, seal_row(SECRET, "draft", PLACE, b"content"))


@pytest.mark.parametrize(("kid", "use"), [("L", "sign"), ("K", "enc"), ("K", "root")])
def test_a_private_key_does_not_open_as_another_key_or_for_another_use(kid: str, use: str) -> None:
    with pytest.raises(SealBrokenError):
        unwrap_private_key(SECRET, kid, use, wrap_private_key(SECRET, "K", "sign", b"x"))


@pytest.mark.parametrize("at", [0, 11, 12, 20, -1])
def test_a_changed_octet_is_found(at: int) -> None:
    sealed = bytearray(seal_row(SECRET, "draft", PLACE, b"content"))
    sealed[at] ^= 1
    with pytest.raises(SealBrokenError):
        open_row(SECRET, "draft", PLACE, bytes(sealed))


def test_sealing_twice_shows_no_repetition() -> None:
    assert seal_row(SECRET, "draft", PLACE, b"same") != seal_row(SECRET, "draft", PLACE, b"same")


def test_tokens_are_equal_for_equal_values_of_one_field_only() -> None:
    assert token(SECRET, "a", "b") == token(SECRET, "a", "b")
    assert (
        len({token(SECRET, *pair) for pair in [("a", "b"), ("a", "c"), ("b", "a"), ("ab", ""), ("", "ab")]})
        == 5
    )


def test_no_secret_shows_in_repr_or_in_an_error() -> None:
    assert repr(SECRET.value) not in repr(SECRET)
    with pytest.raises(SealBrokenError) as refused:
        open_row(draw_secret("xa-lab", 1), "draft", PLACE, seal_row(SECRET, "draft", PLACE, b"content"))
    assert "content" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert base64.b64encode(SECRET.value).decode() not in repr(refused.value.__dict__)


def flip(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
