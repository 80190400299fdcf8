# SPDX-License-Identifier: Apache-2.0
"""Keys from outside: what they are equal to, verify, and what they look like; the kit has those that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import (
    Failure,
    KeyRefusedError,
    MalformedError,
    VerificationError,
)
from accord.envelope.jwe import read_entries
from accord.envelope.keys import EC1, ENC, SIGN, PublicKey, refuse_off_curve_p256
from accord.envelope.private import DecryptionKey, SigningKey

GOOD = SigningKey.generate("Ed25519").public.jwk


def test_a_key_has_one_use() -> None:
    jwk = SigningKey.generate("ES256").public.jwk
    assert PublicKey(jwk, SIGN).alg == "ES256"
    assert PublicKey(jwk, ENC).alg == "ECDH-ES+A256KW"
    assert PublicKey(jwk, SIGN) != PublicKey(jwk, ENC)


@pytest.mark.parametrize("alg", ["Ed25519", "ES256", "ML-DSA-65"])
def test_verify_refuses_what_was_not_signed(alg: str) -> None:
    key = SigningKey.generate(alg)
    signature = key.sign(b"said")
    key.public.verify(signature, b"said")
    for wrong, signed in [
        (signature, b"not said"),
        (signature[:-1], b"said"),
        (b"", b"said"),
        (bytes(64), b"said"),
    ]:
        with pytest.raises(VerificationError) as refused:
            key.public.verify(wrong, signed)
        assert refused.value.failure is Failure.SIGNATURE


def test_an_encryption_key_verifies_nothing() -> None:
    with pytest.raises(VerificationError) as refused:
        DecryptionKey.generate("X25519").public.verify(bytes(64), b"")
    assert refused.value.failure is Failure.KEY_USE


def test_keys_are_equal_by_kid_and_use() -> None:
    assert PublicKey(GOOD, SIGN) == PublicKey(GOOD, SIGN)
    assert len({PublicKey(GOOD, SIGN), PublicKey(GOOD, SIGN), SigningKey.generate().public}) == 2
    assert PublicKey(GOOD, SIGN) != PublicKey(GOOD, SIGN).kid
    assert repr(PublicKey(GOOD, SIGN)) == f"PublicKey(Ed25519, sign, {PublicKey(GOOD, SIGN).kid})"


def test_the_copy_of_a_jwk_cannot_change_the_key() -> None:
    key = PublicKey(GOOD, SIGN)
    key.jwk["x"] = "changed"
    assert key.jwk == GOOD


P = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def y_of(x: int) -> int:
    """Find a y with (x, y) on P-256; the prime is 3 modulo 4, so a power gives the root."""
    square = (x**3 - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    assert y * y % P == square, "no point has this x"
    return y


def octets(number: int) -> bytes:
    return number.to_bytes(32, "big")


# The point with y = 5; adding the prime gives a second encoding in 32 octets.
X_OF_FIVE = 0xD7325D7646CD60D80A92738CEB345F844CFFAF35841022CAB176F692DE8DE1D7


@pytest.mark.parametrize("use", [SIGN, ENC])
def test_coordinates_lie_below_the_prime(use: str) -> None:
    for x, y in ((5, y_of(5)), (0, y_of(0)), (X_OF_FIVE, 5)):
        refuse_off_curve_p256(octets(x), octets(y))
    for x, y in ((5 + P, y_of(5)), (P, y_of(0)), (X_OF_FIVE, 5 + P)):
        with pytest.raises(KeyRefusedError):
            refuse_off_curve_p256(octets(x), octets(y))
        with pytest.raises(KeyRefusedError):
            PublicKey.from_jwk({"kty": "EC", "crv": "P-256", "x": b64u(octets(x)), "y": b64u(octets(y))}, use)


SHORT_BY_ONE = {
    "Ed25519": ({"kty": "OKP", "crv": "Ed25519", "x": b64u(bytes(31))}, SIGN),
    "X25519": ({"kty": "OKP", "crv": "X25519", "x": b64u(b"\x09" + bytes(30))}, ENC),
    "P-256, x": ({"kty": "EC", "crv": "P-256", "x": b64u(octets(5)[1:]), "y": b64u(octets(y_of(5)))}, ENC),
    "P-256, y": ({"kty": "EC", "crv": "P-256", "x": b64u(octets(5)), "y": b64u(octets(y_of(5))[:-1])}, ENC),
    "P-256, both long": ({"kty": "EC", "crv": "P-256", "x": b64u(b"\0" + octets(5)),
                          "y": b64u(b"\0" + octets(y_of(5)))}, SIGN),
    "ML-DSA-65": ({"kty": "AKP", "alg": "ML-DSA-65", "pub": b64u(bytes(1951))}, SIGN),
    "HPKE-9-KE": ({"kty": "AKP", "alg": "HPKE-9-KE", "pub": b64u(bytes(1184) + b"\x09" + bytes(30))}, ENC),
}  # fmt: skip


@pytest.mark.parametrize("case", SHORT_BY_ONE)
def test_a_key_of_another_length_is_refused_at_the_door_and_by_the_store(case: str) -> None:
    jwk, use = SHORT_BY_ONE[case]
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(jwk, use)
    with pytest.raises(MalformedError):
        _ = PublicKey(jwk, use).material


# The entry of EC1.


def entry(epk: Any) -> list[dict[str, Any]]:
    header = {"alg": "ECDH-ES+A256KW", "kid": "A" * 43, "epk": epk}
    return [{"header": header, "encrypted_key": "A" * 54}]


X25519 = {"kty": "OKP", "crv": "X25519", "x": b64u(b"\x09" + bytes(31))}
P256 = {"kty": "EC", "crv": "P-256", "x": b64u(octets(5)), "y": b64u(octets(y_of(5)))}


@pytest.mark.parametrize("epk", [X25519, P256], ids=["X25519", "P-256"])
def test_an_ephemeral_key_is_of_one_of_two_forms(epk: dict[str, str]) -> None:
    (read,) = read_entries(entry(epk), EC1)
    assert json.loads(read.text)["header"]["epk"] == epk
    changes: list[dict[str, Any]] = [
        {"crv": "P-384"}, {"crv": "X448"}, {"kty": "EC2"}, {"x": b64u(bytes(31))}, {"x": 5}, {"x": None},
        {"x": epk["x"] + "="}, {"x": ["A"]}, {"z": "A"},
    ]  # fmt: skip
    changes += [{"y": b64u(bytes(31))}, {"y": 5}] if "y" in epk else [{"y": "A" * 43}]
    # The same point, with one more octet in its encoding.
    changes += [{name: b64u(bytes(1) + unb64u(epk[name]))} for name in ("x", "y") if name in epk]
    for change in changes:
        with pytest.raises(MalformedError):
            read_entries(entry(epk | change), EC1)
    with pytest.raises(MalformedError):
        read_entries([entry(epk)[0] | {"encrypted_key": None}], EC1)
    for member in epk:
        with pytest.raises(MalformedError):
            read_entries(entry({name: value for name, value in epk.items() if name != member}), EC1)


@pytest.mark.parametrize("value", [5, None, 1.5, ["A" * 43], {}])
def test_members_of_a_key_are_texts(value: Any) -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": value}
    for read_key in (PublicKey, PublicKey.from_jwk):
        with pytest.raises(KeyRefusedError):
            read_key(jwk, SIGN)
