# SPDX-License-Identifier: Apache-2.0
"""The one form of signature: JWS General JSON with a closed header.

A JWS is exactly `{"payload","signatures":[{"protected","signature"}]}` without white space or
backslash; every protected header is exactly `{alg, kid, typ}`. All signatures must be good and there
must be no other; which keys are expected is decided by the caller, from a keyset.
The payload is kept as decoded from the received bytes. Source: RFC 7515, RFC 9864, RFC 9964.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from accord.envelope.encoding import (
    MAX_HEADER_BYTES,
    b64u,
    canonical,
    members,
    object_digest,
    parse_object,
    text,
    unb64u,
)
from accord.envelope.errors import Failure, MalformedError, VerificationError
from accord.envelope.keys import EC1, ED25519, ES256, ML_DSA_65, PQ1, SIGN, PublicKey

# A coming keyset's `pop` carries one signature per new signing key.
MAX_SIGNATURES: Final = 16

_JWS_MEMBERS = frozenset({"payload", "signatures"})
_SIGNATURE_MEMBERS = frozenset({"protected", "signature"})
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})
_SPACE_OR_BACKSLASH = (b" ", b"\t", b"\n", b"\r", b"\\")
_SUITE_ALGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    PQ1: ((ED25519, ML_DSA_65),),
    EC1: ((ED25519,), (ES256,)),
}


class JwsSigner(Protocol):
    """A signer for an agency: a set of private keys, or a vault service."""

    @property
    def signers(self) -> tuple[PublicKey, ...]:
        """The public keys in the order of signatures."""
        ...

    def sign_jws(self, typ: str, payload: bytes) -> bytes:
        """Sign `payload` with every key; return the JWS as it goes over the wire."""
        ...


@dataclass(frozen=True)
class UnverifiedSignature:
    """One signature as received: what the header claims and what was signed."""

    alg: str
    kid: str
    signed: bytes = field(repr=False)
    signature: bytes


@dataclass(frozen=True)
class UnverifiedJws:
    """A well-formed JWS whose signatures nobody has checked."""

    typ: str
    payload: bytes = field(repr=False)
    signatures: tuple[UnverifiedSignature, ...]

    @property
    def kids(self) -> tuple[str, ...]:
        """The kids in the order of signatures."""
        return tuple(signature.kid for signature in self.signatures)

    @property
    def od(self) -> str:
        """The object digest over `typ` and payload."""
        return object_digest(self.typ, self.payload)


def refuse_spaces(data: bytes, where: str) -> None:
    """Refuse white space and backslash in signed JSON: all its texts are base64url."""
    if any(octet in data for octet in _SPACE_OR_BACKSLASH):
        raise MalformedError(f"{where} holds white space or backslash")


def parse_jws(data: bytes, typ: str, *, limit: int) -> UnverifiedJws:
    """Read a JWS of this `typ` from the wire; raise MalformedError, or VerificationError for another typ."""
    value = parse_object(data, limit=limit, where="jws")
    refuse_spaces(data, "jws")
    return parse_jws_object(value, typ)


def parse_jws_object(value: object, typ: str) -> UnverifiedJws:
    """Read a JWS that was a member of a larger, already parsed JSON text."""
    jws = members(value, _JWS_MEMBERS, "jws")
    signatures = jws["signatures"]
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise MalformedError("jws signatures")
    payload = text(jws["payload"], "jws payload")
    return UnverifiedJws(
        typ=typ,
        payload=unb64u(payload, where="jws payload"),
        signatures=tuple(_parse_signature(item, payload, typ) for item in signatures),
    )


def _parse_signature(value: object, payload: str, typ: str) -> UnverifiedSignature:
    item = members(value, _SIGNATURE_MEMBERS, "jws signature")
    protected = text(item["protected"], "jws protected")
    raw_header = unb64u(protected, where="jws protected")
    header = parse_object(raw_header, limit=MAX_HEADER_BYTES, where="jws header")
    members(header, _HEADER_MEMBERS, "jws header")
    if header["typ"] != typ:
        raise VerificationError(Failure.TYP)
    return UnverifiedSignature(
        alg=text(header["alg"], "jws alg"),
        kid=text(header["kid"], "jws kid"),
        signed=f"{protected}.{payload}".encode("ascii"),
        signature=unb64u(item["signature"], where="jws signature"),
    )


def verify_jws(jws: UnverifiedJws, keys: Sequence[PublicKey]) -> None:
    """Check every signature against the expected keys, in order; raise VerificationError."""
    check_headers(jws, keys)
    for signature, key in zip(jws.signatures, keys, strict=True):
        key.verify(signature.signature, signature.signed)


def check_headers(jws: UnverifiedJws, keys: Sequence[PublicKey]) -> None:
    """Check that these are the expected keys, each for its use and its own algorithm; verify no signature yet."""
    if jws.kids != tuple(key.kid for key in keys):
        raise VerificationError(Failure.SIGNERS)
    for signature, key in zip(jws.signatures, keys, strict=True):
        if key.use != SIGN:
            raise VerificationError(Failure.KEY_USE)
        # RFC 8037 called it EdDSA; accepted for an Ed25519 key, never written.
        if signature.alg != key.alg and not (signature.alg == "EdDSA" and key.alg == ED25519):
            raise VerificationError(Failure.ALG)


def check_suite_of(keys: Sequence[PublicKey], suite: str) -> None:
    """Check the suite: PQ1 is Ed25519 then ML-DSA-65; EC1 is one Ed25519 or ES256. Raises VerificationError."""
    if tuple(key.alg for key in keys) not in _SUITE_ALGS[suite]:
        raise VerificationError(Failure.SUITE)


def protected_header(key: PublicKey, typ: str) -> str:
    """Return the protected header that `key` signs, base64url."""
    return b64u(canonical({"alg": key.alg, "kid": key.kid, "typ": typ}))


def add_signatures(data: bytes, more: bytes) -> bytes:
    """Put the signatures of one JWS after those of another over the same payload; raise MalformedError."""
    parts = [members(parse_object(part, limit=len(part)), _JWS_MEMBERS, "jws") for part in (data, more)]
    if parts[0]["payload"] != parts[1]["payload"]:
        raise MalformedError("jws payload")
    whole = {**parts[0], "signatures": [*parts[0]["signatures"], *parts[1]["signatures"]]}
    return json.dumps(whole, separators=(",", ":")).encode("ascii")


def write_jws(payload: bytes, signatures: Sequence[tuple[str, bytes]]) -> bytes:
    """Return the wire form from (protected, signature) pairs."""
    document: dict[str, Any] = {
        "payload": b64u(payload),
        "signatures": [{"protected": protected, "signature": b64u(raw)} for protected, raw in signatures],
    }
    return json.dumps(document, separators=(",", ":")).encode("ascii")
