# SPDX-License-Identifier: Apache-2.0
"""The key file: an agency's private keys in one file, encrypted under a passphrase.

- The file opens with its passphrase only; one changed octet refuses it whole.
- It is replaced in one atomic step.
- Others on the machine cannot read it (mode 0600; a file that others may read is refused).
- The derived key and the decrypted octets lie in buffers that are wiped; private keys once loaded stay in the memory of the
  process until it ends (`accord.passphrases` says what Python does not allow).

The file is two lines of text: a canonical JSON header `{cost, iv, kind, salt, v}`, then base64url of AES-256-GCM over the key
ring. The key is Argon2id (RFC 9106) of the passphrase in Unicode form NFC; the header line is the associated data. Version 1
files open too; a newer version is refused.

The *next* root, to which a later keyset may change, goes into a file of its own, to be kept elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.envelope.encoding import b64u, canonical, integer, members, parse_object, unb64u
from accord.envelope.errors import EnvelopeError
from accord.keyerrors import (
    KeyFileAbsentError,
    KeyFileDamagedError,
    KeyFileError,
    KeyFileKindError,
    KeyFileTakenError,
    KeyFileVersionError,
    PassphraseError,
    WeakPassphraseError,
)
from accord.keyring import VERSION, KeyRing, decode_ring, encode_ring
from accord.passphrases import Passphrase, count_characters, stretch, wipe, wiped
from accord.privatefiles import FileAbsentError, FileTakenError, PrivateFileError, read_private, write_private

MIN_PASSPHRASE_CHARACTERS: Final = 12

_KIND = "accord-keys"
_SALT_BYTES = 16
_IV_BYTES = 12
_TAG_BYTES = 16
_MAX_HEADER_BYTES = 1024
_HEADER_MEMBERS = frozenset({"cost", "iv", "kind", "salt", "v"})
_COST_MEMBERS = frozenset({"lanes", "memory_kib", "passes"})


@dataclass(frozen=True)
class Argon2Cost:
    """The cost of one guess of the passphrase; RFC 9106, second recommended choice."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4


class KeyFile:
    """An opened key file, which can be written again without asking for the passphrase once more.

    It keeps the derived key, never the passphrase. `ring` follows the file when another program has replaced it.
    """

    def __init__(self, path: Path, ring: KeyRing, seal: _Seal, stamp: object) -> None:
        """Make an opened file; call `open` instead."""
        self.path = path
        self._ring = ring
        self._seal = seal
        self._stamp = stamp

    @classmethod
    def open(cls, path: Path, passphrase: Passphrase) -> KeyFile:
        """Open with the passphrase; raise as `read_key_file`."""
        stamp = _stamp_of(path)
        sealed = _parse_file(path, _read(path))
        seal = _Seal.of(passphrase, sealed.cost, sealed.salt)
        return cls(path, _open_ring(path, sealed, seal), seal, stamp)

    @property
    def ring(self) -> KeyRing:
        """The keys that the file holds now; raises PassphraseError where its passphrase was changed meanwhile."""
        stamp = _stamp_of(self.path)
        if stamp not in (None, self._stamp) and self._seal.is_open:
            sealed = _parse_file(self.path, _read(self.path))
            if sealed.salt != self._seal.salt:
                raise PassphraseError(
                    f"The passphrase of {self.path} was changed meanwhile. Start accord again."
                )
            self._ring, self._stamp = _open_ring(self.path, sealed, self._seal), stamp
        return self._ring

    def replace(self, ring: KeyRing) -> None:
        """Write another ring under the same passphrase, in one atomic step; raise KeyFileError.

        Hold the home's lock on its keys, and start from `ring` as it is under that lock.
        """
        _write(self.path, self._seal.close(encode_ring(ring)), overwrite=True)
        self._ring, self._stamp = ring, _stamp_of(self.path)

    def change_passphrase(self, passphrase: Passphrase) -> None:
        """Encrypt the same ring under a new passphrase and a new salt; raise WeakPassphraseError, KeyFileError."""
        require_strong_passphrase(passphrase)
        seal = _Seal.of(passphrase, self._seal.cost, os.urandom(_SALT_BYTES))
        ring = self.ring
        _write(self.path, seal.close(encode_ring(ring)), overwrite=True)
        self._seal.wipe()
        self._ring, self._seal, self._stamp = ring, seal, _stamp_of(self.path)

    def close(self) -> None:
        """Wipe the derived key; the ring stays as it was, and nothing can be written any more."""
        self._seal.wipe()

    def __repr__(self) -> str:
        return f"KeyFile({str(self.path)!r})"


class _Seal:
    """A derived key and its parameters."""

    def __init__(self, key: bytearray, cost: Argon2Cost, salt: bytes) -> None:
        self._key = key
        self.cost = cost
        self.salt = salt
        self.is_open = True

    @classmethod
    def of(cls, passphrase: Passphrase, cost: Argon2Cost, salt: bytes) -> _Seal:
        key = stretch(passphrase, salt=salt, memory_kib=cost.memory_kib, passes=cost.passes, lanes=cost.lanes)
        return cls(key, cost, salt)

    def close(self, plain: bytes) -> bytes:
        """Return the whole content of a key file for this ring, under a fresh IV."""
        iv = os.urandom(_IV_BYTES)
        head = canonical(
            {
                "cost": {
                    "lanes": self.cost.lanes,
                    "memory_kib": self.cost.memory_kib,
                    "passes": self.cost.passes,
                },
                "iv": b64u(iv),
                "kind": _KIND,
                "salt": b64u(self.salt),
                "v": VERSION,
            }
        )
        return head + b"\n" + b64u(self._cipher().encrypt(iv, plain, head)).encode("ascii") + b"\n"

    def open(self, sealed: _Sealed) -> bytearray:
        """Return the ring's octets, to be wiped; raise InvalidTag."""
        plain = bytearray(len(sealed.body) - _TAG_BYTES)
        self._cipher().decrypt_into(sealed.iv, sealed.body, sealed.head, plain)
        return plain

    def _cipher(self) -> AESGCM:
        if not self.is_open:
            raise KeyFileError("This key file is closed; open it again.")
        return AESGCM(self._key)

    def wipe(self) -> None:
        wipe(self._key)
        self.is_open = False


@dataclass(frozen=True)
class _Sealed:
    """A key file as it lies on disk. `head` is its first line as written."""

    head: bytes
    version: int
    cost: Argon2Cost
    salt: bytes
    iv: bytes
    body: bytes


def write_key_file(
    path: Path, ring: KeyRing, passphrase: Passphrase, *, cost: Argon2Cost | None = None
) -> None:
    """Seal a new file under the passphrase; raise WeakPassphraseError, KeyFileTakenError, KeyFileError."""
    require_strong_passphrase(passphrase)
    seal = _Seal.of(passphrase, cost or Argon2Cost(), os.urandom(_SALT_BYTES))
    try:
        _write(path, seal.close(encode_ring(ring)), overwrite=False)
    finally:
        seal.wipe()


def read_key_file(path: Path, passphrase: Passphrase) -> KeyRing:
    """Open the ring; raise KeyFileAbsentError, KeyFileDamagedError, KeyFileVersionError, PassphraseError."""
    opened = KeyFile.open(path, passphrase)
    opened.close()
    return opened.ring


def open_key_octets(content: bytes, passphrase: Passphrase, *, most_memory_kib: int) -> KeyRing:
    """Open the ring in the octets of a key file from elsewhere; refuse one that asks for more memory.

    Raises KeyFileDamagedError, KeyFileVersionError, PassphraseError, KeyFileError.
    """
    path = Path("keys.accord")
    sealed = _parse_file(path, content)
    if sealed.cost.memory_kib > most_memory_kib:
        raise KeyFileError(f"{path} asks for more memory than is given for it here.")
    seal = _Seal.of(passphrase, sealed.cost, sealed.salt)
    try:
        return _open_ring(path, sealed, seal)
    finally:
        seal.wipe()


def require_strong_passphrase(passphrase: Passphrase) -> None:
    """Refuse a new passphrase of fewer than 12 characters; raise WeakPassphraseError."""
    if count_characters(passphrase) < MIN_PASSPHRASE_CHARACTERS:
        raise WeakPassphraseError(
            f"The passphrase is too short: use {MIN_PASSPHRASE_CHARACTERS} characters or more, "
            "for example five words."
        )


def _read(path: Path) -> bytes:
    try:
        return read_private(path)
    except FileAbsentError as exc:
        raise KeyFileAbsentError(f"There is no key file at {path}. Make one: accord keygen") from exc
    except PrivateFileError as exc:
        raise KeyFileError(str(exc)) from exc


def _write(path: Path, content: bytes, *, overwrite: bool) -> None:
    try:
        write_private(path, content, overwrite=overwrite)
    except FileTakenError as exc:
        raise KeyFileTakenError(f"{path} holds keys already; they are never overwritten.") from exc
    except PrivateFileError as exc:
        raise KeyFileError(str(exc)) from exc


def _stamp_of(path: Path) -> object:
    """Return facts that change when a file is replaced; None where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _open_ring(path: Path, sealed: _Sealed, seal: _Seal) -> KeyRing:
    try:
        plain = seal.open(sealed)
    except InvalidTag:
        raise PassphraseError(f"The passphrase does not open {path}.") from None
    try:
        with wiped(plain):
            return decode_ring(plain, sealed.version)
    except EnvelopeError as exc:
        raise KeyFileDamagedError(f"{path} opens but its keys cannot be read ({exc.code}).") from None


def _parse_file(path: Path, content: bytes) -> _Sealed:
    damaged = KeyFileDamagedError(f"{path} is damaged or is not a key file. Restore it from its backup.")
    head, _, rest = content.partition(b"\n")
    if head.startswith(b"accord-state"):
        raise KeyFileKindError(
            f"{path} is a home's local state. Name its key file: {path.parent}/keys.accord"
        )
    try:
        header = parse_object(head, limit=_MAX_HEADER_BYTES, where="key file header")
        _require_kind(path, header)
        version = _require_version(path, header)
        members(header, _HEADER_MEMBERS, "key file header")
        salt, iv = unb64u(header["salt"], size=_SALT_BYTES), unb64u(header["iv"], size=_IV_BYTES)
        line, end, nothing = rest.partition(b"\n")
        body = unb64u(line.decode("ascii"))
        cost = _parse_cost(header["cost"])
    except (EnvelopeError, UnicodeDecodeError):
        raise damaged from None
    if end != b"\n" or nothing or len(body) < _TAG_BYTES:
        raise damaged
    return _Sealed(head, version, cost, salt, iv, body)


def _require_kind(path: Path, header: Mapping[str, Any]) -> None:
    if header.get("kind", _KIND) != _KIND:
        raise KeyFileKindError(
            f"{path} holds no private keys. Name a key file, like keys.accord or root.accord."
        )


def _require_version(path: Path, header: Mapping[str, Any]) -> int:
    version = header.get("v")
    if type(version) is int and version > VERSION:
        raise KeyFileVersionError(f"{path} was written by a newer accord (format {version}). Update accord.")
    return integer(version, "key file version", least=1, most=VERSION)


def _parse_cost(value: object) -> Argon2Cost:
    """Parse the cost within bounds, so that an altered header cannot take the machine's memory."""
    cost = members(value, _COST_MEMBERS, "key file cost")
    lanes = integer(cost["lanes"], "lanes", least=1, most=16)
    return Argon2Cost(
        memory_kib=integer(cost["memory_kib"], "memory", least=8 * lanes, most=1024 * 1024),
        passes=integer(cost["passes"], "passes", least=1, most=16),
        lanes=lanes,
    )
