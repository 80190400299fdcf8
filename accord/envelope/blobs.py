# SPDX-License-Identifier: Apache-2.0
"""Attachment blobs: sealed octets that travel beside the JSON.

A blob is a 12-byte IV and AES-256-GCM over an 8-byte big-endian size, the octets and zeros up to the
PADME length; its associated data is ASCII `jti/n`, so that it fits one place of one envelope. Opening
is in `accord.envelope.unseal`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from accord.envelope.encoding import b64u, padme
from accord.envelope.errors import SealingError, SealRefusal
from accord.envelope.manifest import MAX_BLOB_BYTES

IV_BYTES = 12
TAG_BYTES = 16
LENGTH_BYTES = 8
KEY_BYTES = 32
# The library wants room for one block less one octet behind each part.
_SLACK_BYTES = 15


@dataclass(frozen=True)
class BlobFacts:
    """What intake measures of a received blob: digest (base64url) and octets."""

    sha256: str
    len: int


@dataclass(frozen=True)
class SealedBlob:
    """A sealed attachment: the octets to send, and the key that only the inner payload may carry."""

    octets: bytes = field(repr=False)
    key: bytes = field(repr=False)
    facts: BlobFacts


def measure_blob(octets: bytes | Iterable[bytes]) -> BlobFacts:
    """Digest and length of a blob, given whole or in chunks."""
    whole, size = hashlib.sha256(), 0
    for chunk in (octets,) if isinstance(octets, bytes) else octets:
        whole.update(chunk)
        size += len(chunk)
    return BlobFacts(b64u(whole.digest()), size)


def blob_aad(jti: str, n: int) -> bytes:
    """The associated data of blob `n` of envelope `jti`."""
    return f"{jti}/{n}".encode("ascii")


def padded_size(size: int) -> int:
    """Octets that are encrypted for an attachment of `size` octets."""
    return padme(LENGTH_BYTES + size)


def blob_size(size: int) -> int:
    """Octets of the blob of an attachment of `size` octets."""
    return IV_BYTES + padded_size(size) + TAG_BYTES


def seal_blob(plain: bytes, jti: str, n: int) -> SealedBlob:
    """Seal one attachment under a fresh key; raises SealingError when the blob would be over 64 MiB."""
    if blob_size(len(plain)) > MAX_BLOB_BYTES:
        raise SealingError(SealRefusal.ATTACHMENT, f"attachment {n} over 64 MiB")
    key, iv = os.urandom(KEY_BYTES), os.urandom(IV_BYTES)
    octets = _encrypt(key, iv, plain, padded_size(len(plain)), blob_aad(jti, n))
    return SealedBlob(octets, key, measure_blob(octets))


def _encrypt(key: bytes, iv: bytes, plain: bytes, padded: int, aad: bytes) -> bytes:
    """IV, ciphertext and tag in one buffer, handed out as it is.

    To fill fresh memory costs several times more than to encrypt into it: hence no second copy.
    """
    encryptor = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
    encryptor.authenticate_additional_data(aad)
    total = IV_BYTES + padded + TAG_BYTES
    blob = BytesIO()
    blob.seek(total + _SLACK_BYTES - 1)
    blob.write(b"\x00")
    zeros = bytes(padded - LENGTH_BYTES - len(plain))
    with blob.getbuffer() as buffer:
        buffer[:IV_BYTES] = iv
        end = IV_BYTES
        for part in (len(plain).to_bytes(LENGTH_BYTES, "big"), plain, zeros):
            with buffer[end:] as rest:
                end += encryptor.update_into(part, rest)
        encryptor.finalize()
        buffer[end:total] = encryptor.tag
    blob.truncate(total)
    return blob.getvalue()
