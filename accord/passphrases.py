# SPDX-License-Identifier: Apache-2.0
"""Passphrases: stretched into keys, and wiped where Python allows.

- The stretched key lies in a buffer of its own that `wipe` overwrites.
- A passphrase given as a bytearray of ASCII is never copied by this module.
- These cannot be wiped: a `str` (Python keeps and copies it at will), the text that Unicode normalisation makes of a passphrase
  beyond ASCII, and the copies inside the cryptographic library, which it clears itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

KEY_BYTES: Final = 32

Passphrase = str | bytearray
"""Text, or its UTF-8 octets in a buffer that its owner wipes."""


def wipe(buffer: bytearray) -> None:
    """Overwrite a buffer with zeros, in place."""
    buffer[:] = bytes(len(buffer))


@contextmanager
def wiped(buffer: bytearray) -> Iterator[bytearray]:
    """Use a buffer, then wipe it, however the block ends."""
    try:
        yield buffer
    finally:
        wipe(buffer)


def count_characters(passphrase: Passphrase) -> int:
    """Return the length in characters after normalisation; octets that are no UTF-8 count as none."""
    if isinstance(passphrase, bytearray):
        if passphrase.isascii():
            return len(passphrase)
        return len(unicodedata.normalize("NFC", passphrase.decode("utf-8", "ignore")))
    return len(unicodedata.normalize("NFC", passphrase))


def same_passphrase(one: Passphrase, other: Passphrase) -> bool:
    """Tell whether two passphrases, typed one after the other, are the same text."""
    with wiped(_octets_of(one)) as first, wiped(_octets_of(other)) as second:
        return first == second


def stretch(passphrase: Passphrase, *, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytearray:
    """Return Argon2id (RFC 9106) of the passphrase in Unicode form NFC: 32 octets that the caller wipes."""
    derivation = Argon2id(salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory_kib)
    key = bytearray(KEY_BYTES)
    with wiped(_octets_of(passphrase)) as octets:
        # Any buffer works; the stub says bytes, which nobody could wipe.
        derivation.derive_into(octets, key)  # type: ignore[arg-type]
    return key


def _octets_of(passphrase: Passphrase) -> bytearray:
    """Return a copy, to be wiped: the caller's buffer stays as it is."""
    if isinstance(passphrase, bytearray):
        if passphrase.isascii():
            return bytearray(passphrase)
        passphrase = passphrase.decode("utf-8", "surrogateescape")
    normal = unicodedata.normalize("NFC", passphrase)
    return bytearray(normal.encode("utf-8", "surrogateescape"))
