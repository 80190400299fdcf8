# SPDX-License-Identifier: Apache-2.0
"""HPKE, base mode, written a second time from its text, to check public vectors and the page's formulas.

RFC 9180 for the two-stage key derivation (HKDF-SHA256), its drafts for the one-stage (SHAKE256).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

HKDF_SHA256, SHAKE256 = 1, 17
_VERSION = b"HPKE-v1"


def sized(octets: bytes) -> bytes:
    """Put the length of the octets before them, as two octets."""
    return len(octets).to_bytes(2, "big") + octets


def mlkem_secret(seed: bytes, enc: bytes) -> bytes:
    """Decapsulate with ML-KEM-768 alone."""
    secret: bytes = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed).decapsulate(enc)
    return secret


def xwing_secret(seed: bytes, enc: bytes) -> bytes:
    """Decapsulate with X-Wing: ML-KEM-768 and X25519, bound together by SHA3-256."""
    expanded = hashlib.shake_256(seed).digest(96)
    lattice, curve = expanded[:64], x25519.X25519PrivateKey.from_private_bytes(expanded[64:])
    own, theirs = curve.public_key().public_bytes_raw(), enc[1088:]
    both = mlkem_secret(lattice, enc[:1088]) + curve.exchange(
        x25519.X25519PublicKey.from_public_bytes(theirs)
    )
    return hashlib.sha3_256(both + theirs + own + rb"\.//^" + b"\\").digest()


@dataclass(frozen=True)
class Context:
    """The result of the key schedule."""

    kdf: int
    suite_id: bytes
    key: bytes
    base_nonce: bytes
    exporter_secret: bytes

    def nonce(self, number: int) -> bytes:
        mask = number.to_bytes(len(self.base_nonce), "big")
        return bytes(one ^ other for one, other in zip(self.base_nonce, mask, strict=True))

    def export(self, context: bytes, size: int) -> bytes:
        """Derive an exported secret of `size` octets."""
        if self.kdf == SHAKE256:
            return _derive(self.suite_id, self.exporter_secret, b"sec", context, size)
        return _expand(self.suite_id, self.exporter_secret, b"sec", context, size)


def schedule(kdf: int, suite_id: bytes, shared: bytes, info: bytes, key_bytes: int) -> Context:
    if kdf == SHAKE256:
        context = b"\x00" + sized(b"") + sized(info)
        size = key_bytes + 12 + 64
        derived = _derive(suite_id, sized(b"") + sized(shared), b"secret", context, size)
        return Context(kdf, suite_id, derived[:key_bytes], derived[key_bytes : key_bytes + 12], derived[-64:])
    parts = (_extract(suite_id, b"", b"psk_id_hash", b""), _extract(suite_id, b"", b"info_hash", info))
    context = b"\x00" + b"".join(parts)
    secret = _extract(suite_id, shared, b"secret", b"")

    def expand(label: bytes, size: int) -> bytes:
        return _expand(suite_id, secret, label, context, size)

    return Context(kdf, suite_id, expand(b"key", key_bytes), expand(b"base_nonce", 12), expand(b"exp", 32))


def _derive(suite_id: bytes, ikm: bytes, label: bytes, context: bytes, size: int) -> bytes:
    labeled = ikm + _VERSION + suite_id + sized(label) + size.to_bytes(2, "big") + context
    return hashlib.shake_256(labeled).digest(size)


def _extract(suite_id: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), _VERSION + suite_id + label + ikm, "sha256")


def _expand(suite_id: bytes, secret: bytes, label: bytes, context: bytes, size: int) -> bytes:
    info: Any = size.to_bytes(2, "big") + _VERSION + suite_id + label + context
    block, whole = b"", b""
    while len(whole) < size:
        block = hmac.digest(secret, block + info + bytes([len(whole) // 32 + 1]), "sha256")
        whole += block
    return whole[:size]
