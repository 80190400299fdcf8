# SPDX-License-Identifier: Apache-2.0
"""The ring of key-encryption keys, which wraps every agency's root secret and never stands in the database.

It is read once, when the process starts, and taken out of the environment, so that no child process and no
later dump of the environment has it. Form: `id:key[,id:key]`, each key 32 octets in base64url; the first is
the current one, the others open what was wrapped before a rotation.
"""

import os
import re
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from accord.envelope.encoding import unb64u
from accord.envelope.errors import MalformedError
from vault.errors import KekUnknownError, VaultClosedError

VARIABLE: Final = "ACCORD_KEK"
HOLDERS: Final = frozenset({"desk", "desk-worker"})
"""The roles that cannot start without a ring."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_KEY_SIZE_BYTES = 32


@dataclass(frozen=True)
class KekRing:
    """Key-encryption keys by id; `current` names the one that wraps."""

    current: str
    keys: dict[str, bytes] = field(repr=False)

    def key(self, kek: str) -> bytes:
        """The key of an id; raises KekUnknownError."""
        if kek not in self.keys:
            raise KekUnknownError(kek)
        return self.keys[kek]


_held: list[KekRing] = []


def take_from_environment(role: str, environment: MutableMapping[str, str] = os.environ) -> None:
    """Reads the ring and removes it from the environment; a role that needs one does not start without it.

    Raises ImproperlyConfigured, with a text that repeats nothing of the value.
    """
    text = environment.pop(VARIABLE, "")
    path = environment.pop(f"{VARIABLE}_FILE", "")
    if path and not text:
        text = Path(path).read_text(encoding="ascii").strip()
    if text:
        _held[:] = [parse_ring(text)]
    elif role in HOLDERS and not _held:
        raise ImproperlyConfigured(f"{VARIABLE} is not set; the role {role} needs it (or {VARIABLE}_FILE).")


def held_ring() -> KekRing:
    """The ring of this process; raises VaultClosedError where there is none."""
    if not _held:
        raise VaultClosedError("this process holds no key-encryption key")
    return _held[0]


def parse_ring(text: str) -> KekRing:
    """Reads `id:key[,id:key]`; raises ImproperlyConfigured for anything else."""
    keys: dict[str, bytes] = {}
    for position, item in enumerate(text.split(","), start=1):
        kek, _, encoded = item.strip().partition(":")
        if not _ID.fullmatch(kek) or kek in keys:
            raise ImproperlyConfigured(f"{VARIABLE}: key {position} needs an id of its own before the colon.")
        keys[kek] = _read_key(encoded, position)
    if len(set(keys.values())) != len(keys):
        raise ImproperlyConfigured(f"{VARIABLE}: two ids name the same key.")
    return KekRing(next(iter(keys)), keys)


def _read_key(encoded: str, position: int) -> bytes:
    try:
        key = unb64u(encoded, size=_KEY_SIZE_BYTES)
    except MalformedError:
        key = b""
    if len(set(key)) < 2:
        raise ImproperlyConfigured(
            f"{VARIABLE}: key {position} is not 32 random octets in base64url."
        ) from None
    return key
