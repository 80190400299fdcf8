# SPDX-License-Identifier: Apache-2.0
"""Attachment blobs: sealed octets that travel beside the JSON.

A blob is a 12-byte IV and AES-256-GCM over an 8-byte big-endian size, the octets and zeros up to the
PADME length; its associated data is ASCII `jti/n`, so that it fits one place of one envelope. Opening
is in `accord.envelope.unseal`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from accord.envelope.encoding import b64u, padme
from accord.envelope.errors import SealingError, SealRefusal
from accord.envelope.manifest import MAX_BLOB_BYTES

IV_BYTES = 12
TAG_BYTES = 16
LENGTH_BYTES = 8
KEY_BYTES = 32
CHUNK_BYTES = 256 * 1024
"""The most octets that are read, sealed and written at a time where a file is streamed."""
Moved = Callable[[int], None]
"""Called with the number of octets processed since the last call."""
# The library needs room for one block less one octet behind each part.
_SLACK_BYTES = 15


@dataclass(frozen=True)
class BlobFacts:
    """The facts that intake measures of a received blob: digest (base64url) and octets."""

    sha256: str
    len: int


@dataclass(frozen=True)
class SealedBlob:
    """A sealed attachment: the octets to send, and the key that only the inner payload may carry."""

    octets: bytes = field(repr=False)
    key: bytes = field(repr=False)
    facts: BlobFacts


def measure_blob(octets: bytes | Iterable[bytes]) -> BlobFacts:
    """Return digest and length of a blob, given whole or in chunks."""
    whole, size = hashlib.sha256(), 0
    for chunk in (octets,) if isinstance(octets, bytes) else octets:
        whole.update(chunk)
        size += len(chunk)
    return BlobFacts(b64u(whole.digest()), size)


def measure_file(path: Path) -> BlobFacts:
    """Measure a file as `measure_blob` does; its OSError passes through."""
    with path.open("rb", buffering=0) as file:
        return measure_blob(iter(lambda: file.read(CHUNK_BYTES), b""))


def blob_aad(jti: str, n: int) -> bytes:
    """Return the associated data of blob `n` of envelope `jti`."""
    return f"{jti}/{n}".encode("ascii")


def padded_size(size: int) -> int:
    """Return the number of octets that are encrypted for an attachment of `size` octets."""
    return padme(LENGTH_BYTES + size)


def blob_size(size: int) -> int:
    """Return the number of octets of the blob of an attachment of `size` octets."""
    return IV_BYTES + padded_size(size) + TAG_BYTES


def seal_blob(plain: bytes, jti: str, n: int) -> SealedBlob:
    """Seal one attachment under a fresh key; raise SealingError when the blob would be over 64 MiB."""
    _refuse_large(len(plain), n)
    key, iv = os.urandom(KEY_BYTES), os.urandom(IV_BYTES)
    octets = _encrypt(key, iv, plain, padded_size(len(plain)), blob_aad(jti, n))
    return SealedBlob(octets, key, measure_blob(octets))


def seal_stream(
    source: IO[bytes], size: int, sink: IO[bytes], jti: str, n: int, *, moved: Moved | None = None
) -> tuple[bytes, BlobFacts]:
    """Seal the `size` octets of `source` into `sink` in chunks; return the fresh key and the facts.

    The written octets count only once this returns. Raises SealingError for a blob over 64 MiB and for a source of another
    length; the source's and the sink's own OSError pass through.
    """
    _refuse_large(size, n)
    key, iv = os.urandom(KEY_BYTES), os.urandom(IV_BYTES)
    encryptor = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
    encryptor.authenticate_additional_data(blob_aad(jti, n))
    whole, room = hashlib.sha256(iv), bytearray(CHUNK_BYTES + _SLACK_BYTES)
    sink.write(iv)
    with memoryview(room) as view:
        for part in _padded_parts(source, size, n, moved or _tell_nobody):
            with view[: encryptor.update_into(part, view)] as sealed:
                whole.update(sealed)
                sink.write(sealed)
    encryptor.finalize()
    whole.update(encryptor.tag)
    sink.write(encryptor.tag)
    return key, BlobFacts(b64u(whole.digest()), blob_size(size))


def _padded_parts(source: IO[bytes], size: int, n: int, moved: Moved) -> Iterator[bytes | memoryview]:
    """Yield the size, the octets and the zeros; no part longer than a chunk."""
    yield size.to_bytes(LENGTH_BYTES, "big")
    buffer = bytearray(CHUNK_BYTES)
    left = size
    with memoryview(buffer) as view:
        while left:
            with view[: min(left, CHUNK_BYTES)] as wanted:
                got = source.readinto(wanted)  # type: ignore[attr-defined]
            if not got:
                raise _other_length(n)
            left -= got
            yield view[:got]
            moved(got)
    if source.read(1):
        raise _other_length(n)
    yield from _zeros(padded_size(size) - LENGTH_BYTES - size)


def _zeros(count: int) -> Iterator[bytes]:
    for left in range(count, 0, -CHUNK_BYTES):
        yield bytes(min(left, CHUNK_BYTES))


def _other_length(n: int) -> SealingError:
    return SealingError(SealRefusal.ATTACHMENT, f"attachment {n} changed its length while it was read")


def _tell_nobody(octets: int) -> None:
    """Do nothing, for callers without a progress display."""


def _refuse_large(size: int, n: int) -> None:
    if blob_size(size) > MAX_BLOB_BYTES:
        raise SealingError(SealRefusal.ATTACHMENT, f"attachment {n} over 64 MiB")


def _encrypt(key: bytes, iv: bytes, plain: bytes, padded: int, aad: bytes) -> bytes:
    """Return IV, ciphertext and tag in one buffer, without a copy.

    Filling fresh memory costs several times more than encrypting into it.
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
