# SPDX-License-Identifier: Apache-2.0
"""The key file: an agency's private keys in one file, closed by a passphrase.

Guarantees that the file opens with its passphrase only, that one changed octet refuses it whole, and that
others on the machine cannot read it (mode 0600; a file that others may read is refused). Leaves out wiping:
Python copies octets as it likes, so keys stay in the memory of the process until it ends.

The file is two lines of text: a canonical JSON header `{cost, iv, kind, salt, v}`, then base64url of
AES-256-GCM over the key ring. The key is Argon2id (RFC 9106) of the passphrase in Unicode form NFC; the
header line is the associated data. The ring holds the root, the operational keys and one random key that
authenticates the client's local state, so that a passphrase change leaves the state as it is.
The *next* root, to which a later keyset may change, goes into a file of its own, to be kept elsewhere.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from accord.envelope.encoding import b64u, canonical, integer, members, parse_object, unb64u
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import EC1, ENC, PQ1, SIGN, PublicKey
from accord.envelope.private import (
    DecryptionKey,
    Root,
    SigningKey,
    generate_decryption_key,
    generate_signing_keys,
    private_key_from_bytes,
)
from accord.privatefiles import FileAbsentError, FileTakenError, PrivateFileError, read_private, write_private

VERSION: Final = 1
MIN_PASSPHRASE_CHARACTERS: Final = 12

_KIND = "accord-keys"
_KEY_BYTES = 32
_SALT_BYTES = 16
_IV_BYTES = 12
_MAX_HEADER_BYTES = 1024
_MAX_RING_BYTES = 1024 * 1024
_HEADER_MEMBERS = frozenset({"cost", "iv", "kind", "salt", "v"})
_COST_MEMBERS = frozenset({"lanes", "memory_kib", "passes"})
_RING_MEMBERS = frozenset({"created", "keys", "nroot", "root", "state"})
_ROW_MEMBERS = frozenset({"jwk", "private", "use"})


class KeyFileError(Exception):
    """Base: the key file cannot be used. The text is a sentence that names the remedy."""


class KeyFileAbsentError(KeyFileError):
    """There is no key file."""


class KeyFileTakenError(KeyFileError):
    """A key file stands already; keys are never overwritten."""


class KeyFileDamagedError(KeyFileError):
    """The file is truncated, altered or not a key file."""


class KeyFileVersionError(KeyFileError):
    """A newer program wrote the file."""


class PassphraseError(KeyFileError):
    """The passphrase does not open the file (or the file was altered: the two cannot be told apart)."""


class WeakPassphraseError(KeyFileError):
    """A new passphrase is too short."""


@dataclass(frozen=True)
class Argon2Cost:
    """What one guess of the passphrase costs; RFC 9106, second recommended choice."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4


@dataclass(frozen=True)
class KeyRing:
    """The private keys of one agency. `next_root` is the fingerprint of the root's successor, 64 hex digits."""

    root: Root
    next_root: str
    signing: tuple[SigningKey, ...]
    decryption: tuple[DecryptionKey, ...]
    created: int
    state_key: bytes = field(repr=False)

    @property
    def keys(self) -> tuple[SigningKey | DecryptionKey, ...]:
        """The operational keys: signing keys first."""
        return (*self.signing, *self.decryption)

    @property
    def suites(self) -> tuple[str, ...]:
        """The suites in which the ring can open, PQ1 first."""
        opened = {suite for key in self.decryption for suite in key.public.suites}
        return tuple(suite for suite in (PQ1, EC1) if suite in opened)


def generate_ring(suites: Sequence[str], *, now: int) -> tuple[KeyRing, Root]:
    """Make a new ring for `suites` (of PQ1, EC1) and the next root, which the ring only names.

    An agency that signs in both suites uses one Ed25519 key for both.
    """
    if not suites or not set(suites) <= {PQ1, EC1}:
        raise KeyFileError("Choose PQ1, EC1 or both.")
    root, successor = Root.generate(), Root.generate()
    ring = KeyRing(
        root=root,
        next_root=successor.fingerprint,
        signing=tuple(generate_signing_keys(PQ1 if PQ1 in suites else EC1)),
        decryption=tuple(generate_decryption_key(suite) for suite in (PQ1, EC1) if suite in suites),
        created=now,
        state_key=os.urandom(_KEY_BYTES),
    )
    return ring, successor


def root_only_ring(root: Root, *, now: int) -> KeyRing:
    """A ring that holds a root alone: the form in which the next root is kept."""
    return KeyRing(root, "", (), (), now, os.urandom(_KEY_BYTES))


def write_key_file(
    path: Path, ring: KeyRing, passphrase: str, *, cost: Argon2Cost | None = None, overwrite: bool = False
) -> None:
    """Seal the ring under the passphrase; raises WeakPassphraseError, KeyFileTakenError, KeyFileError."""
    require_strong_passphrase(passphrase)
    content = _seal(_encode_ring(ring), passphrase, cost or Argon2Cost())
    try:
        write_private(path, content, overwrite=overwrite)
    except FileTakenError as exc:
        raise KeyFileTakenError(f"{path} holds keys already; they are never overwritten.") from exc
    except PrivateFileError as exc:
        raise KeyFileError(str(exc)) from exc


def read_key_file(path: Path, passphrase: str) -> KeyRing:
    """Open the ring; raises KeyFileAbsentError, KeyFileDamagedError, KeyFileVersionError, PassphraseError."""
    try:
        content = read_private(path)
    except FileAbsentError as exc:
        raise KeyFileAbsentError(f"There is no key file at {path}. Make one: accord keygen") from exc
    except PrivateFileError as exc:
        raise KeyFileError(str(exc)) from exc
    head, cost, salt, iv, sealed = _parse_file(path, content)
    try:
        plain = AESGCM(_stretch(passphrase, salt, cost)).decrypt(iv, sealed, head)
    except InvalidTag:
        raise PassphraseError(f"The passphrase does not open {path}.") from None
    return _decode_ring(path, plain)


def require_strong_passphrase(passphrase: str) -> None:
    """Refuse a new passphrase of fewer than 12 characters; raises WeakPassphraseError."""
    if len(_normal(passphrase)) < MIN_PASSPHRASE_CHARACTERS:
        raise WeakPassphraseError(
            f"The passphrase is too short: use {MIN_PASSPHRASE_CHARACTERS} characters or more, "
            "for example five words."
        )


def _normal(passphrase: str) -> str:
    return unicodedata.normalize("NFC", passphrase)


def _stretch(passphrase: str, salt: bytes, cost: Argon2Cost) -> bytes:
    derivation = Argon2id(
        salt=salt, length=_KEY_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    return derivation.derive(_normal(passphrase).encode())


def _seal(plain: bytes, passphrase: str, cost: Argon2Cost) -> bytes:
    salt, iv = os.urandom(_SALT_BYTES), os.urandom(_IV_BYTES)
    head = canonical(
        {
            "cost": {"lanes": cost.lanes, "memory_kib": cost.memory_kib, "passes": cost.passes},
            "iv": b64u(iv),
            "kind": _KIND,
            "salt": b64u(salt),
            "v": VERSION,
        }
    )
    sealed = AESGCM(_stretch(passphrase, salt, cost)).encrypt(iv, plain, head)
    return head + b"\n" + b64u(sealed).encode("ascii") + b"\n"


def _parse_file(path: Path, content: bytes) -> tuple[bytes, Argon2Cost, bytes, bytes, bytes]:
    """Give the header line as written, the cost, salt, IV and ciphertext."""
    damaged = KeyFileDamagedError(f"{path} is damaged or is not a key file. Restore it from its backup.")
    head, _, rest = content.partition(b"\n")
    try:
        header = parse_object(head, limit=_MAX_HEADER_BYTES, where="key file header")
        _require_version(path, header)
        members(header, _HEADER_MEMBERS, "key file header")
        cost = _parse_cost(header["cost"])
        salt, iv = unb64u(header["salt"], size=_SALT_BYTES), unb64u(header["iv"], size=_IV_BYTES)
        body, end, nothing = rest.partition(b"\n")
        sealed = unb64u(body.decode("ascii"))
    except (EnvelopeError, UnicodeDecodeError):
        raise damaged from None
    if header["kind"] != _KIND or end != b"\n" or nothing:
        raise damaged
    return head, cost, salt, iv, sealed


def _require_version(path: Path, header: Mapping[str, Any]) -> None:
    version = header.get("v")
    if type(version) is int and version > VERSION:
        raise KeyFileVersionError(f"{path} was written by a newer accord (format {version}). Update accord.")
    integer(version, "key file version", least=VERSION, most=VERSION)


def _parse_cost(value: object) -> Argon2Cost:
    """Bounded, so that an altered header cannot take the machine's memory."""
    cost = members(value, _COST_MEMBERS, "key file cost")
    lanes = integer(cost["lanes"], "lanes", least=1, most=16)
    return Argon2Cost(
        memory_kib=integer(cost["memory_kib"], "memory", least=8 * lanes, most=1024 * 1024),
        passes=integer(cost["passes"], "passes", least=1, most=16),
        lanes=lanes,
    )


def _encode_ring(ring: KeyRing) -> bytes:
    rows = [
        {"jwk": dict(key.public.jwk), "private": b64u(key.to_bytes()), "use": key.public.use}
        for key in ring.keys
    ]
    return canonical(
        {
            "created": ring.created,
            "keys": rows,
            "nroot": ring.next_root,
            "root": [b64u(part) for part in ring.root.to_bytes()],
            "state": b64u(ring.state_key),
        }
    )


def _decode_ring(path: Path, plain: bytes) -> KeyRing:
    try:
        ring = parse_object(plain, limit=_MAX_RING_BYTES, where="key ring")
        members(ring, _RING_MEMBERS, "key ring")
        keys = [_decode_row(row) for row in ring["keys"]]
        classical, lattice = (unb64u(part) for part in ring["root"])
        return KeyRing(
            root=Root.from_bytes(classical, lattice),
            next_root=ring["nroot"],
            signing=tuple(key for key in keys if isinstance(key, SigningKey)),
            decryption=tuple(key for key in keys if isinstance(key, DecryptionKey)),
            created=ring["created"],
            state_key=unb64u(ring["state"], size=_KEY_BYTES),
        )
    except EnvelopeError as exc:
        raise KeyFileDamagedError(f"{path} opens but its keys cannot be read ({exc.code}).") from None


def _decode_row(value: object) -> SigningKey | DecryptionKey:
    row = members(value, _ROW_MEMBERS, "key row")
    use = SIGN if row["use"] == SIGN else ENC
    return private_key_from_bytes(PublicKey.from_jwk(row["jwk"], use), unb64u(row["private"]))
