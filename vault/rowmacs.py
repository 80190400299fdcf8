# SPDX-License-Identifier: Apache-2.0
"""Codes for the rows that let somebody in (`callers.binding`), under keys derived from the key-encryption keys."""

import hmac

from accord.envelope.encoding import b64u
from vault import hierarchy
from vault.kek import held_ring


class RingMacs:
    """The ring of this process, asked anew each time; VaultClosedError where there is none."""

    @property
    def current(self) -> str:
        """The id of the ring's first key."""
        return held_ring().current

    def mac(self, message: bytes, kek: str) -> str:
        """HMAC-SHA-256, 43 characters; raises KekUnknownError."""
        key = hierarchy.row_mac_key(held_ring().key(kek), kek)
        return b64u(hmac.digest(key, message, "sha256"))

    def has(self, kek: str) -> bool:
        """Tell whether the ring has the key of this id."""
        return kek in held_ring().keys
