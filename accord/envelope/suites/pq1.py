# SPDX-License-Identifier: Apache-2.0
"""PQ1: the content key goes to each recipient by HPKE-9-KE (X-Wing, SHAKE256, A256GCM).

Header exactly `alg, kid, ek`; `ek` 1120 octets, encrypted_key 48. HPKE base mode, info as below, associated data empty. Pinned
to our vectors: JOSE-HPKE is still a draft, and an RFC that differs becomes PQ2. This is only the public half; unwrapping is in
`accord.envelope.unseal`.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import BackendError, MalformedError
from accord.envelope.keys import HPKE_9_KE, PublicKey, refuse_small_order_x25519

INFO: Final = b"JOSE-HPKE rcpt\xffA256GCM\xff"
EK_BYTES: Final = 1120
# Lengths are those of 1120 and 48 octets; the last character of `ek` carries four zero bits.
_EK = re.compile(r"[A-Za-z0-9_-]{1493}[AQgw]")
_WRAPPED = re.compile(r"[A-Za-z0-9_-]{64}")
_KID = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_HEADER = frozenset({"alg", "kid", "ek"})
# The X25519 share is the last 32 of the 1120 octets; four characters before it begins hold three whole octets.
_SHARE_AT = 1088 // 3 * 4


@functools.cache
def hpke_suite() -> hpke.Suite:
    """Return the HPKE suite; raise BackendError where the library lacks ML-KEM-768."""
    try:
        return hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM)
    except UnsupportedAlgorithm as missing:
        raise BackendError("no X-Wing HPKE in this cryptographic library") from missing


def wrap(key: PublicKey, content_key: bytes) -> str:
    """Return one entry of `recipients`, canonical JSON: `content_key` encapsulated to `key`."""
    sealed = hpke_suite().encrypt(content_key, key.material, info=INFO)
    return entry_text(key.kid, b64u(sealed[:EK_BYTES]), b64u(sealed[EK_BYTES:]))


def entry_text(kid: str, ek: str, wrapped: str) -> str:
    """Return the canonical JSON of an entry whose texts are base64url."""
    return f'{{"encrypted_key":"{wrapped}","header":{{"alg":"{HPKE_9_KE}","ek":"{ek}","kid":"{kid}"}}}}'


def read_entry(header: dict[str, Any], wrapped: object) -> tuple[str, None, str]:
    """Check an entry without any key; return its kid, no curve, its canonical JSON.

    Raises MalformedError, also for an X25519 share whose shared secret is publicly known.
    """
    if header.keys() != _HEADER or header["alg"] != HPKE_9_KE:
        raise MalformedError("entry header")
    kid, ek = header["kid"], header["ek"]
    if not (isinstance(kid, str) and isinstance(ek, str) and isinstance(wrapped, str)):
        raise MalformedError("entry")
    if not (_KID.fullmatch(kid) and _EK.fullmatch(ek) and _WRAPPED.fullmatch(wrapped)):
        raise MalformedError("entry")
    refuse_small_order_x25519(unb64u(ek[_SHARE_AT:])[1088 % 3 :])
    return kid, None, entry_text(kid, ek, wrapped)
