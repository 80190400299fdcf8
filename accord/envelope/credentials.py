# SPDX-License-Identifier: Apache-2.0
"""An agency's first API key, sealed by the hub to the agency's own encryption key.

It comes in the answer to the agency's first keyset, and whoever carried the keyset there cannot read it. A JWE with
one entry, typ accord-credential+jwe, associated data canonical {a, kid, od, v}, where `od` is that keyset's;
plaintext exactly 56 octets, `prefix.secret`. Opening is in `accord.envelope.unseal`. Source: docs/spec/envelope.md,
"Proof of possession".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from accord.envelope.encoding import b64u, canonical
from accord.envelope.errors import MalformedError
from accord.envelope.keys import EC1, PQ1, PublicKey
from accord.envelope.keysets import KeyRow, Keyset, newest_encryption_key
from accord.envelope.single import seal_single
from accord.envelope.vocabulary import TYP_CREDENTIAL, VERSION

_CREDENTIAL: Final = re.compile(rb"[0-9a-f]{12}\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class SealedCredential:
    """A credential that only the holder of the private key `kid` can read."""

    kid: str
    jwe: dict[str, Any] = field(repr=False)


def seal_credential(agency: str, od: str, key: PublicKey, credential: bytes) -> SealedCredential:
    """Seal an API key for the agency whose first keyset has this `od`; raise MalformedError for any other text."""
    if not is_credential(credential):
        raise MalformedError("credential")
    aad = credential_aad(agency, od, key.kid)
    return SealedCredential(key.kid, seal_single(TYP_CREDENTIAL, aad, key, credential))


def key_for_credential(keyset: Keyset, now: int) -> KeyRow | None:
    """Return the key to seal to: the newest of the stronger suite that the agency has a key of; None if it has none now."""
    suites = (PQ1, EC1) if keyset.low == EC1 else (PQ1,)
    found = (newest_encryption_key(keyset, suite, now) for suite in suites)
    return next((row for row in found if row is not None), None)


def credential_aad(agency: str, od: str, kid: str) -> str:
    """Return the JWE member `aad` of a sealed credential."""
    return b64u(canonical({"a": agency, "kid": kid, "od": od, "v": VERSION}))


def is_credential(text: bytes) -> bool:
    """Tell whether this is the text of an API key: twelve lower-case hex digits, a dot, 43 characters of base64url."""
    return _CREDENTIAL.fullmatch(text) is not None
