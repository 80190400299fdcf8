# SPDX-License-Identifier: Apache-2.0
"""The key ring: the private keys of one agency, in memory and as the octets that a key file seals.

A ring holds the root, the operational keys, or both; every decryption key it ever held, since old alerts need the old ones; and
one random key that authenticates the client's local state, so that a passphrase change leaves the state unchanged.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from accord.envelope.encoding import b64u, canonical, members, parse_object, unb64u
from accord.envelope.keys import EC1, ENC, PQ1, SIGN, PublicKey
from accord.envelope.private import (
    DecryptionKey,
    Root,
    SigningKey,
    generate_decryption_key,
    generate_signing_keys,
    private_key_from_bytes,
)
from accord.keyerrors import KeyFileError, RootElsewhereError
from accord.passphrases import KEY_BYTES

VERSION: Final = 2

_MAX_RING_BYTES = 1024 * 1024
_FIRST_MEMBERS = frozenset({"created", "keys", "nroot", "root", "state"})
_MEMBERS = {1: _FIRST_MEMBERS, VERSION: _FIRST_MEMBERS | {"incoming"}}
_ROW_MEMBERS = frozenset({"jwk", "private", "use"})


@dataclass(frozen=True)
class KeyRing:
    """The private keys of one agency. `next_root` is the fingerprint of the root's successor, 64 hex digits, or "".

    `incoming_root` is a new root between its announcement and its coming into force, when it becomes `held_root`.
    """

    held_root: Root | None
    next_root: str
    signing: tuple[SigningKey, ...]
    decryption: tuple[DecryptionKey, ...]
    created: int
    state_key: bytes = field(repr=False)
    incoming_root: Root | None = None

    @property
    def root(self) -> Root:
        """The root; raises RootElsewhereError where it is kept in another place."""
        if self.held_root is None:
            raise RootElsewhereError
        return self.held_root

    @property
    def keys(self) -> tuple[SigningKey | DecryptionKey, ...]:
        """The operational keys, old ones too: signing keys first."""
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
    root, successor = Root.generate(), Root.generate()
    signing, decryption = generate_operational_keys(suites)
    ring = KeyRing(root, successor.fingerprint, signing, decryption, now, os.urandom(KEY_BYTES))
    return ring, successor


def generate_operational_keys(
    suites: Sequence[str],
) -> tuple[tuple[SigningKey, ...], tuple[DecryptionKey, ...]]:
    """Make signing and decryption keys for `suites` (of PQ1, EC1); raise KeyFileError for other words."""
    if not suites or not set(suites) <= {PQ1, EC1}:
        raise KeyFileError("Choose PQ1, EC1 or both.")
    signing = tuple(generate_signing_keys(PQ1 if PQ1 in suites else EC1))
    return signing, tuple(generate_decryption_key(suite) for suite in (PQ1, EC1) if suite in suites)


def operational_ring(suites: Sequence[str], *, now: int) -> KeyRing:
    """Make a ring without a root, for an agency whose root lies elsewhere."""
    signing, decryption = generate_operational_keys(suites)
    return KeyRing(None, "", signing, decryption, now, os.urandom(KEY_BYTES))


def root_only_ring(root: Root, *, now: int, next_root: str = "") -> KeyRing:
    """Make a ring that holds only a root; `next_root` is its successor's fingerprint, if there is one."""
    return KeyRing(root, next_root, (), (), now, os.urandom(KEY_BYTES))


def encode_ring(ring: KeyRing) -> bytes:
    """Return the octets that a key file seals, in the form of `VERSION`."""
    rows = [
        {"jwk": dict(key.public.jwk), "private": b64u(key.to_bytes()), "use": key.public.use}
        for key in ring.keys
    ]
    return canonical(
        {
            "created": ring.created,
            "incoming": _encode_root(ring.incoming_root),
            "keys": rows,
            "nroot": ring.next_root,
            "root": _encode_root(ring.held_root),
            "state": b64u(ring.state_key),
        }
    )


def _encode_root(root: Root | None) -> list[str] | None:
    return None if root is None else [b64u(part) for part in root.to_bytes()]


def decode_ring(plain: bytearray, version: int) -> KeyRing:
    """Parse what `encode_ring` of this version of the key file wrote; raise EnvelopeError."""
    ring = parse_object(bytes(plain), limit=_MAX_RING_BYTES, where="key ring")
    members(ring, _MEMBERS[version], "key ring")
    keys = [_decode_row(row) for row in ring["keys"]]
    return KeyRing(
        held_root=_decode_root(ring["root"]),
        next_root=ring["nroot"],
        signing=tuple(key for key in keys if isinstance(key, SigningKey)),
        decryption=tuple(key for key in keys if isinstance(key, DecryptionKey)),
        created=ring["created"],
        state_key=unb64u(ring["state"], size=KEY_BYTES),
        incoming_root=_decode_root(ring.get("incoming")),
    )


def _decode_root(parts: list[str] | None) -> Root | None:
    if parts is None:
        return None
    classical, lattice = (unb64u(part) for part in parts)
    return Root.from_bytes(classical, lattice)


def _decode_row(value: object) -> SigningKey | DecryptionKey:
    row = members(value, _ROW_MEMBERS, "key row")
    use = SIGN if row["use"] == SIGN else ENC
    return private_key_from_bytes(PublicKey.from_jwk(row["jwk"], use), unb64u(row["private"]))
