# SPDX-License-Identifier: Apache-2.0
"""Every example from other RFCs: parts that must match, and refusals of the rest.

A public object of another algorithm is opened or verified by its own library, which shows that the case is sound, and
refused here; the parts that the profile shares with it are computed here and must be the published ones.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from accord.envelope.encoding import b64u, sha256, unb64u
from accord.envelope.errors import KeyRefusedError
from accord.envelope.keys import SIGN, PublicKey, thumbprint
from accord.envelope.private import SigningKey
from tests.envelope.public_sets import (
    Vector,
    load,
    refuses_jws,
    refuses_key,
)


def test_ml_dsa_65_every_member_of_rfc_9964() -> None:
    vector = load("rfc9964_ml_dsa_65_jose.json")
    private = mldsa.MLDSA65PrivateKey.from_seed_bytes(bytes.fromhex(vector["priv"]))
    raw = private.public_key().public_bytes_raw()
    assert (raw.hex(), b64u(raw)) == (vector["raw_public_key"], vector["jwk"]["pub"])
    assert unb64u(vector["jwk"].get("priv", b64u(bytes.fromhex(vector["priv"])))).hex() == vector["priv"]
    signed, _, signature = vector["jws"].rpartition(".")
    assert signed.encode().hex() == vector["raw_to_be_signed"]
    assert unb64u(signature).hex() == vector["raw_signature"]
    public = {name: vector["jwk"][name] for name in ("kty", "alg", "pub")}
    key = PublicKey.from_jwk(public, SIGN)
    assert key.kid == vector["jwk"]["kid"]
    key.verify(unb64u(signature), signed.encode())
    again = SigningKey(private)
    key.verify(again.sign(b"ours"), b"ours")
    refuses_jws({"compact": vector["jws"]})


EXAMPLES = load("rfc_examples.json")


def rfc7638_thumbprint(example: Vector) -> None:
    assert thumbprint({name: example["jwk"][name] for name in ("e", "kty", "n")}) == example["thumbprint"]
    refuses_key(example["jwk"])


def rfc8037_thumbprint(example: Vector) -> None:
    assert PublicKey.from_jwk(example["jwk"], SIGN).kid == example["thumbprint"]


def rfc9421_signature(example: Vector) -> None:
    loaded: Any = load_pem_public_key(example["public_key_pem"].encode())
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64u(loaded.public_bytes_raw())}
    PublicKey.from_jwk(jwk, SIGN).verify(
        b64decode(example["signature_b64"]), example["signature_base"].encode()
    )


def dpop_proof(dpop: str) -> Vector:
    """A proof verifies by ES256 under the key in its header, and is refused as a JWS of the profile."""
    head, payload, signature = dpop.split(".")
    jwk = json.loads(unb64u(head))["jwk"]
    key = PublicKey.from_jwk(jwk, SIGN)
    key.verify(unb64u(signature), f"{head}.{payload}".encode())
    refuses_jws({"compact": dpop})
    claims: Vector = json.loads(unb64u(payload))
    return claims | {"kid": key.kid}


def rfc9449_token(example: Vector) -> None:
    assert dpop_proof(example["dpop"])["kid"] == example["jkt"]


def rfc9449_resource(example: Vector) -> None:
    assert dpop_proof(example["dpop"])["ath"] == example["ath"]
    assert b64u(sha256(example["access_token"].encode())) == example["ath"]


def webhook(example: Vector) -> None:
    """HMAC has no place in the envelope, and a shared secret is no key of it."""
    secret = b64decode(example["secret"].removeprefix("whsec_"))
    signed = f"{example['id']}.{example['timestamp']}.{example['body']}".encode()
    found = b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    assert example["signature"] == f"v1,{found}"
    refuses_key({"kty": "oct", "k": b64u(secret)})


def small_order(example: list[str]) -> None:
    for raw in example:
        with pytest.raises(KeyRefusedError):
            PublicKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64u(bytes.fromhex(raw))}, SIGN)


def identity_forgery(example: Vector) -> None:
    small_order([example["public_hex"]])
    library = PublicKey(
        {"kty": "OKP", "crv": "Ed25519", "x": b64u(bytes.fromhex(example["public_hex"]))}, SIGN
    )
    library.verify(bytes.fromhex(example["signature_hex"]), b"whatever was said")


EXAMPLE_CASES: dict[str, Callable[[Any], None]] = {
    "rfc7638_3.1": rfc7638_thumbprint,
    "rfc8037_A.3": rfc8037_thumbprint,
    "rfc9421_B.2.6": rfc9421_signature,
    "rfc9449_token_request": rfc9449_token,
    "rfc9449_resource_request": rfc9449_resource,
    "standard_webhooks_v1": webhook,
    "ed25519_small_order_public_keys_hex": small_order,
    "ed25519_identity_forgery": identity_forgery,
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_rfcs(name: str) -> None:
    EXAMPLE_CASES[name](EXAMPLES[name])
