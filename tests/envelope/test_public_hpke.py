# SPDX-License-Identifier: Apache-2.0
"""Every vector of HPKE and of the JOSE-HPKE drafts: parts that must match, and refusals of the rest.

A public object of another algorithm is opened or verified by its own library, which shows that the case is sound, and
refused here; the parts that the profile shares with it are computed here and must be the published ones.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from accord.envelope import known_answers
from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import KeyRefusedError, OpeningError
from accord.envelope.jwe import Entry, UnverifiedJwe
from accord.envelope.keys import ENC, PublicKey
from accord.envelope.private import DecryptionKey
from accord.envelope.suites import pq1
from accord.envelope.suites.pq1 import INFO
from accord.envelope.unseal import decrypt, unwrap
from tests.envelope import hpke_by_hand
from tests.envelope.public_sets import (
    Vector,
    load,
    refuses_jwe,
    refuses_key,
)

HPKE = load("hpke_pq_base.json")


CIPHERS: dict[int, tuple[Any, int]] = {1: (AESGCM, 16), 3: (ChaCha20Poly1305, 32)}


XWING = 0x647A


@pytest.mark.parametrize("vector", HPKE, ids=lambda vector: f"{vector['kem_id']}-{vector['kdf_id']}")
def test_hpke_key_schedule_messages_and_exports(vector: Vector) -> None:
    octets = {name: bytes.fromhex(value) for name, value in vector.items() if isinstance(value, str)}
    secret_of = hpke_by_hand.xwing_secret if vector["kem_id"] == XWING else hpke_by_hand.mlkem_secret
    shared = secret_of(octets["skRm"], octets["enc"])
    assert shared == octets["shared_secret"]
    cipher, key_bytes = CIPHERS[vector["aead_id"]]
    context = hpke_by_hand.schedule(vector["kdf_id"], octets["suite_id"], shared, octets["info"], key_bytes)
    assert (context.key, context.base_nonce) == (octets["key"], octets["base_nonce"])
    assert context.exporter_secret == octets["exporter_secret"]
    for number, message in enumerate(vector["encryptions"]):
        part = {name: bytes.fromhex(value) for name, value in message.items()}
        assert context.nonce(number) == part["nonce"]
        assert cipher(context.key).decrypt(part["nonce"], part["ct"], part["aad"]) == part["pt"]
    for export in vector["exports"]:
        found = context.export(bytes.fromhex(export["exporter_context"]), export["L"])
        assert found.hex() == export["exported_value"]


@pytest.mark.parametrize("vector", [v for v in HPKE if v["kem_id"] == XWING], ids=lambda v: str(v["kdf_id"]))
def test_our_keys_come_from_the_published_seeds(vector: Vector) -> None:
    key = DecryptionKey.from_bytes("HPKE-9-KE", bytes.fromhex(vector["skRm"]))
    assert unb64u(key.public.jwk["pub"]).hex() == vector["pkRm"]
    assert len(bytes.fromhex(vector["enc"])) == pq1.EK_BYTES


def test_what_we_wrap_opens_by_the_formulas_of_the_page() -> None:
    key, content_key = DecryptionKey.generate("HPKE-9-KE"), bytes(range(32))
    entry = json.loads(pq1.wrap(key.public, content_key))
    shared = hpke_by_hand.xwing_secret(key.to_bytes(), unb64u(entry["header"]["ek"]))
    suite_id = b"HPKE" + bytes.fromhex("647a00110002")
    context = hpke_by_hand.schedule(hpke_by_hand.SHAKE256, suite_id, shared, INFO, 32)
    wrapped = unb64u(entry["encrypted_key"])
    assert AESGCM(context.key).decrypt(context.base_nonce, wrapped, b"") == content_key


def test_a_key_of_ml_kem_alone_is_none_of_ours() -> None:
    (vector,) = [vector for vector in HPKE if vector["kem_id"] != XWING]
    public = b64u(bytes.fromhex(vector["pkRm"]))
    for alg in ("HPKE-9-KE", "HPKE-12-KE", "ML-KEM-768"):
        with pytest.raises(KeyRefusedError):
            PublicKey.from_jwk({"kty": "AKP", "alg": alg, "pub": public}, ENC)


DRAFTS = load("jose_hpke_drafts.json")


CONTENT_KEY_BYTES = {"A128GCM": 16, "A256GCM": 32}


DRAFT_SUITES: dict[str, tuple[Any, Any, Any]] = {
    "HPKE-0-KE": (KEM.P256, KDF.HKDF_SHA256, AEAD.AES_128_GCM),
    "HPKE-3-KE": (KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM),
    "HPKE-7-KE": (KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    "HPKE-9-KE": (KEM.MLKEM768_X25519, KDF.SHAKE256, AEAD.AES_256_GCM),
    "HPKE-12-KE": (KEM.MLKEM768, KDF.SHAKE256, AEAD.AES_256_GCM),
}


def draft_private(jwk: Vector) -> Any:
    """The library's private key of a draft's JWK."""
    if jwk["kty"] == "EC":
        return ec.derive_private_key(int.from_bytes(unb64u(jwk["d"]), "big"), ec.SECP256R1())
    if jwk["kty"] == "OKP":
        return x25519.X25519PrivateKey.from_private_bytes(unb64u(jwk["d"]))
    if jwk["alg"] == "HPKE-12-KE":
        return mlkem.MLKEM768PrivateKey.from_seed_bytes(unb64u(jwk["priv"]))
    return DecryptionKey.from_bytes("HPKE-9-KE", unb64u(jwk["priv"])).material


def flattened(form: Any) -> Vector:
    """Turn a compact JWE into a flattened one."""
    if isinstance(form, dict):
        return form
    names = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
    return dict(zip(names, form.split("."), strict=True))


@pytest.mark.parametrize("form", ["flattened", "compact"])
@pytest.mark.parametrize("vector", DRAFTS, ids=lambda vector: vector["alg"])
def test_jose_hpke_drafts(vector: Vector, form: str) -> None:
    jwe = flattened(vector[form])
    header = json.loads(unb64u(jwe["protected"]))
    assert header["alg"] == vector["alg"]
    info = INFO.replace(b"A256GCM", header["enc"].encode())
    sealed = unb64u(header["ek"]) + unb64u(jwe["encrypted_key"])
    content_key = Suite(*DRAFT_SUITES[vector["alg"]]).decrypt(sealed, draft_private(vector["jwk"]), info=info)
    assert len(content_key) == CONTENT_KEY_BYTES[header["enc"]]
    associated = ".".join(jwe[name] for name in ("protected", "aad") if name in jwe).encode()
    whole = unb64u(jwe["ciphertext"]) + unb64u(jwe["tag"])
    plain = AESGCM(content_key).decrypt(unb64u(jwe["iv"]), whole, associated)
    assert plain.startswith(b"You can trust us to stick with you")
    refuses_jwe({"json_flat": jwe} if form == "flattened" else {"compact": vector["compact"]})


@pytest.mark.parametrize("vector", DRAFTS, ids=lambda vector: vector["alg"])
def test_keys_of_the_drafts(vector: Vector) -> None:
    public = {name: value for name, value in vector["jwk"].items() if name not in ("d", "priv", "kid", "use")}
    if vector["alg"] == "HPKE-9-KE":
        assert PublicKey.from_jwk(public, ENC).kid == vector["jwk"]["kid"]
    else:
        refuses_key(vector["jwk"])


def test_what_the_drafts_sealed_with_hpke_9_ke_opens_here() -> None:
    (vector,) = [vector for vector in DRAFTS if vector["alg"] == "HPKE-9-KE"]
    jwe = vector["flattened"]
    header = json.loads(unb64u(jwe["protected"]))
    entry = Entry(header["kid"], None, pq1.entry_text(header["kid"], header["ek"], jwe["encrypted_key"]))
    content_key = unwrap(entry, DecryptionKey.from_bytes("HPKE-9-KE", unb64u(vector["jwk"]["priv"])))
    iv, ciphertext, tag = (unb64u(jwe[name]) for name in ("iv", "ciphertext", "tag"))
    plain = decrypt(UnverifiedJwe(jwe["protected"], jwe["aad"], iv, ciphertext, tag, ()), content_key)
    assert plain.startswith(b"You can trust us to stick with you")
    with pytest.raises(OpeningError):
        decrypt(UnverifiedJwe(jwe["protected"], "", iv, ciphertext, tag, ()), content_key)


def test_known_answers_of_the_self_test_are_the_published_ones() -> None:
    (draft,) = [vector for vector in DRAFTS if vector["alg"] == "HPKE-9-KE"]
    rfc = load("rfc9964_ml_dsa_65_jose.json")
    signed, _, signature = rfc["jws"].rpartition(".")
    assert draft["jwk"]["priv"] == known_answers.XWING_SEED
    assert draft["flattened"]["encrypted_key"] == known_answers.XWING_ENCRYPTED_KEY
    assert (signed, signature) == (known_answers.ML_DSA_SIGNED, known_answers.ML_DSA_SIGNATURE)
    assert unb64u(known_answers.ML_DSA_SEED).hex() == rfc["priv"]
