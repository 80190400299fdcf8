# SPDX-License-Identifier: Apache-2.0
"""Stand-ins: content to check where the real content could not be opened.

Where opening has failed, the following checks are still made, on a stand-in as long as the real content would be: otherwise the
time until the refusal would reveal how far the reader came. A stand-in is never shown: it exists only once the opening has
failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from accord.envelope.blobs import KEY_BYTES, blob_size
from accord.envelope.content import (
    NONCE_BYTES,
    PADDED_SIZES,
    AttachmentKey,
    Inner,
    NamedOfficer,
    build_inner,
    read_inner,
)
from accord.envelope.encoding import MAX_INNER_JWS_BYTES
from accord.envelope.jws import UnverifiedJws, parse_jws, protected_header, write_jws
from accord.envelope.keys import ED25519, ES256, ML_DSA_65
from accord.envelope.manifest import Manifest, Terms
from accord.envelope.verifying import VerifiedSlice
from accord.envelope.vocabulary import RED, TYP_INNER

CONTENT_KEY: Final = bytes(32)

# Well-formed, so that they are refused after the whole computation and not before it. ES256: r = s = 1. ML-DSA-65 (FIPS 204): an
# arbitrary challenge, z = 0 (each coefficient the 20 bits of 2^19), no hints.
_SIGNATURES: Final = {
    ED25519: bytes(64),
    ES256: ((1).to_bytes(32, "big")) * 2,
    ML_DSA_65: bytes(48) + b"\x00\x00\x08\x00\x80" * 640 + bytes(61),
}
# With 500 agencies and 32 files these fit into the largest payload.
_MAX_NAMES: Final = 500


@dataclass(frozen=True)
class StandIn:
    """An inner JWS of an alert that nobody sent, and its parsed content."""

    inner_jws: bytes = field(repr=False)
    jws: UnverifiedJws
    inner: Inner


def stand_in_for(verified: VerifiedSlice) -> StandIn:
    """Return a stand-in for this slice: as many agencies, officers and files, and as long, if the content's size is allowed."""
    signatures = [(protected_header(key, TYP_INNER), _SIGNATURES[key.alg]) for key in verified.keys]
    room = len(verified.jwe.ciphertext) - len(write_jws(b"", signatures))
    payload = _payload(verified.manifest, room)
    octets = write_jws(payload, signatures)
    return StandIn(octets, parse_inner_jws(octets), read_inner(payload))


def parse_inner_jws(inner_jws: bytes) -> UnverifiedJws:
    """Parse an inner JWS; raise MalformedError or VerificationError."""
    return parse_jws(inner_jws, TYP_INNER, limit=MAX_INNER_JWS_BYTES)


def _payload(manifest: Manifest, base64_chars: int) -> bytes:
    """Return a payload of the largest padded size that is no longer than this as base64url; else of the smallest."""
    fitting = (size for size in reversed(PADDED_SIZES) if (size * 4 + 2) // 3 <= base64_chars)
    size = next(fitting, PADDED_SIZES[0])
    bare = _built(manifest, text_chars=0)
    return _built(manifest, text_chars=size - len(bare)) if len(bare) < size else bare


def _built(manifest: Manifest, *, text_chars: int) -> bytes:
    country = "zy" if manifest.iss.startswith("zz") else "zz"
    aud = [f"{country}-{n:03}" for n in range(manifest.rn - 1)]
    names = _names(manifest, aud)
    return build_inner(
        manifest.terms if names or manifest.terms.tlp != RED else _unmarked(manifest.terms),
        suite=manifest.suite,
        iss=manifest.iss,
        signers=manifest.signers,
        aud=aud,
        names=names,
        nonce=bytes(NONCE_BYTES),
        alert={"schema": "accord-alert/1", "text": "x" * text_chars},
        attachments=[_file(n) for n in range(len(manifest.att))],
    )


def _names(manifest: Manifest, aud: list[str]) -> list[NamedOfficer]:
    """Return as many officers as the manifest states, at least one for each agency; none if it states an impossible number."""
    if not len(aud) <= manifest.named <= _MAX_NAMES:
        return []
    return [NamedOfficer(aud[min(n, len(aud) - 1)], f"o{n}") for n in range(manifest.named)]


def _unmarked(terms: Terms) -> Terms:
    return replace(terms, tlp="GREEN")


def _file(n: int) -> AttachmentKey:
    return AttachmentKey(n, "A" * 43, blob_size(0), 0, "text/plain", f"{n}", bytes(KEY_BYTES))
