# SPDX-License-Identifier: Apache-2.0
"""Every example of the JOSE cookbook (RFC 7520, RFC 8037): parts that must match, and refusals of the rest.

A public object of another algorithm is opened or verified by its own library, which shows that the case is sound, and
refused here; the parts that the profile shares with it are computed here and must be the published ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws

from accord.envelope.encoding import b64u, sha256, unb64u
from accord.envelope.errors import MalformedError
from accord.envelope.jwe import UnverifiedJwe, read_entries
from accord.envelope.keys import EC1, SIGN, PublicKey
from accord.envelope.private import DecryptionKey, SigningKey
from accord.envelope.suites.ec1 import wrapping_key
from accord.envelope.unseal import decrypt
from tests.envelope.public_sets import (
    COOKBOOK,
    VECTORS,
    Vector,
    cookbook,
    refuses_jwe,
    refuses_jws,
    refuses_key,
)


def signing_input_is_ours(signing: Vector, payload: str) -> bytes:
    """Check that protected || "." || payload is the published signing input; return it."""
    signed = f"{signing.get('protected_b64u', '')}.{b64u(payload.encode())}"
    assert signed == signing["sig-input"]
    return signed.encode()


def oracle_jws(form: Any, jwk: Vector, alg: str) -> bytes:
    theirs = jwcrypto_jws.JWS()
    theirs.allowed_algs = [alg]
    theirs.deserialize(form if isinstance(form, str) else json.dumps(form))
    theirs.verify(jwcrypto_jwk.JWK(**{name: value for name, value in jwk.items() if name != "alg"}), alg=alg)
    payload: bytes = theirs.payload
    return payload


def oracle_jwe(form: Any, jwk: Vector, *algs: str) -> bytes:
    theirs = jwcrypto_jwe.JWE()
    theirs.allowed_algs = list(algs)
    key = jwcrypto_jwk.JWK(**{name: value for name, value in jwk.items() if name != "alg"})
    theirs.deserialize(form if isinstance(form, str) else json.dumps(form), key)
    payload: bytes = theirs.payload
    return payload


def jws_es512(vector: Vector) -> None:
    payload = vector["input"]["payload"]
    signing_input_is_ours(vector["signing"], payload)
    for form in vector["output"].values():
        assert oracle_jws(form, vector["input"]["key"], "ES512").decode() == payload
    refuses_key(vector["input"]["key"])
    refuses_jws(vector["output"])


def jws_multiple(vector: Vector) -> None:
    given = vector["input"]
    for jwk, alg, signing in zip(given["key"], given["alg"], vector["signing"], strict=True):
        signing_input_is_ours(signing, given["payload"])
        alone = {"payload": vector["output"]["json"]["payload"]} | signing["json"]
        assert oracle_jws(alone, jwk, alg).decode() == given["payload"]
        refuses_key(jwk)
    refuses_jws(vector["output"])


def jws_ed25519(vector: Vector) -> None:
    jwk, signing = vector["input"]["key"], vector["signing"]
    signed = signing_input_is_ours(signing, vector["input"]["payload"])
    public = {name: jwk[name] for name in ("kty", "crv", "x")}
    PublicKey.from_jwk(public, SIGN).verify(unb64u(signing["sig"]), signed)
    stored = bytes.fromhex("302e020100300506032b657004220420") + unb64u(jwk["d"])
    private = SigningKey.from_bytes(stored)
    assert private.public.jwk == public
    assert b64u(private.sign(signed)) == signing["sig"]
    refuses_jws(vector["output"])


def jwe_with_aad(vector: Vector) -> None:
    generated, output = vector["generated"], vector["output"]
    assert b64u(vector["input"]["aad"].encode()) == generated["aad_b64u"] == output["json"]["aad"]
    associated = f"{output['json']['protected']}.{output['json']['aad']}".encode()
    sealed = unb64u(output["json"]["ciphertext"]) + unb64u(output["json"]["tag"])
    plain = AESGCM(unb64u(generated["cek"])).decrypt(unb64u(generated["iv"]), sealed, associated)
    assert plain.decode() == vector["input"]["plaintext"]
    iv, ciphertext, tag = (unb64u(output["json"][name]) for name in ("iv", "ciphertext", "tag"))
    ours = UnverifiedJwe(output["json"]["protected"], output["json"]["aad"], iv, ciphertext, tag, ())
    assert decrypt(ours, unb64u(generated["cek"])) == plain
    for form in (output["json"], output["json_flat"]):
        assert oracle_jwe(form, vector["input"]["key"], "A128KW", "A128GCM") == plain
    refuses_key(vector["input"]["key"])
    refuses_jwe(output)


def concat_kdf(z: bytes, name: str, bits: int) -> bytes:
    """RFC 7518, 4.6.2, one round, for other names and lengths than the profile's."""
    other = len(name).to_bytes(4, "big") + name.encode() + bytes(8) + bits.to_bytes(4, "big")
    return sha256((1).to_bytes(4, "big") + z + other)[: bits // 8]


def test_our_key_derivation_is_that_of_the_rfc_for_our_name() -> None:
    assert wrapping_key(b"z" * 32) == concat_kdf(b"z" * 32, "ECDH-ES+A256KW", 256)


def agreed(own: Vector, epk: Vector) -> bytes:
    """The shared secret Z of two JWKs of a NIST curve."""
    curve = {"P-384": ec.SECP384R1(), "P-256": ec.SECP256R1()}[own["crv"]]
    private = ec.derive_private_key(int.from_bytes(unb64u(own["d"]), "big"), curve)
    x, y = (int.from_bytes(unb64u(epk[name]), "big") for name in ("x", "y"))
    return private.exchange(ec.ECDH(), ec.EllipticCurvePublicNumbers(x, y, curve).public_key())


def jwe_ecdh_with_key_wrap(vector: Vector) -> None:
    own, step = vector["input"]["key"], vector["encrypting_key"]
    kek = concat_kdf(agreed(own, step["epk"]), "ECDH-ES+A128KW", 128)
    assert b64u(aes_key_unwrap(kek, unb64u(step["encrypted_key"]))) == vector["generated"]["cek"]
    for form in vector["output"].values():
        opened = oracle_jwe(form, own, "ECDH-ES+A128KW", "A128GCM")
        assert opened.decode() == vector["input"]["plaintext"]
    refuses_key(own)
    refuses_jwe(vector["output"])


def jwe_for_several(vector: Vector) -> None:
    _, own, _ = vector["input"]["key"]
    _, step, _ = vector["encrypting_key"]
    # The formula of EC1 on another curve.
    unwrapped = aes_key_unwrap(wrapping_key(agreed(own, step["epk"])), unb64u(step["encrypted_key"]))
    assert b64u(unwrapped) == vector["generated"]["cek"]
    form = vector["output"]["json"]
    for jwk, alg in zip(vector["input"]["key"], vector["input"]["alg"], strict=True):
        assert oracle_jwe(form, jwk, alg, "A128CBC-HS256").decode() == vector["input"]["plaintext"]
        refuses_key(jwk)
    refuses_jwe(vector["output"])
    with pytest.raises(MalformedError):
        read_entries(form["recipients"], EC1)
    with pytest.raises(MalformedError):
        read_entries([form["recipients"][1]], EC1)


def jwe_ecdh_direct(vector: Vector) -> None:
    """RFC 8037, A.6, with AES-GCM. Its `encrypting_key` is of another run than its output; the output counts."""
    own, header = vector["input"]["key"], vector["encrypting_content"]["protected"]
    key = DecryptionKey.from_bytes("X25519", _pkcs8_x25519(unb64u(own["d"])))
    assert key.public.jwk == {name: own[name] for name in ("kty", "crv", "x")}
    peer = x25519.X25519PublicKey.from_public_bytes(unb64u(header["epk"]["x"]))
    z = key.material.exchange(peer)
    step = vector["encrypting_content"]
    sealed = unb64u(step["ciphertext"]) + unb64u(step["tag"])
    content_key = concat_kdf(z, header["enc"], 128)
    plain = AESGCM(content_key).decrypt(
        unb64u(vector["generated"]["iv"]), sealed, step["protected_b64u"].encode()
    )
    assert plain.decode() == vector["input"]["plaintext"]
    for form in vector["output"].values():
        assert oracle_jwe(form, own, "ECDH-ES", "A128GCM") == plain
    refuses_jwe(vector["output"])


def _pkcs8_x25519(secret: bytes) -> bytes:
    return bytes.fromhex("302e020100300506032b656e04220420") + secret


def nested(vector: Vector) -> None:
    sign, encrypt = vector["sign"], vector["encrypt"]
    inner = sign["output"]["compact"]
    signing_input_is_ours(sign["signing"], sign["input"]["payload"])
    assert oracle_jws(inner, sign["input"]["key"], "PS256").decode() == sign["input"]["payload"]
    assert encrypt["input"]["plaintext"] == inner
    for form in encrypt["output"].values():
        assert oracle_jwe(form, encrypt["input"]["key"], "RSA-OAEP", "A128GCM").decode() == inner
    refuses_key(sign["input"]["key"])
    refuses_key(encrypt["input"]["key"])
    refuses_jws(sign["output"])
    refuses_jwe(encrypt["output"])


COOKBOOK_CASES: dict[str, Callable[[Vector], None]] = {
    "jws_4_3": jws_es512,
    "jws_4_8": jws_multiple,
    "curve25519_jws": jws_ed25519,
    "jwe_5_4": jwe_ecdh_with_key_wrap,
    "jwe_5_10": jwe_with_aad,
    "jwe_5_13": jwe_for_several,
    "curve25519_ecdh-es": jwe_ecdh_direct,
    "6": nested,
}


@pytest.mark.parametrize("start", COOKBOOK_CASES)
def test_jose_cookbook(start: str) -> None:
    COOKBOOK_CASES[start](cookbook(start))


def test_no_file_of_the_cookbook_is_left_out() -> None:
    assert {path.name.split(".")[0] for path in COOKBOOK.glob("*.json")} == set(COOKBOOK_CASES)


# Every file of a public set, and the tests in which each of its cases is a parameter.
USED_BY = {
    "c2sp_signed_note.json": "tests/ledger/test_signed_notes.py",
    "hpke_pq_base.json": "tests/envelope/test_public_hpke.py",
    "jose_hpke_drafts.json": "tests/envelope/test_public_hpke.py",
    "merkle_rfc6962_inclusion.json": "tests/ledger/test_merkle.py",
    "rfc8785_jcs.json": "tests/envelope/test_canonical_json.py",
    "rfc9964_ml_dsa_65_jose.json": "tests/envelope/test_public_examples.py",
    "rfc_examples.json": "tests/envelope/test_public_examples.py",
}


def test_every_public_file_is_used_and_its_provenance_stated() -> None:
    here = VECTORS.parents[1]
    found = {path.name for path in VECTORS.glob("*.json")}
    assert found == set(USED_BY)
    readme = (VECTORS / "README.md").read_text("utf-8")
    for name, test in USED_BY.items():
        assert name in (here / test).read_text("utf-8")
        assert name in readme
    for path in COOKBOOK.glob("*.json"):
        assert path.name in readme, path.name
