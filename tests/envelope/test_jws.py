# SPDX-License-Identifier: Apache-2.0
"""The one form of signature, and forms that are refused."""

import json
from typing import Any

import pytest

from accord.envelope.encoding import b64u, canonical
from accord.envelope.errors import EnvelopeError, Failure, MalformedError, VerificationError
from accord.envelope.jws import UnverifiedJws, parse_jws, verify_jws, write_jws
from accord.envelope.keys import ENC, PublicKey
from accord.envelope.private import SignerSet, SigningKey

TYP = "accord-manifest+jws"
PAYLOAD = canonical({"a": 1})
CLASSICAL, LATTICE = SigningKey.generate("Ed25519"), SigningKey.generate("ML-DSA-65")
KEYS = [CLASSICAL.public, LATTICE.public]
SIGNED = SignerSet([CLASSICAL, LATTICE]).sign_jws(TYP, PAYLOAD)


def parse(data: bytes) -> UnverifiedJws:
    return parse_jws(data, TYP, limit=100_000)


def signed_with(header: dict[str, Any] | bytes, key: SigningKey = CLASSICAL) -> bytes:
    """Sign well a JWS with this header."""
    octets = header if isinstance(header, bytes) else json.dumps(header).encode()
    protected = b64u(octets)
    return write_jws(PAYLOAD, [(protected, key.sign(f"{protected}.{b64u(PAYLOAD)}".encode()))])


def changed(**members: Any) -> bytes:
    return json.dumps(json.loads(SIGNED) | members, separators=(",", ":")).encode()


HEADER = {"alg": "Ed25519", "kid": CLASSICAL.public.kid, "typ": TYP}


def test_verifies_what_it_signed_and_keeps_the_octets() -> None:
    jws = parse(SIGNED)
    verify_jws(jws, KEYS)
    assert jws.payload == PAYLOAD
    assert jws.kids == tuple(key.kid for key in KEYS)


def test_member_order_is_free_and_changes_no_digest() -> None:
    value = json.loads(SIGNED)
    turned = json.dumps(dict(reversed(value.items())), separators=(",", ":")).encode()
    assert turned != SIGNED
    jws = parse(turned)
    verify_jws(jws, KEYS)
    assert jws.od == parse(SIGNED).od


def test_accepts_eddsa_of_an_ed25519_key_and_never_writes_it() -> None:
    verify_jws(parse(signed_with(HEADER | {"alg": "EdDSA"})), [CLASSICAL.public])
    assert b64u(b'{"alg":"EdDSA"')[:18].encode() not in SIGNED


def test_sixteen_signatures_are_read() -> None:
    sixteen = changed(signatures=json.loads(SIGNED)["signatures"] * 8)
    assert len(parse(sixteen).signatures) == 16


MALFORMED = {
    "white space": SIGNED.replace(b",", b", ", 1),
    "a line feed at the end": SIGNED + b"\n",
    "a backslash": SIGNED.replace(b'"payload"', b'"p\\u0061yload"', 1),
    "an additional member": changed(header={}),
    "no signatures": changed(signatures=[]),
    "signatures that are no array": changed(signatures={}),
    "an unprotected header": changed(signatures=[json.loads(SIGNED)["signatures"][0] | {"header": {}}]),
    "seventeen signatures": changed(signatures=json.loads(SIGNED)["signatures"] * 9),
    "a payload with padding": changed(payload=b64u(PAYLOAD) + "="),
    "a payload that is null": changed(payload=None),
    "the flattened form": json.dumps({"payload": b64u(PAYLOAD), "protected": "", "signature": ""}).encode(),
    "a duplicate member": SIGNED.replace(b'{"payload"', b'{"payload":"","payload"', 1),
    "a duplicate header member": signed_with(json.dumps(HEADER)[:-1].encode() + b', "alg": "none"}'),
    "crit": signed_with(HEADER | {"crit": ["b64"]}),
    "jwk in the header": signed_with(HEADER | {"jwk": CLASSICAL.public.jwk}),
    "a header without kid": signed_with({"alg": "Ed25519", "typ": TYP}),
    "a header over 1 KiB": signed_with(json.dumps(HEADER).encode() + b" " * 1024),
    "an array as header": signed_with(b"[]"),
    "not JSON": b"eyJhbGciOiJub25lIn0.e30.",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_refuses_the_form(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse(data)


REFUSED = {
    "alg none": (signed_with(HEADER | {"alg": "none"}), Failure.ALG),
    "alg HS256": (signed_with(HEADER | {"alg": "HS256"}), Failure.ALG),
    "alg of another kind of key": (signed_with(HEADER | {"alg": "ES256"}), Failure.ALG),
    "a kid of another key": (signed_with(HEADER | {"kid": LATTICE.public.kid}), Failure.SIGNERS),
    "another key's signature": (signed_with(HEADER, SigningKey.generate()), Failure.SIGNATURE),
    "a header with a null alg": (signed_with(HEADER | {"alg": None}), None),
}


@pytest.mark.parametrize(("data", "failure"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_the_signature(data: bytes, failure: Failure | None) -> None:
    with pytest.raises(EnvelopeError) as refused:
        verify_jws(parse(data), [CLASSICAL.public])
    if failure:
        assert isinstance(refused.value, VerificationError)
        assert refused.value.failure is failure


@pytest.mark.parametrize("typ", ["accord-alert+jws", "JWT", "accord-manifest+JWS", None])
def test_refuses_another_typ(typ: str | None) -> None:
    with pytest.raises(VerificationError) as refused:
        parse(signed_with(HEADER | {"typ": typ}))
    assert refused.value.failure is Failure.TYP


def test_every_signature_must_be_there_good_and_no_other() -> None:
    one, two = json.loads(SIGNED)["signatures"]
    stranger = json.loads(signed_with(HEADER, SigningKey.generate()))["signatures"][0]
    for signatures in ([one], [two], [two, one], [one, two, one], [one, one]):
        with pytest.raises(VerificationError) as refused:
            verify_jws(parse(changed(signatures=signatures)), KEYS)
        assert refused.value.failure is Failure.SIGNERS
    with pytest.raises(VerificationError) as refused:
        verify_jws(parse(changed(signatures=[stranger, two])), KEYS)
    assert refused.value.failure is Failure.SIGNATURE


def test_an_encryption_key_signs_nothing() -> None:
    key = SigningKey.generate("ES256")
    header = {"alg": "ES256", "kid": key.public.kid, "typ": TYP}
    with pytest.raises(VerificationError) as refused:
        verify_jws(parse(signed_with(header, key)), [PublicKey(key.public.jwk, ENC)])
    assert refused.value.failure is Failure.KEY_USE
