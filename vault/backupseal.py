# SPDX-License-Identifier: Apache-2.0
"""Sealed backups: a stream of any length that one private key opens, and in which every cut or change is noticed.

Version 1, in this order:

- the line `accord-own-desk-backup 1`;
- the line of the thumbprint (RFC 7638) of the public key that it is sealed to;
- 1168 octets, HPKE in base mode (X-Wing, SHAKE256, AES-256-GCM; info: both lines) of 32 random octets, the key of this
  file;
- the content in pieces of 65536 octets, the last one as long or shorter, each under AES-256-GCM with that key and both
  lines as associated data. The nonce is the number of the piece, from 0, in 11 octets, and one octet that is 1 for the
  last piece and else 0.

A backup is sealed and not signed: whoever has the public key can make one. The history of an agency that moves to
another desk has the same form, sealed to a key of the agency, under a first line of its own (`HISTORY`).
"""

import os
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.envelope.keys import PublicKey
from accord.envelope.private import DecryptionKey
from accord.envelope.suites.pq1 import EK_BYTES, hpke_suite
from vault.errors import VaultError

KIND: Final = "accord-own-desk-backup"
HISTORY: Final = "accord-agency-history"
VERSION: Final = 1
PIECE_BYTES: Final = 65536
_KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_WRAPPED_BYTES: Final = EK_BYTES + _KEY_BYTES + _TAG_BYTES
_LONGEST_LINE_BYTES: Final = 64
_NUMBER_BYTES: Final = 11


class NoBackupError(VaultError):
    """The file is no sealed backup."""


class NewerFormError(VaultError):
    """The file was made by a newer version."""

    def __init__(self, form: int) -> None:
        super().__init__(f"form {form}")
        self.form = form


class OtherKeyError(VaultError):
    """The file is sealed to another recovery key."""


class NotWholeError(VaultError):
    """The file was cut off, altered or damaged."""


class SealedWriter:
    """Stream that seals what is written to it into `file`; the file is whole only after `finish`."""

    def __init__(self, file: BinaryIO, key: PublicKey, kind: str = KIND) -> None:
        self._file, self._number, self._waiting = file, 0, bytearray()
        lines = f"{kind} {VERSION}\n{key.kid}\n".encode("ascii")
        file_key = os.urandom(_KEY_BYTES)
        self._pieces = _Pieces(AESGCM(file_key), lines)
        file.write(lines + hpke_suite().encrypt(file_key, key.material, info=lines))

    def write(self, octets: bytes) -> int:
        self._waiting += octets
        # These octets may be the last piece, which is sealed with another nonce.
        while len(self._waiting) > PIECE_BYTES:
            self._put(bytes(self._waiting[:PIECE_BYTES]), is_last=False)
            del self._waiting[:PIECE_BYTES]
        return len(octets)

    def finish(self) -> None:
        """Write the last piece."""
        self._put(bytes(self._waiting), is_last=True)

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        self._file.write(self._pieces.seal(self._number, piece, is_last=is_last))
        self._number += 1


class SealedReader:
    """Content of a sealed backup as a stream; each method raises NotWholeError.

    Octets of a piece are returned only after the piece was verified. That the file is whole is known once `read`
    returns no octets.
    """

    def __init__(self, file: BinaryIO, kind: str = KIND) -> None:
        """Read what the file states without a key; also raises NoBackupError, NewerFormError."""
        self._file, self._number, self._rest, self._is_over = file, 0, b"", False
        self._lines = _read_lines(file, kind)
        self._wrapped = file.read(_WRAPPED_BYTES)
        if len(self._wrapped) != _WRAPPED_BYTES:
            raise NotWholeError
        self._pieces: _Pieces | None = None

    @property
    def kid(self) -> str:
        """Thumbprint of the key that opens it, as the file states it."""
        return self._lines.split(b"\n")[1].decode("ascii")

    def open_with(self, key: DecryptionKey) -> None:
        """Unwrap the key of the file; also raises OtherKeyError."""
        if self.kid != key.public.kid:
            raise OtherKeyError
        try:
            file_key = hpke_suite().decrypt(self._wrapped, key.material, info=self._lines)
        except (InvalidTag, ValueError):
            raise NotWholeError from None
        self._pieces = _Pieces(AESGCM(file_key), self._lines)
        self._ahead = self._file.read(PIECE_BYTES + _TAG_BYTES)

    def read(self, count: int) -> bytes:
        """Read as a file does; fewer octets than asked come only at the end."""
        while len(self._rest) < count and not self._is_over:
            self._rest += self._next()
        given, self._rest = self._rest[:count], self._rest[count:]
        return given

    def _next(self) -> bytes:
        assert self._pieces is not None, "open_with was not called"
        sealed, self._ahead = self._ahead, self._file.read(PIECE_BYTES + _TAG_BYTES)
        is_last = not self._ahead
        piece = self._pieces.open(self._number, sealed, is_last=is_last)
        self._number += 1
        self._is_over = is_last
        return piece


@dataclass(frozen=True)
class _Pieces:
    """Pieces of one file."""

    aead: AESGCM = field(repr=False)
    lines: bytes

    def seal(self, number: int, piece: bytes, *, is_last: bool) -> bytes:
        return self.aead.encrypt(_nonce(number, is_last=is_last), piece, self.lines)

    def open(self, number: int, sealed: bytes, *, is_last: bool) -> bytes:
        if len(sealed) < _TAG_BYTES:
            raise NotWholeError
        try:
            return self.aead.decrypt(_nonce(number, is_last=is_last), sealed, self.lines)
        except InvalidTag:
            raise NotWholeError from None


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(_NUMBER_BYTES, "big") + bytes([is_last])


def _read_lines(file: BinaryIO, of_kind: str) -> bytes:
    first, second = file.readline(_LONGEST_LINE_BYTES), file.readline(_LONGEST_LINE_BYTES)
    kind, _, version = first.rstrip(b"\n").partition(b" ")
    if kind != of_kind.encode("ascii") or not version.isdigit():
        raise NoBackupError
    if int(version) > VERSION:
        raise NewerFormError(int(version))
    if not second.endswith(b"\n") or not second.isascii():
        raise NotWholeError
    return first + second
