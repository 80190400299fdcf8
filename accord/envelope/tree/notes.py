# SPDX-License-Identifier: Apache-2.0
"""Signed notes and checkpoints: the ledger key's statements about the tree.

The formats are C2SP *signed-note* and *tlog-checkpoint*, narrowed: Ed25519 keys only; a checkpoint is exactly origin, size and
root; its origin is the name of the key that signs it. A note counts if one pinned key signed it well; signatures of unknown
keys are ignored; a bad signature of a pinned key refuses the whole note. Verification raises `NoteError`.

    >>> checkpoint = verify_checkpoint(note_text, [VerifierKey.parse(ledger_vkey)])    # doctest: +SKIP
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from accord.envelope.encoding import b64u
from accord.envelope.errors import KeyRefusedError, NoteError, VerificationError
from accord.envelope.keys import SIGN, PublicKey
from accord.envelope.tree.merkle import EMPTY_ROOT, HASH_SIZE_BYTES

MAX_NOTE_SIZE_BYTES = 128 * 1024
MAX_SIGNATURES = 64
MAX_TREE_SIZE = 2**53 - 1

_ED25519 = b"\x01"
_KEY_ID_SIZE_BYTES = 4
_SIGNATURE_PREFIX = "\N{EM DASH} "
_KEY_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class VerifierKey:
    """A public Ed25519 key with its name, pinned out of band (C2SP signed-note, "vkey").

    `last_size` is the largest tree it signs for, once it was handed over (`accord.envelope.tree.handovers`).
    """

    name: str
    public: bytes
    last_size: int | None = None

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read `name+key id in hex+base64(0x01, public key)`."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        octets = decode_base64(encoded)
        if octets[:1] != _ED25519 or len(octets) != 1 + 32:
            raise NoteError("the verifier key is not Ed25519")
        key = cls(_require_key_name(name), octets[1:])
        if key_id != key.key_id.hex():
            raise NoteError("the verifier key's id is not that of its name and key")
        _ = key._public_key
        return key

    @property
    def key_id(self) -> bytes:
        """Four octets that name the key in a signature line."""
        return key_id_of(self.name, self.public)

    @property
    def text(self) -> str:
        """The form that `parse` reads."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(_ED25519 + self.public)}"

    @cached_property
    def _public_key(self) -> PublicKey:
        """The key, refused where one fixed signature would verify every note."""
        try:
            return PublicKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64u(self.public)}, SIGN)
        except KeyRefusedError:
            raise NoteError("the verifier key is not a sound Ed25519 point") from None

    def verify(self, text: str, signature: bytes) -> None:
        """Check one signature over the text of a note. Raises `NoteError`."""
        try:
            self._public_key.verify(signature, text.encode())
        except VerificationError:
            raise NoteError("a signature of a pinned key does not fit the note") from None


@dataclass(frozen=True)
class NoteSignature:
    """One signature line, not verified."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A note as parsed: `text` with its final newline, nothing verified."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True)
class Checkpoint:
    """Origin, size and root of a tree; verified only where `verify_checkpoint` returned it."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read exactly three lines: origin, decimal size, base64 root. Raises `NoteError`."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] != "":
            raise NoteError("a checkpoint is exactly three lines")
        size = parse_tree_number(lines[1])
        root = decode_base64(lines[2])
        if len(root) != HASH_SIZE_BYTES or (size == 0 and root != EMPTY_ROOT):
            raise NoteError("the root of the checkpoint is malformed")
        return cls(_require_key_name(lines[0]), size, root)

    @property
    def text(self) -> str:
        """The three lines, each with its newline: what a ledger key signs."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def key_id_of(name: str, public: bytes) -> bytes:
    """SHA-256(name, newline, 0x01, public key), first four octets."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID_SIZE_BYTES]


def signature_line(name: str, key_id: bytes, signature: bytes) -> str:
    """Return one line to stand under a note's blank line, with its newline."""
    return f"{_SIGNATURE_PREFIX}{name} {encode_base64(key_id + signature)}\n"


def parse_note(text: str) -> Note:
    """Split a note into text and signature lines, verifying nothing. Raises `NoteError`."""
    _require_note_octets(text)
    signed, separator, lines = text.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteError("the note has no signature lines")
    signatures = tuple(_parse_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise NoteError("the note has too many signatures")
    return Note(signed + "\n", signatures)


def verify_note(note: Note | str, keys: Sequence[VerifierKey]) -> str:
    """Return the note's text if a pinned key signed it and no pinned key's signature is bad.

    Raises `NoteError`.
    """
    text, _ = _verified_text(note, keys)
    return text


def verify_checkpoint(note: Note | str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Return the checkpoint in a note that a pinned key of the checkpoint's own origin signed.

    Raises `NoteError`.
    """
    text, signers = _verified_text(note, keys)
    checkpoint = Checkpoint.parse(text)
    if checkpoint.origin not in {key.name for key in signers if _is_signing_at(key, checkpoint.size)}:
        raise NoteError("the checkpoint is not signed by a pinned key of its origin")
    return checkpoint


def encode_base64(octets: bytes) -> str:
    """Standard base64 with padding, as C2SP texts use it."""
    return base64.b64encode(octets).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Read standard base64 in its one canonical form. Raises `NoteError`."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("not base64") from None
    if encode_base64(octets) != text:
        raise NoteError("not canonical base64")
    return octets


def parse_tree_number(text: str) -> int:
    """Read a size or an index: ASCII decimal without leading zeros, at most `MAX_TREE_SIZE`."""
    if not _SIZE.fullmatch(text) or int(text) > MAX_TREE_SIZE:
        raise NoteError("not a size or an index of a tree")
    return int(text)


def _is_signing_at(key: VerifierKey, size: int) -> bool:
    return key.last_size is None or size <= key.last_size


def _verified_text(note: Note | str, keys: Sequence[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    parsed = parse_note(note) if isinstance(note, str) else note
    pinned = {(key.name, key.key_id): key for key in keys}
    signers = []
    for line in parsed.signatures:
        key = pinned.get((line.name, line.key_id))
        if key is not None:
            key.verify(parsed.text, line.signature)
            signers.append(key)
    if not signers:
        raise NoteError("no pinned key signed the note")
    return parsed.text, signers


def _parse_signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    if not line.startswith(_SIGNATURE_PREFIX):
        raise NoteError("a signature line is malformed")
    octets = decode_base64(encoded)
    if len(octets) <= _KEY_ID_SIZE_BYTES:
        raise NoteError("a signature is too short")
    return NoteSignature(_require_key_name(name), octets[:_KEY_ID_SIZE_BYTES], octets[_KEY_ID_SIZE_BYTES:])


def _require_key_name(name: str) -> str:
    if not _KEY_NAME.fullmatch(name):
        raise NoteError("a key name is malformed")
    return name


def _require_note_octets(text: str) -> None:
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:
        raise NoteError("the note is not UTF-8") from None
    if size_bytes > MAX_NOTE_SIZE_BYTES:
        raise NoteError("the note is too large")
    if _CONTROLS.search(text):
        raise NoteError("the note holds control characters")
