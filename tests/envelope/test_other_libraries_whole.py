# SPDX-License-Identifier: Apache-2.0
"""A whole EC1 envelope by a stock JOSE library and the page's formulas: the exchange carries it, the readers open it.

In reverse, an envelope sealed here for several agencies opens for each of them in the libraries' General JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from joserfc import jwe as joserfc_jwe
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, KeySet, OKPKey
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws

from accord.envelope.keys import EC1
from accord.envelope.private import SignerSet, SigningKey
from accord.envelope.seal import SealedEnvelope
from tests.envelope.kit import formulas
from tests.envelope.kit.seeds import private_jwk
from tests.envelope.world import DAY, NOW, Agency, MemoryDirectory, MemoryLedger, World, make_agency, uuid7

ALERT = {"schema": "accord-alert/1", "title": "von fremder Hand \u2013 \u6e2c\u8a66"}
WRAP, ENC = "ECDH-ES+A256KW", "A256GCM"
HEADER = {"enc": ENC, "typ": "accord-alert+jwe", "cty": "accord-alert+jws"}


@dataclass(frozen=True)
class Library:
    """A library's ways to sign a General JWS and to seal a General JWE."""

    sign: Callable[[str, bytes, SigningKey], Any]
    seal: Callable[[bytes, bytes, list[dict[str, str]]], Any]


def _header_of(typ: str, key: SigningKey, ed25519: str) -> dict[str, str]:
    alg = ed25519 if key.public.alg == "Ed25519" else key.public.alg
    return {"typ": typ, "alg": alg, "kid": key.public.kid}


def jwcrypto_signs(typ: str, payload: bytes, key: SigningKey) -> Any:
    theirs = jwcrypto_jws.JWS(payload)
    protected = json.dumps(_header_of(typ, key, "EdDSA"), separators=(",", ":"))
    theirs.add_signature(jwcrypto_jwk.JWK(**private_jwk(key)), protected=protected)
    flat = json.loads(theirs.serialize())
    return {
        "signatures": [{"protected": flat["protected"], "signature": flat["signature"]}],
        "payload": flat["payload"],
    }


def jwcrypto_seals(plain: bytes, aad: bytes, keys: list[dict[str, str]]) -> Any:
    protected = json.dumps(HEADER, separators=(",", ":"))
    theirs = jwcrypto_jwe.JWE(plain, protected=protected, aad=aad, algs=[WRAP, ENC])
    for jwk in keys:
        header = {"alg": WRAP, "kid": formulas.thumbprint(jwk)}
        theirs.add_recipient(jwcrypto_jwk.JWK(**jwk), json.dumps(header))
    return json.loads(theirs.serialize())


def joserfc_key(jwk: dict[str, str], **more: str) -> Any:
    members: Any = jwk | more
    return (ECKey if jwk["kty"] == "EC" else OKPKey).import_key(members)


def joserfc_signs(typ: str, payload: bytes, key: SigningKey) -> Any:
    header = _header_of(typ, key, "Ed25519")
    member: Any = {"protected": header}
    return joserfc_jws.serialize_json([member], payload, joserfc_key(private_jwk(key)), [header["alg"]])


def joserfc_seals(plain: bytes, aad: bytes, keys: list[dict[str, str]]) -> Any:
    theirs = joserfc_jwe.GeneralJSONEncryption(dict(HEADER), plain, aad=aad)
    for jwk in keys:
        header = {"alg": WRAP, "kid": formulas.thumbprint(jwk)}
        theirs.add_recipient(header, joserfc_key(jwk))
    return joserfc_jwe.encrypt_json(theirs, None, registry=joserfc_jwe.JWERegistry(algorithms=[WRAP, ENC]))


LIBRARIES = {
    "jwcrypto": Library(jwcrypto_signs, jwcrypto_seals),
    "joserfc": Library(joserfc_signs, joserfc_seals),
}


def make_world(alg: str, curve: str) -> tuple[World, SigningKey]:
    """Alpha signs with `alg`; bravo has a key of `curve`, charlie of the other."""
    key = SigningKey.generate(alg)
    alpha = make_agency("xa-alpha", suites=(EC1,), signing={EC1: SignerSet([key])})
    other = {"X25519": "P-256", "P-256": "X25519"}[curve]
    others = [make_agency("xb-bravo", curve=curve), make_agency("xc-charlie", curve=other)]
    return World(EC1, alpha, others, MemoryDirectory(alpha, *others), MemoryLedger()), key


def foreign_envelope(library: Library, world: World, key: SigningKey) -> SealedEnvelope:
    """Build an envelope from the page: the library signs and seals, formulas.py does the rest."""
    shared = {
        "v": 1, "suite": EC1, "kind": "alert", "status": "actual", "iss": "xa-alpha", "jti": uuid7(31),
        "iat": NOW, "exp": NOW + DAY, "keep": NOW + 2 * DAY, "tlp": "GREEN", "named": 0, "rel": "none",
        "lane": "trade", "purpose": "prevent", "pri": "urgent", "ack_by": None, "reply_by": None,
        "signers": [key.public.kid], "re": None, "att": [],
    }  # fmt: skip
    aud = [agency.id for agency in world.others]
    inner = shared | {"aud": aud, "names": [], "nonce": "A" * 22, "alert": ALERT, "pad": ""}
    inner["pad"] = "0" * (2048 - len(formulas.compact(inner).encode()))
    signed = octets_of(library.sign("accord-alert+jws", formulas.compact(inner).encode(), key))
    bound = formulas.compact({name: shared[name] for name in ("iss", "jti", "tlp", "v")}).encode()
    agencies = [world.alpha, *world.others]
    jwe = library.seal(signed, bound, [agency.decryption[EC1].public.jwk for agency in agencies])
    manifest = shared | _digests(signed, jwe, [agency.id for agency in agencies])
    outer = octets_of(library.sign("accord-manifest+jws", formulas.compact(manifest).encode(), key))
    md = formulas.object_digest("accord-manifest+jws", formulas.compact(manifest).encode())
    return SealedEnvelope("xa-alpha", uuid7(31), md, outer, octets_of(jwe), ())


def _digests(signed: bytes, jwe: Any, agencies: list[str]) -> dict[str, Any]:
    parts = [formulas.unb64u(jwe[name]) for name in ("iv", "ciphertext", "tag")]
    leaves = [
        formulas.leaf_hash(formulas.compact({"a": agency, "r": entry}).encode())
        for agency, entry in zip(agencies, jwe["recipients"], strict=True)
    ]
    return {
        "pd": formulas.b64u(formulas.h(signed)),
        "ct": formulas.ct(jwe["protected"], jwe["aad"], *parts),
        "rn": len(leaves),
        "rr": formulas.b64u(formulas.root(leaves)),
    }


def octets_of(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


@pytest.mark.parametrize("curve", ["X25519", "P-256"])
@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_foreign_envelope_is_carried_and_opened_by_all(name: str, alg: str, curve: str) -> None:
    world, key = make_world(alg, curve)
    envelope = foreign_envelope(LIBRARIES[name], world, key)
    carried = world.intake(envelope)
    assert carried.md == envelope.md
    for reader in (world.alpha, *world.others):
        opened = world.open(world.slice_of(carried, reader.id), reader)
        assert (opened.alert, opened.audience) == (ALERT, ("xb-bravo", "xc-charlie"))


def private_of(agency: Agency) -> dict[str, str]:
    return private_jwk(agency.decryption[EC1])


def sealed_world(alg: str, curve: str) -> tuple[World, SealedEnvelope, bytes]:
    """Alpha's envelope for both curves, and the inner octets."""
    world, key = make_world(alg, curve)
    sealed = world.seal(signer=SignerSet([key]))
    inner = world.open(world.slice_of(world.intake(sealed), "xb-bravo"), world.others[0]).inner_jws
    return world, sealed, inner


@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
@pytest.mark.parametrize("curve", ["X25519", "P-256"])
def test_jwcrypto_opens_our_envelope_for_several_with_each_key(alg: str, curve: str) -> None:
    world, sealed, inner = sealed_world(alg, curve)
    carried = world.intake(sealed)
    for agency in (world.alpha, *world.others):
        alone = octets_of(json.loads(world.slice_of(carried, agency.id))["jwe"])
        for jwe in (sealed.jwe, alone):
            theirs = jwcrypto_jwe.JWE()
            theirs.allowed_algs = [WRAP, ENC]
            theirs.deserialize(jwe.decode(), jwcrypto_jwk.JWK(**private_of(agency)))
            assert theirs.payload == inner


@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
@pytest.mark.parametrize("curve", ["X25519", "P-256"])
def test_joserfc_opens_our_envelope_for_several(alg: str, curve: str) -> None:
    world, sealed, inner = sealed_world(alg, curve)
    keys = [
        joserfc_key(private_of(agency), kid=agency.decryption[EC1].public.kid)
        for agency in (world.alpha, *world.others)
    ]
    registry = joserfc_jwe.JWERegistry(algorithms=[WRAP, ENC])
    theirs = joserfc_jwe.decrypt_json(json.loads(sealed.jwe), KeySet(keys), registry=registry)
    assert theirs.plaintext == inner


@pytest.mark.parametrize("what", ["inner", "manifest"])
@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
def test_both_verify_our_inner_jws_and_our_manifest(alg: str, what: str) -> None:
    world, sealed, inner = sealed_world(alg, "X25519")
    octets = inner if what == "inner" else sealed.manifest
    public: Any = world.alpha.signing[EC1].signers[0].jwk
    value: Any = json.loads(octets)
    payload = formulas.unb64u(value["payload"])
    assert joserfc_jws.deserialize_json(value, joserfc_key(public), algorithms=[alg]).payload == payload
    if alg == "ES256":
        theirs = jwcrypto_jws.JWS()
        theirs.deserialize(octets.decode(), jwcrypto_jwk.JWK(**public))
        assert theirs.payload == payload
    else:
        _jwcrypto_knows_only_the_old_name(value, public)


def _jwcrypto_knows_only_the_old_name(value: Any, public: dict[str, str]) -> None:
    """Verify by key alone: the library knows EdDSA and not yet the name Ed25519 (RFC 9864); the signature is the same."""
    (item,) = value["signatures"]
    key = jwcrypto_jwk.JWK(**public).get_op_key("verify")
    signed = f"{item['protected']}.{value['payload']}".encode()
    key.verify(formulas.unb64u(item["signature"]), signed)
