# SPDX-License-Identifier: Apache-2.0
"""The public vectors, see tests/vectors/README.md."""

import json
from pathlib import Path
from typing import Any

import pytest

from accord.envelope import known_answers
from accord.envelope.encoding import b64u, sha256, unb64u
from accord.envelope.errors import OpeningError, VerificationError
from accord.envelope.jwe import Entry, UnverifiedJwe
from accord.envelope.keys import ENC, SIGN, PublicKey
from accord.envelope.private import DecryptionKey
from accord.envelope.suites import pq1
from accord.envelope.unseal import decrypt, unwrap

VECTORS = Path(__file__).parent.parent / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def test_ml_dsa_65_of_rfc_9964() -> None:
    vector = load("rfc9964_ml_dsa_65_jose.json")
    jwk = {name: vector["jwk"][name] for name in ("kty", "alg", "pub")}
    key = PublicKey.from_jwk(jwk, SIGN)
    header, payload, signature = vector["jws"].split(".")
    assert key.kid == vector["jwk"]["kid"]
    key.verify(unb64u(signature), f"{header}.{payload}".encode())
    with pytest.raises(VerificationError):
        key.verify(unb64u(signature), f"{header}.{payload}x".encode())


def test_ed25519_of_rfc_8037() -> None:
    vector = load("rfc7520/curve25519_jws.json")
    jwk = {name: vector["input"]["key"][name] for name in ("kty", "crv", "x")}
    signing = vector["signing"]
    PublicKey.from_jwk(jwk, SIGN).verify(unb64u(signing["sig"]), signing["sig-input"].encode())


def test_associated_data_of_rfc_7520_section_5_10() -> None:
    vector = load("rfc7520/jwe_5_10.including_additional_authentication_data.json")
    output = vector["output"]["json"]
    iv, ciphertext, tag = (unb64u(output[name]) for name in ("iv", "ciphertext", "tag"))
    jwe = UnverifiedJwe(output["protected"], output["aad"], iv, ciphertext, tag, ())
    content_key = unb64u(vector["generated"]["cek"])
    assert decrypt(jwe, content_key).decode() == vector["input"]["plaintext"]
    with pytest.raises(OpeningError):
        decrypt(UnverifiedJwe(output["protected"], "", iv, ciphertext, tag, ()), content_key)


def jose_hpke(alg: str) -> dict[str, Any]:
    (vector,) = [vector for vector in load("jose_hpke_drafts.json") if vector["alg"] == alg]
    assert isinstance(vector, dict)
    return vector


@pytest.mark.parametrize("form", ["flattened", "compact"])
def test_hpke_9_ke_of_the_jose_drafts(form: str) -> None:
    vector = jose_hpke("HPKE-9-KE")
    jwe = vector[form]
    if form == "compact":
        jwe = dict(
            zip(("protected", "encrypted_key", "iv", "ciphertext", "tag"), jwe.split("."), strict=True)
        )
    header = json.loads(unb64u(jwe["protected"]))
    assert header["enc"] == "A256GCM"
    key = DecryptionKey.from_bytes("HPKE-9-KE", unb64u(vector["jwk"]["priv"]))
    entry = Entry(header["kid"], None, pq1.entry_text(header["kid"], header["ek"], jwe["encrypted_key"]))
    iv, ciphertext, tag = (unb64u(jwe[name]) for name in ("iv", "ciphertext", "tag"))
    content_key = unwrap(entry, key)
    if form == "flattened":
        plaintext = decrypt(UnverifiedJwe(jwe["protected"], jwe["aad"], iv, ciphertext, tag, ()), content_key)
        assert plaintext.startswith(b"You can trust us to stick with you")


def test_hpke_9_ke_key_of_the_jose_drafts() -> None:
    jwk = jose_hpke("HPKE-9-KE")["jwk"]
    key = DecryptionKey.from_bytes("HPKE-9-KE", unb64u(jwk["priv"]))
    assert key.public == PublicKey.from_jwk({name: jwk[name] for name in ("kty", "alg", "pub")}, ENC)
    assert key.public.kid == jwk["kid"]
    assert key.to_bytes() == unb64u(jwk["priv"])


def test_other_suites_of_the_drafts_are_no_keys_of_ours() -> None:
    for alg in ("HPKE-0-KE", "HPKE-3-KE", "HPKE-7-KE", "HPKE-12-KE"):
        jwk = jose_hpke(alg)["jwk"]
        with pytest.raises(Exception, match="malformed"):
            PublicKey.from_jwk(jwk, ENC)


XWING = [vector for vector in load("hpke_pq_base.json") if vector["kem_id"] == 25722]


@pytest.mark.parametrize("vector", XWING, ids=lambda vector: f"kdf {vector['kdf_id']}")
def test_xwing_keys_from_their_seed(vector: dict[str, Any]) -> None:
    key = DecryptionKey.from_bytes("HPKE-9-KE", bytes.fromhex(vector["skRm"]))
    assert unb64u(key.public.jwk["pub"]) == bytes.fromhex(vector["pkRm"])
    assert len(bytes.fromhex(vector["enc"])) == pq1.EK_BYTES


def test_known_answers_of_the_self_test_are_the_published_ones() -> None:
    draft, rfc = jose_hpke("HPKE-9-KE"), load("rfc9964_ml_dsa_65_jose.json")
    header, payload, signature = rfc["jws"].split(".")
    assert draft["jwk"]["priv"] == known_answers.XWING_SEED
    assert draft["flattened"]["encrypted_key"] == known_answers.XWING_ENCRYPTED_KEY
    assert f"{header}.{payload}" == known_answers.ML_DSA_SIGNED
    assert signature == known_answers.ML_DSA_SIGNATURE
    assert unb64u(known_answers.ML_DSA_SEED).hex() == rfc["priv"]


def test_hpke_info_is_that_of_the_drafts() -> None:
    assert b64u(sha256(pq1.INFO)) == b64u(sha256(b"JOSE-HPKE rcpt" + b"\xff" + b"A256GCM" + b"\xff"))
