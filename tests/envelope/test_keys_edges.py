# SPDX-License-Identifier: Apache-2.0
"""Keys at their limits: coordinates just outside their field, one octet too few, texts that almost are a key."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import KeyRefusedError, MalformedError
from accord.envelope.jwe import read_entries
from accord.envelope.keys import EC1, ENC, SIGN, PublicKey, refuse_off_curve_p256
from accord.envelope.private import DecryptionKey, LedgerKey, SignerSet, SigningKey
from tests.envelope.world import make_world

LEDGER = "ledger.example/log"
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


def test_coordinates_lie_below_the_prime() -> None:
    x = 5
    refuse_off_curve_p256(octets(x), octets(y_of(x)))
    refuse_off_curve_p256(octets(0), octets(y_of(0)))
    for outside in (x + P, P):
        with pytest.raises(KeyRefusedError):
            refuse_off_curve_p256(octets(outside), octets(y_of(outside % P)))


def test_coordinates_are_read_big_endian() -> None:
    with pytest.raises(KeyRefusedError):
        refuse_off_curve_p256(octets(5)[::-1], octets(y_of(5)))
    with pytest.raises(KeyRefusedError):
        refuse_off_curve_p256(octets(5), octets(y_of(5))[::-1])


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


def test_keys_are_told_apart_in_sets() -> None:
    keys = [SigningKey.generate().public for _ in range(3)]
    assert len({hash(key) for key in keys}) == 3


def test_a_signer_set_shows_its_kids_and_nothing_else() -> None:
    keys = [SigningKey.generate(), SigningKey.generate("ES256")]
    kids = ", ".join(key.public.kid for key in keys)
    assert repr(SignerSet(keys)) == f"SignerSet({kids})"


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
    for member in epk:
        with pytest.raises(MalformedError):
            read_entries(entry({name: value for name, value in epk.items() if name != member}), EC1)


@pytest.mark.parametrize("size", [31, 33])
def test_an_ephemeral_key_has_32_octets_and_not_a_short_secret(size: int) -> None:
    for epk in (X25519 | {"x": b64u(b"\x09" + bytes(size - 1))}, P256 | {"x": b64u(bytes(size))}):
        with pytest.raises(MalformedError):
            read_entries(entry(epk), EC1)
    short = octets(y_of(5))[: size - 33] if size < 32 else b"\0" + octets(y_of(5))
    with pytest.raises(MalformedError):
        read_entries(entry(P256 | {"y": b64u(short)}), EC1)


# The ledger's private key as text.


# Base64 of these octets holds more than one plus sign.
PLUS_SIGNS = b"\x01\x00\x00" + b"\xfb\xef\xbe" * 10


def text_with_plus_signs() -> str:
    return LedgerKey(LEDGER, ed25519.Ed25519PrivateKey.from_private_bytes(PLUS_SIGNS[1:])).to_text()


def test_plus_signs_in_the_base64_of_a_ledger_key_are_no_separators() -> None:
    text = text_with_plus_signs()
    assert text.rpartition(LEDGER)[2].count("+") > 3
    assert LedgerKey.from_text(text).to_text() == text
    assert LedgerKey.from_text(text + "\n").to_text() == text


def test_a_ledger_key_text_is_refused_when_anything_is_amiss() -> None:
    text = text_with_plus_signs()
    head, encoded = text[:-44], text[-44:]
    for wrong in (
        text.removeprefix("PRIVATE+KEY+"),
        head + "!" + encoded,
        head + encoded[:20] + "\n" + encoded[20:],
        head + base64.b64encode(b"\x02" + PLUS_SIGNS[1:]).decode(),
        head + base64.b64encode(PLUS_SIGNS + b"\x00").decode(),
        head + base64.b64encode(PLUS_SIGNS[:-1]).decode(),
        text.replace(LEDGER, "ledger.example/lag"),
        "PRIVATE+KEY+a",
        "",
    ):
        with pytest.raises(MalformedError):
            LedgerKey.from_text(wrong)


@pytest.mark.parametrize("oid", ["2b656e", "2b6570"], ids=["X25519", "Ed25519"])
def test_a_stored_private_key_of_another_length_is_refused(oid: str) -> None:
    """The library answers some of them with an internal error of its own."""
    for size in (0, 1, 24, 31, 33, 56):
        inner = bytes([4, size + 2, 4, size]) + bytes([7]) * size
        body = bytes.fromhex("02010030050603" + oid) + inner
        octets = bytes([0x30, len(body)]) + body
        for read in (SigningKey.from_bytes, lambda data: DecryptionKey.from_bytes("X25519", data)):
            with pytest.raises(MalformedError):
                read(octets)


def test_a_decryption_key_keeps_the_form_it_was_read_from() -> None:
    for alg in ("HPKE-9-KE", "X25519", "P-256"):
        key = DecryptionKey.generate(alg)
        assert DecryptionKey.from_bytes(alg, key.to_bytes()).public == key.public


def test_an_alert_to_p256_keys_opens() -> None:
    world = make_world(EC1)
    assert world.deliver(world.seal(), world.others[0]).alert
