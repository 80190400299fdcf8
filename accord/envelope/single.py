# SPDX-License-Identifier: Apache-2.0
"""Sealing by a hub to one key of an agency: a JWE with one entry, outside any envelope.

It carries a challenge's nonce (`accord.envelope.challenges`) or an agency's first API key (`accord.envelope.credentials`).
`typ` and associated data state its kind and addressee, so that neither can be mistaken for the other or for an alert.
"""

from __future__ import annotations

import json
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.envelope.encoding import b64u
from accord.envelope.jwe import IV_BYTES, PROTECTED, TAG_BYTES, wrap_for
from accord.envelope.keys import PublicKey


def seal_single(typ: str, aad: str, key: PublicKey, plaintext: bytes) -> dict[str, Any]:
    """Return the JWE, as JSON; `aad` is the member as it stands there."""
    (suite,) = key.suites
    protected = PROTECTED[typ]
    content_key, iv = os.urandom(32), os.urandom(IV_BYTES)
    whole = AESGCM(content_key).encrypt(iv, plaintext, f"{protected}.{aad}".encode("ascii"))
    return {
        "protected": protected,
        "aad": aad,
        "iv": b64u(iv),
        "ciphertext": b64u(whole[:-TAG_BYTES]),
        "tag": b64u(whole[-TAG_BYTES:]),
        "recipients": [json.loads(wrap_for(suite, key, content_key))],
    }
