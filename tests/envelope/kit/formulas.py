# SPDX-License-Identifier: Apache-2.0
"""The page's formulas, written a second time with the standard library alone.

The kit's expected results come from these, so that the reference does not check itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any


def h(*parts: bytes) -> bytes:
    """SHA-256 over the parts in a row."""
    return hashlib.sha256(b"".join(parts)).digest()


def b64u(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64u(text: str) -> bytes:
    """Decode base64url; trusts its input."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(value: Any) -> str:
    """canonical(value), for values of ASCII member names without floats."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638."""
    return b64u(h(compact(jwk).encode()))


def object_digest(typ: str, payload: bytes) -> str:
    """od(typ, payload)."""
    return b64u(h(typ.encode(), b"\x00", payload))


def ct(protected: str, aad: str, iv: bytes, ciphertext: bytes, tag: bytes) -> str:
    """The digest of the sealed content."""
    return b64u(h(protected.encode(), b".", aad.encode(), b".", iv, ciphertext, tag))


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 9162."""
    return h(b"\x00", leaf)


def root(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162, over leaf hashes, by its recursive definition."""
    if not leaves:
        return h()
    if len(leaves) == 1:
        return leaves[0]
    split = largest_power_below(len(leaves))
    return h(b"\x01", root(leaves[:split]), root(leaves[split:]))


def largest_power_below(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = largest_power_below(len(leaves))
    if index < split:
        return [*path(leaves[:split], index), root(leaves[split:])]
    return [*path(leaves[split:], index - split), root(leaves[:split])]


def consistency(leaves: Sequence[bytes], first: int, whole: bool = True) -> list[bytes]:
    """RFC 9162, 2.1.4.1."""
    if first == len(leaves):
        return [] if whole else [root(leaves)]
    split = largest_power_below(len(leaves))
    if first <= split:
        return [*consistency(leaves[:split], first, whole), root(leaves[split:])]
    return [*consistency(leaves[split:], first - split, False), root(leaves[:split])]


def padme(length: int) -> int:
    """The Padme length, by its formula in floating point."""
    exponent = math.floor(math.log2(length))
    step = 2 ** (exponent - (math.floor(math.log2(exponent)) + 1))
    return math.ceil(length / step) * int(step) if step >= 1 else length


def wrapping_key(z: bytes) -> bytes:
    """RFC 7518, 4.6.2, for ECDH-ES+A256KW without party information."""
    name = b"ECDH-ES+A256KW"
    return h(bytes([0, 0, 0, 1]), z, len(name).to_bytes(4, "big"), name, bytes(8), (256).to_bytes(4, "big"))


def note(name: str, public: bytes, signature: bytes, text: str) -> str:
    """A C2SP signed note with one Ed25519 signature."""
    key_id = h(name.encode(), b"\n", b"\x01", public)[:4]
    line = base64.b64encode(key_id + signature).decode()
    return f"{text}\n\N{EM DASH} {name} {line}\n"
