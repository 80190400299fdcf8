# SPDX-License-Identifier: Apache-2.0
"""Codes for the rows that grant access (`callers.binding`), under keys derived from the key-encryption keys."""

import hmac

from accord.envelope.encoding import b64u
from vault import hierarchy
from vault.kek import held_ring


class RingMacs:
    """Codes under the ring of this process, which is looked up at each call; raises VaultClosedError where there is none."""

    @property
    def current(self) -> str:
        """Id of the ring's first key."""
        return held_ring().current

    def mac(self, message: bytes, kek: str) -> str:
        """Return an HMAC-SHA-256 in 43 characters; raises KekUnknownError."""
        key = hierarchy.row_mac_key(held_ring().key(kek), kek)
        return b64u(hmac.digest(key, message, "sha256"))

    def has(self, kek: str) -> bool:
        """Tell whether the ring has the key of this id."""
        return kek in held_ring().keys
