# SPDX-License-Identifier: Apache-2.0
"""Section 4: the form of a JWS, and its signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.examples.independent.encoding import array, closed, kid, object_digest, parse, unbase64
from tests.examples.independent.keys import PublicKey
from tests.examples.independent.refusal import need

HEADER_LIMIT = 1024
MANIFEST_LIMIT = 65_536
INNER_LIMIT = 131_072
STATEMENT_LIMIT = 262_144
RELEASE_LIMIT = 65_536


@dataclass(frozen=True)
class Signature:
    """A signature with the members of its header and the header's received text."""

    alg: str
    kid: str
    typ: str
    protected: str
    octets: bytes


@dataclass(frozen=True)
class Signed:
    """A JWS whose form is right; nothing of it is verified yet."""

    payload: bytes
    text: str
    signatures: tuple[Signature, ...]

    @property
    def kids(self) -> list[str]:
        """The kids in the headers, in order."""
        return [signature.kid for signature in self.signatures]

    def require_typ(self, typ: str) -> None:
        """Refuse any other `typ`."""
        need(all(signature.typ == typ for signature in self.signatures), "wrong-typ")

    def od(self, typ: str) -> str:
        """The object digest under `typ`."""
        return object_digest(typ, self.payload)


def as_submitted(octets: bytes, limit: int) -> Signed:
    """Read a JWS as signed and submitted: no white space, no backslash."""
    need(len(octets) <= limit, "too-large")
    need(not any(octet in octets for octet in b" \t\n\r\\"))
    return as_member(parse(octets, limit))


def text_submitted(text: str, limit: int) -> Signed:
    """Read a submitted JWS that comes as text."""
    return as_submitted(text.encode("utf-8", "surrogatepass"), limit)


def as_member(value: Any) -> Signed:
    """Read a JWS that is a member of other JSON."""
    jws = closed(value, ("payload", "signatures"))
    signatures = tuple(_signature(item) for item in array(jws["signatures"], 1, 16))
    return Signed(unbase64(jws["payload"]), jws["payload"], signatures)


def _signature(value: Any) -> Signature:
    item = closed(value, ("protected", "signature"))
    octets = unbase64(item["protected"])
    header = closed(parse(octets, HEADER_LIMIT), ("alg", "kid", "typ"))
    need(all(isinstance(member, str) for member in header.values()))
    kid(header["kid"])
    return Signature(
        header["alg"], header["kid"], header["typ"], item["protected"], unbase64(item["signature"])
    )


def verify(jws: Signed, keys: list[PublicKey]) -> None:
    """Check that the signatures are by exactly these keys, in this order, and all good."""
    need(jws.kids == [key.kid for key in keys], "signers-differ")
    for signature, key in zip(jws.signatures, keys, strict=True):
        accepted = ("Ed25519", "EdDSA") if key.alg == "Ed25519" else (key.alg,)
        need(signature.alg in accepted, "alg-differs-from-key")
    for signature, key in zip(jws.signatures, keys, strict=True):
        message = f"{signature.protected}.{jws.text}".encode("ascii")
        need(is_good(key, signature.octets, message), "bad-signature")


def is_good(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Tell whether it is a signature of the message by the key."""
    try:
        if key.alg == "Ed25519":
            ed25519.Ed25519PublicKey.from_public_bytes(key.octets).verify(signature, message)
        elif key.alg == "ML-DSA-65":
            mldsa.MLDSA65PublicKey.from_public_bytes(key.octets).verify(signature, message)
        else:
            return _is_good_es256(key.octets, signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_good_es256(point: bytes, signature: bytes, message: bytes) -> bool:
    if len(signature) != 64:
        return False
    halves = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + point)
    public.verify(encode_dss_signature(*halves), message, ec.ECDSA(SHA256()))
    return True
