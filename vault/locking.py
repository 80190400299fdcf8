# SPDX-License-Identifier: Apache-2.0
"""A key-encryption ring that is locked at rest: a small file that a passphrase or a recovery key opens. Pure.

- The file is JSON with two slots, each of which holds the whole ring under AES-256-GCM. The key of `passphrase` is
  derived by scrypt, that of `recovery` by HKDF-SHA256 from 256 random bits.
- The parameters of derivation are in the associated data, and must be exactly those of version 1: a file that names
  others is refused before anything is computed, so that no altered file makes this process use memory.
- `backup` is the public half of a key pair (X-Wing) that is derived from the recovery key: a desk that does not have
  the recovery key seals its backups to it. It is in the associated data of both slots: a desk whose `backup` was
  replaced does not open.
"""

import hashlib
import json
import os
import re
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accord.envelope.encoding import b64u, canonical, parse_json, unb64u
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import ENC, HPKE_9_KE, PublicKey
from accord.envelope.private import DecryptionKey
from callers.errors import InputError
from vault.errors import LockedFileError, WrongSecretError

VERSION: Final = 1
KIND: Final = "accord-locked-ring"
LARGEST_FILE_BYTES: Final = 16 * 1024
SHORTEST_PASSPHRASE: Final = 16
LONGEST_PASSPHRASE: Final = 200
LONGEST_SECRET: Final = 1000
"""Most characters of anything typed in place of a passphrase or recovery key; longer input is refused unread."""

PASSPHRASE: Final = "passphrase"  # noqa: S105 - the name of a slot
RECOVERY: Final = "recovery"
DERIVED_WITH: Final[dict[str, Mapping[str, Any]]] = {
    PASSPHRASE: {"kdf": "scrypt", "n": 2**17, "p": 1, "r": 8},
    RECOVERY: {"kdf": "hkdf-sha256"},
}
"""Parameters of derivation of each slot's key in version 1, without the salt."""
_SCRYPT_MEMORY_BYTES: Final = 160 * 1024 * 1024
"""Memory limit of scrypt: 128 MiB, and what OpenSSL needs besides."""
_ONE_AT_A_TIME: Final = threading.Lock()
"""Parallel guesses would need that much memory each."""

_BACKUP_INFO: Final = b"accord own desk backup 1"
_RING_ID: Final = "k1"
_KEY_SIZE_BYTES: Final = 32
_SALT_SIZE_BYTES: Final = 16
_IV_SIZE_BYTES: Final = 12

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's alphabet: no I, L, O, which look like digits, and no U."""
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_GROUP_LENGTH: Final = 4
_KEY_LETTERS: Final = 52
"""256 bits and four zeros."""
_CHECK_LETTERS: Final = _GROUP_LENGTH
_BETWEEN_GROUPS: Final = re.compile(r"[\s-]+")


@sensitive_variables()
def draw_ring(kek: str = _RING_ID) -> str:
    """Draw a ring of one fresh key, in the form that `kek.parse_ring` reads."""
    return f"{kek}:{b64u(os.urandom(_KEY_SIZE_BYTES))}"


@sensitive_variables()
def draw_recovery_key() -> str:
    """Draw 256 random bits in a form to be written down: groups of four, the last of which detects a wrong letter."""
    key = os.urandom(_KEY_SIZE_BYTES)
    letters = _letters_of(int.from_bytes(key, "big") << 4, _KEY_LETTERS) + _check_of(key)
    return "-".join(letters[at : at + _GROUP_LENGTH] for at in range(0, len(letters), _GROUP_LENGTH))


@sensitive_variables()
def read_recovery_key(text: str) -> bytes:
    """Read the 32 octets of a recovery key as somebody types it; raises WrongSecretError.

    Case, spaces, hyphens, and O for 0, I or L for 1 make no difference.
    """
    letters = _typed_letters(text)
    if len(letters) != _KEY_LETTERS + _CHECK_LETTERS or not set(letters) <= set(_LETTERS):
        raise WrongSecretError
    value, rest = divmod(_value_of(letters[:_KEY_LETTERS]), 16)
    key = value.to_bytes(_KEY_SIZE_BYTES, "big")
    if rest or _check_of(key) != letters[_KEY_LETTERS:]:
        raise WrongSecretError
    return key


@sensitive_variables()
def is_mistyped_recovery_key(text: str) -> bool:
    """Tell whether the text is a recovery key in which a letter is wrong, missing or one too many."""
    letters = _typed_letters(text)
    groups = len(_BETWEEN_GROUPS.split(text.strip()))
    most = (_KEY_LETTERS + _CHECK_LETTERS) // _GROUP_LENGTH
    if abs(len(letters) - most * _GROUP_LENGTH) > 1 or not (groups == 1 or abs(groups - most) <= 1):
        return False
    try:
        read_recovery_key(text)
    except WrongSecretError:
        return True
    return False


@sensitive_variables()
def read_passphrase(text: str) -> str:
    """Return a new passphrase in normal form; raises InputError with the remedy."""
    passphrase = _normal(text)
    if not SHORTEST_PASSPHRASE <= len(passphrase) <= LONGEST_PASSPHRASE:
        raise InputError(
            "passphrase",
            _("Passphrase: use %(least)d to %(most)d characters, such as five or six words drawn at random.")
            % {"least": SHORTEST_PASSPHRASE, "most": LONGEST_PASSPHRASE},
        )
    return passphrase


@sensitive_variables()
def lock_ring(ring_text: str, *, passphrase: str, recovery_key: str) -> bytes:
    """Return the file that holds a ring; raises InputError for a passphrase that is too short or too long.

    Raises WrongSecretError where `recovery_key` is no recovery key.
    """
    secrets = {PASSPHRASE: read_passphrase(passphrase).encode(), RECOVERY: read_recovery_key(recovery_key)}
    backup = derive_backup_key(secrets[RECOVERY]).public.jwk["pub"]
    return _file_of({name: _sealed(name, ring_text, secret, backup) for name, secret in secrets.items()})


@sensitive_variables()
def derive_backup_key(recovery: bytes) -> DecryptionKey:
    """Derive the key that opens the backups of a desk, from the 32 octets of its recovery key."""
    return DecryptionKey.from_bytes(
        HPKE_9_KE, HKDF(SHA256(), _KEY_SIZE_BYTES, None, _BACKUP_INFO).derive(recovery)
    )


def backup_key_of(octets: bytes) -> PublicKey:
    """Return the public key that backups are sealed to, as a locked ring names it; raises LockedFileError."""
    return _backup_key(_slots_of(octets)[RECOVERY].backup)


@sensitive_variables()
def open_ring(octets: bytes, secret: str) -> str:
    """Open the ring with either secret. Raises WrongSecretError, and LockedFileError for a malformed file."""
    slots = _slots_of(octets)
    if not secret or len(secret) > LONGEST_SECRET:
        raise WrongSecretError
    try:
        return _opened(slots[RECOVERY], read_recovery_key(secret))
    except WrongSecretError:
        return _opened(slots[PASSPHRASE], _normal(secret).encode("utf-8", "replace"))


@sensitive_variables()
def change_passphrase(octets: bytes, secret: str, new_passphrase: str) -> bytes:
    """Return the file with another passphrase; the recovery key stays. Raises as `open_ring` and `lock_ring`."""
    passphrase = read_passphrase(new_passphrase)
    ring_text, slots = open_ring(octets, secret), _slots_of(octets)
    sealed = _sealed(PASSPHRASE, ring_text, passphrase.encode(), slots[RECOVERY].backup)
    return _file_of({**slots, PASSPHRASE: sealed})


@sensitive_variables()
def open_by_both(octets: bytes, *, passphrase: str, recovery_key: str) -> str:
    """Return the ring, where each of the two secrets opens its own slot. Raises WrongSecretError, LockedFileError."""
    slots = _slots_of(octets)
    by_recovery = _opened(slots[RECOVERY], read_recovery_key(recovery_key))
    if by_recovery != _opened(slots[PASSPHRASE], _normal(passphrase).encode("utf-8", "replace")):
        raise LockedFileError("its slots hold different rings")
    return by_recovery


@sensitive_variables()
def change_recovery_key(octets: bytes, passphrase: str, new_recovery_key: str) -> bytes:
    """Return the file with another recovery key; the passphrase stays. Raises WrongSecretError, LockedFileError.

    The passphrase is needed, since its slot names the key of the backups in its associated data, and that key changes.
    """
    ring_text = _opened(_slots_of(octets)[PASSPHRASE], _normal(passphrase).encode("utf-8", "replace"))
    return lock_ring(ring_text, passphrase=passphrase, recovery_key=new_recovery_key)


@dataclass(frozen=True)
class _Slot:
    """One of the two slots; salt, initialisation vector and sealed ring are in the file in base64url.

    `backup` is that of the file: the public key of its backups in base64url.
    """

    name: str
    backup: str
    salt: bytes
    iv: bytes
    sealed: bytes

    @property
    def derived_with(self) -> dict[str, Any]:
        """Parameters of derivation of its key, as the file names them."""
        return {**DERIVED_WITH[self.name], "salt": b64u(self.salt)}

    @property
    def aad(self) -> bytes:
        """Associated data: backup key, kind, slot, version and the parameters of derivation."""
        said = {"backup": self.backup, "kind": KIND, "slot": self.name, "v": VERSION}
        return canonical({**said, **self.derived_with})

    @sensitive_variables()
    def key(self, secret: bytes) -> bytes:
        if self.name == RECOVERY:
            return HKDF(SHA256(), _KEY_SIZE_BYTES, self.salt, self.aad).derive(secret)
        cost = {name: DERIVED_WITH[PASSPHRASE][name] for name in ("n", "r", "p")}
        with _ONE_AT_A_TIME:
            return hashlib.scrypt(
                secret, salt=self.salt, **cost, maxmem=_SCRYPT_MEMORY_BYTES, dklen=_KEY_SIZE_BYTES
            )


@sensitive_variables()
def _sealed(name: str, ring_text: str, secret: bytes, backup: str) -> _Slot:
    empty = _Slot(name, backup, os.urandom(_SALT_SIZE_BYTES), os.urandom(_IV_SIZE_BYTES), b"")
    sealed = AESGCM(empty.key(secret)).encrypt(empty.iv, ring_text.encode(), empty.aad)
    return replace(empty, sealed=sealed)


@sensitive_variables()
def _opened(slot: _Slot, secret: bytes) -> str:
    try:
        return AESGCM(slot.key(secret)).decrypt(slot.iv, slot.sealed, slot.aad).decode()
    except (InvalidTag, UnicodeDecodeError):
        raise WrongSecretError from None


def _file_of(slots: Mapping[str, _Slot]) -> bytes:
    said = {
        name: {**slot.derived_with, "iv": b64u(slot.iv), "sealed": b64u(slot.sealed)}
        for name, slot in slots.items()
    }
    whole = {"backup": slots[RECOVERY].backup, "kind": KIND, "slots": said, "v": VERSION}
    return json.dumps(whole, indent=1, sort_keys=True).encode() + b"\n"


def _slots_of(octets: bytes) -> dict[str, _Slot]:
    """Read the slots of a file; raises LockedFileError."""
    try:
        said = parse_json(octets, limit=LARGEST_FILE_BYTES)
    except EnvelopeError:
        raise LockedFileError("it is no JSON of that size with each member once") from None
    if not isinstance(said, dict) or said.keys() != {"backup", "kind", "slots", "v"}:
        raise LockedFileError("its members are others")
    if said["kind"] != KIND or said["v"] != VERSION or isinstance(said["v"], bool):
        raise LockedFileError("its kind or version is another")
    if not isinstance(said["slots"], dict) or said["slots"].keys() != DERIVED_WITH.keys():
        raise LockedFileError("its slots are others")
    backup = _backup_key(said["backup"]).jwk["pub"]
    return {name: _slot_of(name, slot, backup) for name, slot in said["slots"].items()}


def _backup_key(text: Any) -> PublicKey:
    try:
        return PublicKey.from_jwk({"alg": HPKE_9_KE, "kty": "AKP", "pub": text}, ENC)
    except EnvelopeError:
        raise LockedFileError("the public key of its backups cannot be read") from None


def _slot_of(name: str, said: Any, backup: str) -> _Slot:
    if not isinstance(said, dict) or said.keys() != {*DERIVED_WITH[name], "salt", "iv", "sealed"}:
        raise LockedFileError(f"the members of {name} are others")
    # Compared as text, since in Python True equals 1.
    if {key: repr(said[key]) for key in DERIVED_WITH[name]} != {
        k: repr(v) for k, v in DERIVED_WITH[name].items()
    }:
        raise LockedFileError(f"the key of {name} is derived in another way")
    try:
        salt = unb64u(said["salt"], size=_SALT_SIZE_BYTES)
        return _Slot(name, backup, salt, unb64u(said["iv"], size=_IV_SIZE_BYTES), unb64u(said["sealed"]))
    except EnvelopeError:
        raise LockedFileError(f"the values of {name} cannot be read") from None


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _typed_letters(text: str) -> str:
    return _BETWEEN_GROUPS.sub("", text).upper().translate(_READ_AS)


def _letters_of(value: int, count: int) -> str:
    return "".join(_LETTERS[value >> 5 * place & 31] for place in reversed(range(count)))


def _value_of(letters: str) -> int:
    value = 0
    for letter in letters:
        value = value << 5 | _LETTERS.index(letter)
    return value


def _check_of(key: bytes) -> str:
    """Return a checksum of 20 bits."""
    digest = hashlib.sha256(b"accord recovery key " + key).digest()
    return _letters_of(int.from_bytes(digest[:3], "big") >> 4, _CHECK_LETTERS)
