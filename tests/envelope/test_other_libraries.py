# SPDX-License-Identifier: Apache-2.0
"""Stock JOSE libraries read this project's EC1 objects, and this project reads theirs."""

import json
from typing import Any

import pytest
from joserfc import jwe as joserfc_jwe
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OKPKey
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws

from accord.envelope.encoding import b64u, canonical, unb64u
from accord.envelope.jwe import parse_jwe
from accord.envelope.jws import parse_jws, verify_jws
from accord.envelope.keys import EC1
from accord.envelope.manifest import aad_of
from accord.envelope.private import DecryptionKey, SignerSet, SigningKey
from accord.envelope.unseal import decrypt, unwrap
from accord.envelope.vocabulary import TYP_MANIFEST
from tests.envelope.tampering import protected, read
from tests.envelope.world import Agency, World, make_agency, make_world, terms

ALGS = ["ECDH-ES+A256KW", "A256GCM"]
CURVES = pytest.mark.parametrize("curve", ["X25519", "P-256"])


def private_jwk(key: DecryptionKey) -> dict[str, Any]:
    if key.public.curve == "X25519":
        secret: bytes = key.material.private_bytes_raw()
    else:
        secret = key.material.private_numbers().private_value.to_bytes(32, "big")
    return key.public.jwk | {"d": b64u(secret)}


def carried(curve: str) -> tuple[World, Agency, bytes, bytes]:
    """The world, the reader, its JWE as in the slice, and the inner octets."""
    world = make_world(EC1)
    bravo = make_agency("xb-bravo", curve=curve)
    world.others[0], world.directory.keysets["xb-bravo"] = bravo, [bravo.keyset]
    octets = world.slice_of(world.intake(world.seal()), "xb-bravo")
    jwe = json.dumps(read(octets)["jwe"]).encode()
    return world, bravo, jwe, world.open(octets, bravo).inner_jws


@CURVES
def test_jwcrypto_opens_what_we_sealed(curve: str) -> None:
    _, bravo, jwe, inner = carried(curve)
    theirs = jwcrypto_jwe.JWE()
    theirs.allowed_algs = ALGS
    theirs.deserialize(jwe.decode(), jwcrypto_jwk.JWK(**private_jwk(bravo.decryption[EC1])))
    assert theirs.payload == inner


@CURVES
def test_joserfc_opens_what_we_sealed(curve: str) -> None:
    _, bravo, jwe, inner = carried(curve)
    imported = private_jwk(bravo.decryption[EC1])
    key = OKPKey.import_key(imported) if curve == "X25519" else ECKey.import_key(imported)
    registry = joserfc_jwe.JWERegistry(algorithms=ALGS)
    theirs = joserfc_jwe.decrypt_json(json.loads(jwe), key, registry=registry)
    assert theirs.plaintext == inner


@CURVES
def test_we_open_what_jwcrypto_sealed(curve: str) -> None:
    keys = [DecryptionKey.generate(curve) for _ in range(2)]
    header = {"enc": "A256GCM", "typ": "accord-alert+jwe", "cty": "accord-alert+jws"}
    aad = aad_of(terms(), "xa-alpha")
    theirs = jwcrypto_jwe.JWE(
        b"sealed elsewhere", protected=json.dumps(header, separators=(",", ":")), aad=unb64u(aad), algs=ALGS
    )
    for key in keys:
        recipient = {"alg": "ECDH-ES+A256KW", "kid": key.public.kid}
        theirs.add_recipient(jwcrypto_jwk.JWK(**key.public.jwk), json.dumps(recipient))
    jwe = parse_jwe(theirs.serialize().encode(), EC1, limit=10_000)
    assert jwe.aad == aad
    for entry, key in zip(jwe.entries, keys, strict=True):
        assert decrypt(jwe, unwrap(entry, key)) == b"sealed elsewhere"


def public_jwk(key: SigningKey) -> dict[str, Any]:
    return dict(key.public.jwk)


def alphas(alg: str) -> tuple[SigningKey, bytes]:
    key = SigningKey.generate(alg)
    return key, SignerSet([key]).sign_jws(TYP_MANIFEST, b'{"a":1}')


def test_joserfc_verifies_what_we_signed_with_es256() -> None:
    key, signed = alphas("ES256")
    value: Any = json.loads(signed)
    theirs = joserfc_jws.deserialize_json(value, ECKey.import_key(public_jwk(key)), algorithms=["ES256"])
    assert theirs.payload == b'{"a":1}'


def test_jwcrypto_verifies_what_we_signed_with_es256() -> None:
    key, signed = alphas("ES256")
    theirs = jwcrypto_jws.JWS()
    theirs.deserialize(signed.decode(), jwcrypto_jwk.JWK(**key.public.jwk))
    assert theirs.payload == b'{"a":1}'


def test_joserfc_verifies_what_we_signed_with_ed25519() -> None:
    key, signed = alphas("Ed25519")
    value: Any = json.loads(signed)
    theirs = joserfc_jws.deserialize_json(value, OKPKey.import_key(public_jwk(key)), algorithms=["Ed25519"])
    assert theirs.payload == b'{"a":1}'


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
def test_we_verify_what_jwcrypto_signed(alg: str) -> None:
    key = SigningKey.generate(alg)
    if alg == "ES256":
        number: int = key._material.private_numbers().private_value
        secret = number.to_bytes(32, "big")
    else:
        secret = key._material.private_bytes_raw()
    written = {"ES256": "ES256", "Ed25519": "EdDSA"}[alg]
    header = {"alg": written, "kid": key.public.kid, "typ": TYP_MANIFEST}
    theirs = jwcrypto_jws.JWS(b'{"a":1}')
    theirs.add_signature(
        jwcrypto_jwk.JWK(**key.public.jwk, d=b64u(secret)),
        protected=json.dumps(header, separators=(",", ":")),
    )
    flattened = json.loads(theirs.serialize())
    signature = {name: flattened[name] for name in ("protected", "signature")}
    general = canonical({"payload": flattened["payload"], "signatures": [signature]})
    jws = parse_jws(general, TYP_MANIFEST, limit=10_000)
    verify_jws(jws, [key.public])
    assert (jws.payload, protected(header)) == (b'{"a":1}', signature["protected"])
