# SPDX-License-Identifier: Apache-2.0
"""EC1: the content key goes to each recipient by ECDH-ES+A256KW on X25519 or P-256 (final RFCs only).

Header exactly `alg, kid, epk`, a fresh ephemeral key per entry, no apu or apv; encrypted_key 40 octets. This is only the public
half; unwrapping is in `accord.envelope.unseal`. Source: RFC 7518 section 4.6, RFC 8037, RFC 3394.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import MalformedError
from accord.envelope.keys import (
    ECDH,
    PublicKey,
    refuse_off_curve_p256,
    refuse_small_order_x25519,
)

WRAPPED_BYTES: Final = 40
_X25519, _P256 = "X25519", "P-256"
# 40 octets; 32 octets: the last character carries zero bits.
_WRAPPED = re.compile(r"[A-Za-z0-9_-]{53}[AQgw]")
_THIRTY_TWO = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_HEADER = frozenset({"alg", "kid", "epk"})
_OKP = frozenset({"kty", "crv", "x"})
_EC = frozenset({"kty", "crv", "x", "y"})
# Concat KDF (NIST SP 800-56A, one round): counter, then after Z: AlgorithmID, no party info, 256 bits.
_COUNTER = (1).to_bytes(4, "big")
_OTHER_INFO = len(ECDH).to_bytes(4, "big") + ECDH.encode("ascii") + bytes(8) + (256).to_bytes(4, "big")


def wrapping_key(shared_secret: bytes) -> bytes:
    """Return the key-encryption key from a Diffie-Hellman secret, RFC 7518 section 4.6.2."""
    return hashlib.sha256(_COUNTER + shared_secret + _OTHER_INFO).digest()


def wrap(key: PublicKey, content_key: bytes) -> str:
    """Return one entry of `recipients`, canonical JSON: `content_key` wrapped for `key`."""
    if key.curve == _X25519:
        ephemeral = x25519.X25519PrivateKey.generate()
        secret = ephemeral.exchange(key.material)
        epk = f'{{"crv":"X25519","kty":"OKP","x":"{b64u(ephemeral.public_key().public_bytes_raw())}"}}'
    else:
        one_time = ec.generate_private_key(ec.SECP256R1())
        secret = one_time.exchange(ec.ECDH(), key.material)
        numbers = one_time.public_key().public_numbers()
        x, y = (b64u(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
        epk = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return _entry_text(key.kid, epk, b64u(aes_key_wrap(wrapping_key(secret), content_key)))


def _entry_text(kid: str, epk: str, wrapped: str) -> str:
    return f'{{"encrypted_key":"{wrapped}","header":{{"alg":"{ECDH}","epk":{epk},"kid":"{kid}"}}}}'


def read_entry(header: dict[str, Any], wrapped: object) -> tuple[str, str, str]:
    """Check an entry without any key; return its kid, the curve of its epk, its canonical JSON."""
    if header.keys() != _HEADER or header["alg"] != ECDH:
        raise MalformedError("entry header")
    kid = header["kid"]
    if not (isinstance(kid, str) and isinstance(wrapped, str)):
        raise MalformedError("entry")
    if not (_THIRTY_TWO.fullmatch(kid) and _WRAPPED.fullmatch(wrapped)):
        raise MalformedError("entry")
    curve, epk = _read_epk(header["epk"])
    return kid, curve, _entry_text(kid, epk, wrapped)


def _read_epk(epk: object) -> tuple[str, str]:
    """Return curve and canonical JSON; refuse points that reveal the shared secret."""
    if not isinstance(epk, dict):
        raise MalformedError("epk")
    if epk.keys() == _OKP and (epk["kty"], epk["crv"]) == ("OKP", _X25519):
        refuse_small_order_x25519(unb64u(epk["x"], size=32))
        return _X25519, f'{{"crv":"X25519","kty":"OKP","x":"{epk["x"]}"}}'
    if epk.keys() == _EC and (epk["kty"], epk["crv"]) == ("EC", _P256):
        refuse_off_curve_p256(unb64u(epk["x"], size=32), unb64u(epk["y"], size=32))
        return _P256, f'{{"crv":"P-256","kty":"EC","x":"{epk["x"]}","y":"{epk["y"]}"}}'
    raise MalformedError("epk")
