# SPDX-License-Identifier: Apache-2.0
"""Keys from outside are named by their thumbprint, and refused where they would prove nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import Failure, KeyRefusedError, VerificationError
from accord.envelope.keys import ENC, SIGN, PublicKey, root_fingerprint, show_fingerprint, thumbprint
from accord.envelope.private import DecryptionKey, Root, SigningKey

EXAMPLES = json.loads((Path(__file__).parent.parent / "vectors/rfc_examples.json").read_text())
SMALL_ORDER = EXAMPLES["ed25519_small_order_public_keys_hex"]
X25519_SMALL_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "00" * 31 + "80",
    "01" + "00" * 30 + "80",
]


def okp(curve: str, raw: bytes) -> dict[str, str]:
    return {"kty": "OKP", "crv": curve, "x": b64u(raw)}


def test_thumbprint_of_rfc_7638() -> None:
    example = EXAMPLES["rfc7638_3.1"]
    required = {name: example["jwk"][name] for name in ("e", "kty", "n")}
    assert thumbprint(required) == example["thumbprint"]


def test_kid_is_the_thumbprint_of_rfc_8037() -> None:
    example = EXAMPLES["rfc8037_A.3"]
    assert PublicKey.from_jwk(example["jwk"], SIGN).kid == example["thumbprint"]


@pytest.mark.parametrize("raw", SMALL_ORDER)
def test_refuses_ed25519_of_small_order(raw: str) -> None:
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(okp("Ed25519", bytes.fromhex(raw)), SIGN)


def test_the_forgery_is_real_and_its_key_is_refused() -> None:
    forgery = EXAMPLES["ed25519_identity_forgery"]
    raw, signature = bytes.fromhex(forgery["public_hex"]), bytes.fromhex(forgery["signature_hex"])
    library_key = ed25519.Ed25519PublicKey.from_public_bytes(raw)
    for message in (b"", b"any", b"message"):
        library_key.verify(signature, message)
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(okp("Ed25519", raw), SIGN)


@pytest.mark.parametrize("raw", X25519_SMALL_ORDER)
def test_refuses_x25519_of_small_order(raw: str) -> None:
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(okp("X25519", bytes.fromhex(raw)), ENC)


@pytest.mark.parametrize("raw", X25519_SMALL_ORDER)
def test_refuses_xwing_with_x25519_of_small_order(raw: str) -> None:
    jwk = DecryptionKey.generate("HPKE-9-KE").public.jwk
    whole = unb64u(jwk["pub"])[:1184] + bytes.fromhex(raw)
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(jwk | {"pub": b64u(whole)}, ENC)


def test_refuses_xwing_whose_lattice_half_is_out_of_range() -> None:
    jwk = DecryptionKey.generate("HPKE-9-KE").public.jwk
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(jwk | {"pub": b64u(b"\xff" * 1184 + bytes(31) + b"\x09")}, ENC)


def test_refuses_ed25519_off_the_curve() -> None:
    refused = 0
    for y in range(2, 40):
        try:
            PublicKey.from_jwk(okp("Ed25519", y.to_bytes(32, "little")), SIGN)
        except KeyRefusedError:
            refused += 1
    # Half of all y belong to no point of the curve.
    assert 10 < refused < 30


@pytest.mark.parametrize("use", [SIGN, ENC])
def test_refuses_p256_off_the_curve(use: str) -> None:
    jwk = SigningKey.generate("ES256").public.jwk
    assert PublicKey.from_jwk(jwk, use).use == use
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(jwk | {"y": jwk["x"]}, use)


GOOD = SigningKey.generate("Ed25519").public.jwk
WRONG_JWK: dict[str, dict[str, Any]] = {
    "an additional member": GOOD | {"kid": "x"},
    "a private member": GOOD | {"d": GOOD["x"]},
    "a missing member": {"kty": "OKP", "crv": "Ed25519"},
    "another curve": GOOD | {"crv": "Ed448"},
    "a symmetric key": {"kty": "oct", "k": GOOD["x"]},
    "RSA": {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    "a short coordinate": GOOD | {"x": GOOD["x"][:40]},
    "a coordinate with padding": GOOD | {"x": GOOD["x"] + "="},
    "a coordinate that is no text": GOOD | {"x": 7},
    "another AKP algorithm": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
    "a short ML-DSA key": {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AA"},
}


@pytest.mark.parametrize("jwk", WRONG_JWK.values(), ids=WRONG_JWK.keys())
def test_refuses_jwk(jwk: dict[str, Any]) -> None:
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(jwk, SIGN)


def test_a_key_has_one_use() -> None:
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(GOOD, ENC)
    with pytest.raises(KeyRefusedError):
        PublicKey.from_jwk(DecryptionKey.generate("X25519").public.jwk, SIGN)
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


def test_fingerprint_of_a_root_is_shown_in_groups_of_four() -> None:
    root = Root.generate()
    shown = show_fingerprint(root.fingerprint)
    assert len(root.fingerprint) == 64
    assert shown.replace(" ", "") == root.fingerprint
    assert {len(group) for group in shown.split(" ")} == {4}
    with pytest.raises(KeyRefusedError):
        root_fingerprint(root.public[::-1])


def test_keys_are_equal_by_kid_and_use() -> None:
    assert PublicKey(GOOD, SIGN) == PublicKey(GOOD, SIGN)
    assert len({PublicKey(GOOD, SIGN), PublicKey(GOOD, SIGN)}) == 1
    assert repr(PublicKey(GOOD, SIGN)) == f"PublicKey(Ed25519, sign, {PublicKey(GOOD, SIGN).kid})"


def test_the_copy_of_a_jwk_cannot_change_the_key() -> None:
    key = PublicKey(GOOD, SIGN)
    key.jwk["x"] = "changed"
    assert key.jwk == GOOD
