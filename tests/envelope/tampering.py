# SPDX-License-Identifier: Apache-2.0
"""Changes that an attacker or a dishonest sender makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from accord.envelope.encoding import b64u, canonical, object_digest, sha256, unb64u
from accord.envelope.jws import JwsSigner
from accord.envelope.manifest import Terms, aad_of, shared_members
from accord.envelope.seal import SealedEnvelope, _encrypt
from accord.envelope.vocabulary import TYP_INNER, TYP_MANIFEST
from tests.envelope.world import Agency


def manifest_of(sealed: SealedEnvelope) -> dict[str, Any]:
    return read(unb64u(read(sealed.manifest)["payload"]))


def read(octets: bytes) -> dict[str, Any]:
    """JSON octets as an object."""
    value = json.loads(octets)
    assert isinstance(value, dict)
    return value


def write(value: Any) -> bytes:
    """JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def signed_again(sealed: SealedEnvelope, signer: JwsSigner, **changes: Any) -> SealedEnvelope:
    """Sign the envelope again under a manifest with these changes."""
    return signed_as(sealed, signer, canonical(manifest_of(sealed) | changes))


def signed_as(sealed: SealedEnvelope, signer: JwsSigner, payload: bytes) -> SealedEnvelope:
    """Sign the envelope again under a manifest of these octets."""
    return replace(
        sealed, manifest=signer.sign_jws(TYP_MANIFEST, payload), md=object_digest(TYP_MANIFEST, payload)
    )


def with_jwe(sealed: SealedEnvelope, change: Callable[[dict[str, Any]], None]) -> SealedEnvelope:
    """Change the envelope's JWE on its way."""
    jwe = read(sealed.jwe)
    change(jwe)
    return replace(sealed, jwe=write(jwe))


def protected(header: dict[str, Any] | bytes) -> str:
    """A protected header, base64url."""
    return b64u(header if isinstance(header, bytes) else write(header))


def flipped(octets: bytes, position: int, bit: int) -> bytes:
    """Change one bit."""
    changed = bytearray(octets)
    changed[position % len(changed)] ^= 1 << (bit % 8)
    return bytes(changed)


def encrypted_again(
    inner: bytes, terms: Terms, issuer: Agency, to: Sequence[Agency], suite: str, **changes: Any
) -> SealedEnvelope:
    """Seal these inner octets by `issuer` for others under a manifest of its own."""
    everyone = sorted((issuer, *to), key=lambda agency: agency.id)
    keys = [(agency.id, agency.decryption[suite].public) for agency in everyone]
    jwe, facts = _encrypt(inner, aad_of(terms, issuer.id), suite, keys)
    signer = issuer.signing[suite]
    signers = tuple(key.kid for key in signer.signers)
    shared = shared_members(terms, suite, issuer.id, 0, signers)
    manifest = shared | facts | {"pd": b64u(sha256(inner)), "att": []} | changes
    blank = SealedEnvelope(issuer.id, terms.jti, "", b"", jwe, ())
    return signed_as(blank, signer, canonical(manifest))


def inner_signed(signer: JwsSigner, payload: bytes) -> bytes:
    """Sign these octets as an inner JWS."""
    return signer.sign_jws(TYP_INNER, payload)
