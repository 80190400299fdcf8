# SPDX-License-Identifier: Apache-2.0
"""A JWS is read and verified within its limits; the kit has every form that is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accord.envelope.encoding import (
    MAX_HEADER_BYTES,
    b64u,
    canonical,
)
from accord.envelope.errors import (
    Failure,
    MalformedError,
    TooLargeError,
    VerificationError,
)
from accord.envelope.jwe import parse_jwe
from accord.envelope.jws import UnverifiedJws, parse_jws, protected_header, verify_jws, write_jws
from accord.envelope.keys import ENC, PublicKey
from accord.envelope.naming import NamedSigners
from accord.envelope.private import SignerSet, SigningKey
from tests.envelope.tampering import write
from tests.envelope.world import World

TYP = "accord-manifest+jws"


PAYLOAD = canonical({"a": 1})


CLASSICAL, LATTICE = SigningKey.generate("Ed25519"), SigningKey.generate("ML-DSA-65")


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


def test_sixteen_signatures_are_read() -> None:
    sixteen = changed(signatures=json.loads(SIGNED)["signatures"] * 8)
    assert len(parse(sixteen).signatures) == 16


def test_an_encryption_key_signs_nothing() -> None:
    key = SigningKey.generate("ES256")
    header = {"alg": "ES256", "kid": key.public.kid, "typ": TYP}
    with pytest.raises(VerificationError) as refused:
        verify_jws(parse(signed_with(header, key)), [PublicKey(key.public.jwk, ENC)])
    assert refused.value.failure is Failure.KEY_USE


def test_the_callers_limit_holds_for_jws_and_jwe(pq1: World) -> None:
    octets = SigningKey.generate()
    jws = write_jws(b"{}", [(protected_header(octets.public, TYP), bytes(64))])
    assert parse_jws(jws, TYP, limit=len(jws))
    with pytest.raises(TooLargeError):
        parse_jws(jws, TYP, limit=len(jws) - 1)
    jwe = pq1.seal().jwe
    assert parse_jwe(jwe, "PQ1", limit=len(jwe))
    with pytest.raises(TooLargeError):
        parse_jwe(jwe, "PQ1", limit=len(jwe) - 1)


@pytest.mark.parametrize("value", [None, 5, True, ["Ed25519"], {}])
@pytest.mark.parametrize("name", ["alg", "kid"])
def test_a_header_holds_texts(name: str, value: Any) -> None:
    header = {"alg": "Ed25519", "kid": "A" * 43, "typ": TYP} | {name: value}
    with pytest.raises(MalformedError):
        parse_jws(write_jws(b"{}", [(b64u(write(header)), bytes(64))]), TYP, limit=10**4)


def test_a_header_is_short() -> None:
    header = write({"alg": "Ed25519", "kid": "A" * 43, "typ": TYP})
    for size, error in ((MAX_HEADER_BYTES, None), (MAX_HEADER_BYTES + 1, TooLargeError)):
        jws = write_jws(b"{}", [(b64u(header.ljust(size)), bytes(64))])
        if error is None:
            assert parse_jws(jws, TYP, limit=10**4).kids == ("A" * 43,)
        else:
            with pytest.raises(error):
                parse_jws(jws, TYP, limit=10**4)


def test_an_es256_signature_has_one_length() -> None:
    """A zero before s would encode the same numbers a second time."""
    key = SigningKey.generate("ES256")
    signature = key.sign(b"signed")
    key.public.verify(signature, b"signed")
    for spelled in (signature[:32] + b"\x00" + signature[32:], signature + b"\x00", signature[:-1], b""):
        with pytest.raises(VerificationError) as refused:
            key.public.verify(spelled, b"signed")
        assert refused.value.failure is Failure.SIGNATURE


def test_who_names_signers_cannot_sign() -> None:
    with pytest.raises(NotImplementedError):
        NamedSigners(()).sign_jws("accord-keyset+json", b"{}")
