# SPDX-License-Identifier: Apache-2.0
"""Opening: content keys unwrapped, content and attachments decrypted.

A process that imports this module can open; the exchange never does. Every failure is an OpeningError of one text and one code.
Nothing here decides whether the plaintext may be shown: that is `accord.envelope.reading`.
"""

from __future__ import annotations

import hashlib
import json
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from accord.envelope.blobs import (
    CHUNK_BYTES,
    IV_BYTES,
    LENGTH_BYTES,
    TAG_BYTES,
    BlobFacts,
    Moved,
    blob_aad,
    measure_blob,
)
from accord.envelope.challenges import NONCE_BYTES, challenge_aad
from accord.envelope.content import AttachmentKey
from accord.envelope.credentials import SealedCredential, credential_aad, is_credential
from accord.envelope.encoding import MAX_SLICE_BYTES, b64u, canonical, unb64u
from accord.envelope.errors import EnvelopeError, Failure, OpeningError
from accord.envelope.jwe import Entry, UnverifiedJwe, parse_jwe
from accord.envelope.keys import HPKE_9_KE
from accord.envelope.private import DecryptionKey
from accord.envelope.suites import ec1, pq1
from accord.envelope.vocabulary import TYP_CHALLENGE, TYP_CREDENTIAL


def unwrap(entry: Entry, key: DecryptionKey) -> bytes:
    """Return the content key of one's own entry; raise OpeningError."""
    if entry.kid != key.public.kid:
        raise OpeningError(Failure.KEY_MISSING)
    parts = json.loads(entry.text)
    wrapped = unb64u(parts["encrypted_key"])
    try:
        if key.public.alg == HPKE_9_KE:
            return _unwrap_pq1(parts["header"], wrapped, key)
        return _unwrap_ec1(parts["header"], wrapped, key)
    except (InvalidTag, InvalidUnwrap, ValueError, KeyError):
        raise OpeningError(Failure.UNWRAP) from None


def _unwrap_pq1(header: dict[str, Any], wrapped: bytes, key: DecryptionKey) -> bytes:
    sealed = unb64u(header["ek"]) + wrapped
    content_key: bytes = pq1.hpke_suite().decrypt(sealed, key.material, info=pq1.INFO)
    return content_key


def _unwrap_ec1(header: dict[str, Any], wrapped: bytes, key: DecryptionKey) -> bytes:
    epk = header["epk"]
    if epk["crv"] != key.public.curve:
        raise OpeningError(Failure.UNWRAP)
    if epk["crv"] == "X25519":
        peer = x25519.X25519PublicKey.from_public_bytes(unb64u(epk["x"]))
        secret = key.material.exchange(peer)
    else:
        x, y = (int.from_bytes(unb64u(epk[name]), "big") for name in ("x", "y"))
        point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        secret = key.material.exchange(ec.ECDH(), point)
    return aes_key_unwrap(ec1.wrapping_key(secret), wrapped)


def decrypt(jwe: UnverifiedJwe, content_key: bytes) -> bytes:
    """Return the plaintext under `content_key`; raise OpeningError."""
    try:
        return AESGCM(content_key).decrypt(jwe.iv, jwe.ciphertext + jwe.tag, jwe.gcm_aad)
    except (InvalidTag, ValueError):
        raise OpeningError(Failure.DECRYPT) from None


def open_attachment(attachment: AttachmentKey, jti: str, blob: bytes) -> bytes:
    """Return the octets of an attachment of an opened alert; raise OpeningError.

    The checks after decryption run even where it failed, so that the time reveals nothing.
    """
    if measure_blob(blob) != BlobFacts(attachment.sha256, attachment.len):
        raise OpeningError(Failure.BLOB)
    decrypted = True
    try:
        message = AESGCM(attachment.k).decrypt(
            blob[:IV_BYTES], memoryview(blob)[IV_BYTES:], blob_aad(jti, attachment.n)
        )
    except (InvalidTag, ValueError):
        message, decrypted = blob, False
    end = LENGTH_BYTES + attachment.size
    said = int.from_bytes(message[:LENGTH_BYTES], "big")
    zeros = message.count(0, end)
    if not decrypted:
        raise OpeningError(Failure.DECRYPT)
    if said != attachment.size or zeros != len(message) - end:
        raise OpeningError(Failure.BLOB)
    return message[LENGTH_BYTES:end]


def open_stream(
    attachment: AttachmentKey, jti: str, blob: IO[bytes], sink: IO[bytes], *, moved: Moved | None = None
) -> None:
    """Open as `open_attachment` does, in chunks from `blob` into `sink`; raise OpeningError.

    The written octets count only once this returns: after any error the caller discards the sink. The whole blob is read and
    decrypted whatever is found in it.
    """
    whole = hashlib.sha256()

    def take(octets: int) -> bytes:
        part = blob.read(octets)
        if len(part) != octets:
            raise OpeningError(Failure.BLOB)
        whole.update(part)
        return part

    decryptor = Cipher(algorithms.AES(attachment.k), modes.GCM(take(IV_BYTES))).decryptor()
    decryptor.authenticate_additional_data(blob_aad(jti, attachment.n))
    said = int.from_bytes(decryptor.update(take(LENGTH_BYTES)), "big")
    padded = attachment.len - IV_BYTES - LENGTH_BYTES - TAG_BYTES
    zeros = 0
    for begin in range(0, padded, CHUNK_BYTES):
        part = decryptor.update(take(min(CHUNK_BYTES, padded - begin)))
        plain = part[: max(attachment.size - begin, 0)]
        zeros += part.count(0, len(plain))
        sink.write(plain)
        if moved is not None:
            moved(len(part))
    tag, decrypted = take(TAG_BYTES), True
    try:
        decryptor.finalize_with_tag(tag)
    except InvalidTag:
        decrypted = False
    if blob.read(1) or b64u(whole.digest()) != attachment.sha256:
        raise OpeningError(Failure.BLOB)
    if not decrypted:
        raise OpeningError(Failure.DECRYPT)
    if said != attachment.size or zeros != padded - attachment.size:
        raise OpeningError(Failure.BLOB)


def open_challenge(jwe: Any, *, agency: str, chal: str, key: DecryptionKey) -> str:
    """Return the nonce (base64url) of a one-time challenge sealed to `key`; raise OpeningError.

    Opens nothing else: typ, associated data and plaintext length are those of a challenge for this agency and this `chal`, so
    that an envelope's entry cannot be presented as one.
    """
    nonce = _open_single(jwe, TYP_CHALLENGE, challenge_aad(agency, chal, key.public.kid), key)
    if len(nonce) != NONCE_BYTES:
        raise OpeningError(Failure.CHALLENGE)
    return b64u(nonce)


def open_credential(sealed: SealedCredential, *, agency: str, od: str, key: DecryptionKey) -> str:
    """Return the first API key of this agency, sealed to `key` when its keyset `od` was accepted; raise OpeningError.

    Opens nothing else, like `open_challenge`: the result has the form of an API key, or there is none.
    """
    aad = credential_aad(agency, od, key.public.kid)
    text = _open_single(sealed.jwe, TYP_CREDENTIAL, aad, key)
    if not is_credential(text):
        raise OpeningError(Failure.CREDENTIAL)
    return text.decode("ascii")


def _open_single(jwe: Any, typ: str, aad: str, key: DecryptionKey) -> bytes:
    """Return the plaintext of a JWE with one entry, for this key, of exactly this `typ` and associated data."""
    (suite,) = key.public.suites
    try:
        single = parse_jwe(canonical(jwe), suite, limit=MAX_SLICE_BYTES, typ=typ)
    except EnvelopeError:
        raise OpeningError(Failure.MALFORMED) from None
    if len(single.entries) != 1 or single.aad != aad:
        raise OpeningError(Failure.AAD)
    return decrypt(single, unwrap(single.entries[0], key))
