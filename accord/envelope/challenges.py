# SPDX-License-Identifier: Apache-2.0
"""Proof of possession of encryption keys: a nonce sealed to each, to be given back in a `pop`.

A challenge is a JWE with one entry, typ accord-challenge+jwe, associated data canonical
{a, chal, kid, v}, plaintext exactly 32 octets. Signing keys prove themselves by signing the `pop`.
The hub keeps `nonce_digests`, never the nonces. Opening is in `accord.envelope.unseal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from accord.envelope.encoding import b64u, canonical, sha256
from accord.envelope.errors import KeyRefusedError, MalformedError
from accord.envelope.keys import ENC, PublicKey
from accord.envelope.single import seal_single
from accord.envelope.vocabulary import TYP_CHALLENGE, VERSION

NONCE_BYTES: Final = 32
CHALLENGE_LIFETIME_SECS: Final = 10 * 60


@dataclass(frozen=True)
class Challenge:
    """A one-time challenge: what goes to the agency, and what the hub keeps for ten minutes."""

    chal: str
    sealed: tuple[dict[str, Any], ...] = field(repr=False)
    nonce_digests: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return the answer to the agency: {chal, sealed [{kid, jwe}]}."""
        return {"chal": self.chal, "sealed": list(self.sealed)}


def issue_challenge(
    agency: str, keys: Sequence[PublicKey], *, challenge: bytes, nonces: Sequence[bytes]
) -> Challenge:
    """Seal one nonce to each encryption key; `challenge` and each nonce are 32 fresh random octets."""
    if len(challenge) != NONCE_BYTES or any(len(nonce) != NONCE_BYTES for nonce in nonces):
        raise MalformedError("challenge")
    if any(key.use != ENC for key in keys):
        raise KeyRefusedError("challenge for a signing key")
    chal = b64u(challenge)
    pairs = list(zip(keys, nonces, strict=True))
    sealed = [_seal_nonce(agency, chal, key, nonce) for key, nonce in pairs]
    digests = {key.kid: nonce_digest(b64u(nonce)) for key, nonce in pairs}
    return Challenge(chal, tuple(sealed), digests)


def challenge_aad(agency: str, chal: str, kid: str) -> str:
    """Return the JWE member `aad` of a challenge."""
    return b64u(canonical({"a": agency, "chal": chal, "kid": kid, "v": VERSION}))


def nonce_digest(nonce: str) -> str:
    """SHA-256 of a nonce given in base64url, base64url."""
    return b64u(sha256(nonce.encode("ascii")))


def _seal_nonce(agency: str, chal: str, key: PublicKey, nonce: bytes) -> dict[str, Any]:
    aad = challenge_aad(agency, chal, key.kid)
    return {"kid": key.kid, "jwe": seal_single(TYP_CHALLENGE, aad, key, nonce)}
