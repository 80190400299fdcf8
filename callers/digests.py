# SPDX-License-Identifier: Apache-2.0
"""Keyed digests under the API pepper of a half, stored in place of credentials and addresses.

Without the pepper a copy of the database allows no guessing, and a digest made for one purpose fits no other.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_PEPPER_SIZE_BYTES = 32


def keyed_digest(purpose: str, *parts: bytes) -> bytes:
    """Return HMAC-SHA256 over a purpose and length-prefixed parts, 32 octets."""
    mac = _start(purpose)
    for part in parts:
        mac.update(len(part).to_bytes(8, "big") + part)
    return mac.digest()


def keyed_digest_of_stream(purpose: str, chunks: Iterable[bytes]) -> bytes:
    """Return HMAC-SHA256 over a purpose and the chunks in sequence, 32 octets."""
    mac = _start(purpose)
    for chunk in chunks:
        mac.update(chunk)
    return mac.digest()


def pepper_of(text: str) -> bytes:
    """Decode a pepper of 32 octets from base64url, as in the setting; raises ImproperlyConfigured."""
    try:
        pepper = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        pepper = b""
    if len(pepper) != _PEPPER_SIZE_BYTES:
        raise ImproperlyConfigured("API_PEPPER: use 32 random bytes in base64url.")
    return pepper


def _start(purpose: str) -> "hmac.HMAC":
    pepper: bytes = settings.API_PEPPER
    if len(pepper) != _PEPPER_SIZE_BYTES:
        raise RuntimeError("this role holds no API pepper and must not handle credentials")
    return hmac.new(pepper, purpose.encode("ascii") + b"\x00", hashlib.sha256)
