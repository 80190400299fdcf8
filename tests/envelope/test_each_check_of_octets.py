# SPDX-License-Identifier: Apache-2.0
"""Texts, keys and signatures for each check that follows others: no other check refuses them."""

from __future__ import annotations

import base64
import subprocess
import sys
from typing import Any

import pytest

from accord.envelope.content import build_inner, filename, media_type, read_inner
from accord.envelope.encoding import (
    MAX_HEADER_BYTES,
    agency_ids,
    b64u,
    canonical,
    parse_json,
    parse_object,
    unb64u,
)
from accord.envelope.errors import (
    BackendError,
    Failure,
    KeyRefusedError,
    MalformedError,
    TooLargeError,
    VerificationError,
)
from accord.envelope.jwe import parse_jwe
from accord.envelope.jws import parse_jws, protected_header, verify_jws, write_jws
from accord.envelope.keys import ENC, SIGN, PublicKey
from accord.envelope.manifest import read_manifest
from accord.envelope.private import DecryptionKey, LedgerKey, SigningKey
from accord.envelope.suites import ec1
from tests.envelope.tampering import read, write
from tests.envelope.world import World, terms

TYP = "accord-test+jws"
# Points of P-256 with x = 5 and with y = 5; adding the field's prime gives a second encoding in 32 octets.
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
X_IS_FIVE = (5, 0x459243B9AA581806FE913BCE99817ADE11CA503C64D9A3C533415C083248FBCC)
Y_IS_FIVE = (0xD7325D7646CD60D80A92738CEB345F844CFFAF35841022CAB176F692DE8DE1D7, 5)


@pytest.mark.parametrize(
    "text", ["A\u00e9AA", "+AAA", "/AAA", "A+AA", "A/AA", "AA=A", "=AAA", "AAA=", "AA=="]
)
def test_base64url_has_one_alphabet(text: str) -> None:
    with pytest.raises(MalformedError):
        unb64u(text)


def test_an_object_is_demanded() -> None:
    for octets in (b"[]", b"1", b"null", b'"x"'):
        with pytest.raises(MalformedError):
            parse_object(octets, limit=9)


def test_a_limit_is_reached_and_not_passed() -> None:
    assert parse_json(b"[1]", limit=3) == [1]
    with pytest.raises(TooLargeError):
        parse_json(b"[1]", limit=2)


def test_depth_is_counted_in_what_is_written_too() -> None:
    deep: Any = 0
    for _ in range(16):
        deep = [deep]
    assert parse_json(canonical(deep), limit=99) == deep
    for nested in ([deep], {"a": deep}):
        with pytest.raises(TooLargeError):
            canonical(nested)
        with pytest.raises(TooLargeError):
            parse_json(write(nested), limit=99)


def test_agency_ids_are_an_array() -> None:
    for value in ("xa-alpha", ("xa-alpha",), {"xa-alpha": 1}, 5, [["xa-alpha"]]):
        with pytest.raises(MalformedError):
            agency_ids(value, "aud")
    with pytest.raises(MalformedError):
        agency_ids(["xb-bravo", "xa-alpha"], "aud")


def test_an_unpadded_inner_payload_is_refused(pq1: World) -> None:
    bravo = pq1.others[0]
    inner = pq1.deliver(pq1.seal(), bravo).inner_jws
    payload = read(unb64u(read(inner)["payload"]))
    bare = canonical(payload | {"pad": ""})
    with pytest.raises(MalformedError, match="inner payload size"):
        read_inner(bare)


def test_an_inner_payload_is_for_five_hundred_agencies_at_most() -> None:
    for number, good in ((500, True), (501, False)):
        aud = [f"xz-{place:04d}" for place in range(number)]

        def build(aud: list[str] = aud) -> bytes:
            return build_inner(
                terms(), suite="PQ1", iss="xa-alpha", signers=("A" * 43, "E" * 43), aud=aud, names=(),
                nonce=bytes(16), alert={"schema": "accord-alert/1"}, attachments=(),
            )  # fmt: skip

        if good:
            assert len(read_inner(build()).aud) == 500
        else:
            with pytest.raises(MalformedError, match="aud"):
                build()


def test_names_of_files_and_media_types_are_texts() -> None:
    for value in (None, 5, ["a"], b"a"):
        with pytest.raises(MalformedError):
            filename(value)
        with pytest.raises(MalformedError):
            media_type(value)


def test_a_manifest_longer_than_its_limit_is_refused_by_itself(pq1: World) -> None:
    payload = unb64u(read(pq1.seal().manifest)["payload"])
    assert read_manifest(payload.ljust(65_536))
    with pytest.raises(TooLargeError):
        read_manifest(payload.ljust(65_537))


# Signatures.


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


@pytest.mark.parametrize("alg", ["ES256", "ML-DSA-65"])
def test_eddsa_is_a_name_of_ed25519_alone(alg: str) -> None:
    key = SigningKey.generate(alg)
    protected = b64u(canonical({"alg": "EdDSA", "kid": key.public.kid, "typ": TYP}))
    signed = f"{protected}.{b64u(b'{}')}".encode()
    jws = parse_jws(write_jws(b"{}", [(protected, key.sign(signed))]), TYP, limit=10**5)
    with pytest.raises(VerificationError) as refused:
        verify_jws(jws, [key.public])
    assert refused.value.failure is Failure.ALG


def test_an_es256_signature_has_one_length() -> None:
    """A zero before s would encode the same numbers a second time."""
    key = SigningKey.generate("ES256")
    signature = key.sign(b"signed")
    key.public.verify(signature, b"signed")
    for spelled in (signature[:32] + b"\x00" + signature[32:], signature + b"\x00", signature[:-1], b""):
        with pytest.raises(VerificationError) as refused:
            key.public.verify(spelled, b"signed")
        assert refused.value.failure is Failure.SIGNATURE


# Keys.


def point(x: int, y: int) -> dict[str, str]:
    return {"kty": "EC", "crv": "P-256", "x": b64u(x.to_bytes(32, "big")), "y": b64u(y.to_bytes(32, "big"))}


@pytest.mark.parametrize(
    ("x", "y"), [(X_IS_FIVE[0] + P256, X_IS_FIVE[1]), (Y_IS_FIVE[0], Y_IS_FIVE[1] + P256)], ids=["x", "y"]
)
def test_a_coordinate_over_the_prime_is_refused(x: int, y: int) -> None:
    assert PublicKey.from_jwk(point(x % P256, y % P256), ENC).curve == "P-256"
    for use in (SIGN, ENC):
        with pytest.raises(KeyRefusedError):
            PublicKey.from_jwk(point(x, y), use)
    header = {"alg": "ECDH-ES+A256KW", "kid": "A" * 43, "epk": point(x, y)}
    with pytest.raises(KeyRefusedError):
        ec1.read_entry(header, "A" * 54)


@pytest.mark.parametrize("value", [5, None, 1.5, ["A" * 43], {}])
def test_members_of_a_key_are_texts(value: Any) -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": value}
    for read_key in (PublicKey, PublicKey.from_jwk):
        with pytest.raises(KeyRefusedError):
            read_key(jwk, SIGN)


def test_a_key_is_equal_to_keys_alone() -> None:
    key = SigningKey.generate().public
    assert key != key.kid
    assert key != object()


def test_bytes_that_are_no_key_are_malformed_and_not_of_another_kind() -> None:
    with pytest.raises(MalformedError) as refused:
        SigningKey.from_bytes(b"nonsense")
    assert type(refused.value) is MalformedError


def test_a_key_of_an_algorithm_that_the_library_lacks_is_named_so() -> None:
    unknown = (
        SigningKey.generate("Ed25519").to_bytes().replace(b"\x06\x03\x2b\x65\x70", b"\x06\x03\x2b\x65\x77")
    )
    with pytest.raises(BackendError):
        SigningKey.from_bytes(unknown)


def test_a_ledger_key_is_a_private_key_of_ed25519() -> None:
    text = LedgerKey.generate("ledger.example/log").to_text()
    *before, encoded = text.split("+", 4)
    head, raw = "+".join(before), base64.b64decode(encoded)
    others = (b"\x02" + raw[1:], raw + b"\x00", raw[:-1], raw[1:])
    for wrong in (
        text.removeprefix("PRIVATE+KEY+"),
        *(f"{head}+{base64.b64encode(x).decode()}" for x in others),
    ):
        with pytest.raises(MalformedError):
            LedgerKey.from_text(wrong)


WITHOUT = """
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mldsa, mlkem

class Missing:
    def __getattr__(self, name):
        return self

    def __call__(self, *parts):
        raise UnsupportedAlgorithm("not in this library")

mldsa.MLDSA65PrivateKey = mldsa.MLDSA65PublicKey = mlkem.MLKEM768PrivateKey = Missing()
hpke.Suite = Missing()
from accord.envelope.encoding import b64u
from accord.envelope.errors import BackendError
from accord.envelope.keys import PublicKey
from accord.envelope.private import DecryptionKey, SigningKey
from accord.envelope.suites import pq1
jwk = {"kty": "AKP", "alg": "ML-DSA-65", "pub": b64u(bytes(1952))}
for name, attempt in {
    "verify": lambda: PublicKey(jwk, "sign").material,
    "generate": lambda: SigningKey.generate("ML-DSA-65"),
    "decrypt": lambda: DecryptionKey.from_bytes("HPKE-9-KE", bytes(32)),
    "wrap": pq1.hpke_suite,
}.items():
    try:
        attempt()
    except BackendError as refused:
        print(name, refused)
"""


def test_every_door_to_a_missing_primitive_says_that_it_is_missing() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["verify", "generate", "decrypt", "wrap"]


def test_a_decryption_key_of_another_curve_is_refused() -> None:
    assert (
        DecryptionKey.from_bytes("P-256", DecryptionKey.generate("P-256").to_bytes()).public.curve == "P-256"
    )
