# SPDX-License-Identifier: Apache-2.0
"""The key hierarchy: key-encryption key, root secret of an agency, its purpose keys, and what they seal.

Wrapped content is AES-256-GCM as `iv(12) || ciphertext || tag(16)` under associated data that names its agency, epoch
and place, so that the content of one row does not open in another. Pure: no database, no clock; initialisation vectors
come from the system's generator. Source: docs/spec/envelope.md, "Vault".
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accord.envelope.encoding import canonical
from vault.errors import SealBrokenError
from vault.kek import KekRing

Purpose = Literal["keywrap", "draft", "card", "token", "login"]

SECRET_SIZE_BYTES: Final = 32
TOKEN_SIZE_BYTES: Final = 16
_IV_SIZE_BYTES: Final = 12
_VERSION: Final = 1


@dataclass(frozen=True)
class RootSecret:
    """The 32 random octets from which all keys of one agency and epoch are derived."""

    agency: str
    epoch: int
    value: bytes = field(repr=False)

    def purpose_key(self, purpose: Purpose) -> bytes:
        """Return the key of one purpose, 32 octets."""
        return _derive(self.value, {"a": self.agency, "e": self.epoch, "p": purpose, "v": _VERSION})


@dataclass(frozen=True)
class RowPlace:
    """Place to which a sealed row is bound: table, id, revision, and the schema of its content."""

    table: str
    row_id: str
    rev: int
    schema: int


def draw_secret(agency: str, epoch: int) -> RootSecret:
    """Draw a fresh root secret."""
    return RootSecret(agency, epoch, os.urandom(SECRET_SIZE_BYTES))


def wrap_secret(secret: RootSecret, ring: KekRing) -> bytes:
    """Wrap the secret under the ring's current key."""
    aad = _secret_aad(secret.agency, secret.epoch, ring.current)
    return _seal(ring.key(ring.current), secret.value, aad)


def unwrap_secret(agency: str, epoch: int, kek: str, wrapped: bytes, ring: KekRing) -> RootSecret:
    """Unwrap a root secret; raises KekUnknownError, SealBrokenError."""
    value = _open(ring.key(kek), wrapped, _secret_aad(agency, epoch, kek), "root secret")
    return RootSecret(agency, epoch, value)


def wrap_private_key(secret: RootSecret, kid: str, use: str, stored: bytes) -> bytes:
    """Wrap a private key's storage form under the purpose `keywrap`, bound to its kid and use."""
    return _seal(secret.purpose_key("keywrap"), stored, _key_aad(secret, kid, use))


def unwrap_private_key(secret: RootSecret, kid: str, use: str, wrapped: bytes) -> bytes:
    """Unwrap a private key to its storage form; raises SealBrokenError."""
    return _open(secret.purpose_key("keywrap"), wrapped, _key_aad(secret, kid, use), "private key")


def seal_row(secret: RootSecret, purpose: Purpose, place: RowPlace, plaintext: bytes) -> bytes:
    """Seal a row's content under a key of its own."""
    return _seal(_row_key(secret, purpose, place), plaintext, _row_aad(secret, place))


def open_row(secret: RootSecret, purpose: Purpose, place: RowPlace, sealed: bytes) -> bytes:
    """Open a row's content; raises SealBrokenError for another place, agency, epoch, revision or schema, and for any change."""
    return RowOpener(secret, purpose, place.table).open(place.row_id, place.rev, place.schema, sealed)


class RowOpener:
    """Opener of many rows of one table, epoch and purpose, which derives once what they share.

    Keys and associated data are those of `open_row`. HKDF (RFC 5869) is done in its two steps: extract once, expand for
    each row. One block is expanded, since a key has the size of a SHA-256 digest.
    """

    def __init__(self, secret: RootSecret, purpose: Purpose, table: str) -> None:
        self._extracted = hmac.digest(bytes(32), secret.purpose_key(purpose), "sha256")
        text = canonical(table).decode()
        agency = canonical(secret.agency).decode()
        self._info = f'{{"id":%s,"rev":%d,"t":{_plain(text)},"v":{_VERSION}}}'
        self._aad = f'{{"a":{_plain(agency)},"e":{secret.epoch},"id":%s,"rev":%d,"schema":%d,"t":{_plain(text)},"v":{_VERSION}}}'

    def open(self, row_id: str, rev: int, schema: int, sealed: bytes) -> bytes:
        """Open one row as `open_row` does; raises SealBrokenError."""
        name = canonical(row_id).decode()
        info = (self._info % (name, rev)).encode()
        key = hmac.digest(self._extracted, info + b"\x01", "sha256")
        return _open(key, sealed, (self._aad % (name, rev, schema)).encode(), "row")


def row_mac_key(key: bytes, kek: str) -> bytes:
    """Derive the key of the codes that rows carry, from a key-encryption key."""
    return _derive(key, {"kek": kek, "p": "row-mac", "v": _VERSION})


def _plain(text: str) -> str:
    """Escape text for use in a format string."""
    return text.replace("%", "%%")


def token(secret: RootSecret, field_name: str, value: str) -> bytes:
    """Return 16 octets that are equal for equal values of one field of one agency, and tell nothing else."""
    mac = hmac.new(secret.purpose_key("token"), canonical([field_name, value]), hashlib.sha256)
    return mac.digest()[:TOKEN_SIZE_BYTES]


def _secret_aad(agency: str, epoch: int, kek: str) -> bytes:
    return canonical({"a": agency, "e": epoch, "kek": kek, "t": "ars", "v": _VERSION})


def _key_aad(secret: RootSecret, kid: str, use: str) -> bytes:
    place = {"a": secret.agency, "e": secret.epoch, "kid": kid, "t": "key", "use": use, "v": _VERSION}
    return canonical(place)


def _row_key(secret: RootSecret, purpose: Purpose, place: RowPlace) -> bytes:
    info = {"id": place.row_id, "rev": place.rev, "t": place.table, "v": _VERSION}
    return _derive(secret.purpose_key(purpose), info)


def _row_aad(secret: RootSecret, place: RowPlace) -> bytes:
    return canonical(
        {
            "a": secret.agency,
            "e": secret.epoch,
            "id": place.row_id,
            "rev": place.rev,
            "t": place.table,
            "schema": place.schema,
            "v": _VERSION,
        }
    )


def _derive(key: bytes, info: dict[str, Any]) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=canonical(info)).derive(key)


def _seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    iv = os.urandom(_IV_SIZE_BYTES)
    return iv + AESGCM(key).encrypt(iv, plaintext, aad)


def _open(key: bytes, sealed: bytes, aad: bytes, what: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_IV_SIZE_BYTES], sealed[_IV_SIZE_BYTES:], aad)
    except (InvalidTag, ValueError):
        raise SealBrokenError(what) from None
