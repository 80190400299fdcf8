# SPDX-License-Identifier: Apache-2.0
"""Sections 5.2, 5.3 and 5.5: the JWE, its entries, the content key, and blobs."""

from __future__ import annotations

from hashlib import sha3_256, sha256, shake_256
from itertools import permutations
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from tests.examples.independent.encoding import array, canonical, closed, digest, kid, tobase64, unbase64
from tests.examples.independent.keys import check_value, p256_private, public_of, secret, shape, xwing_parts
from tests.examples.independent.refusal import Refused, need

CIPHERTEXT_LIMIT = 131_072
_HEADERS = {"EC1": ("alg", "kid", "epk"), "PQ1": ("alg", "kid", "ek")}
_ALGS = {"EC1": "ECDH-ES+A256KW", "PQ1": "HPKE-9-KE"}
_INFO = b"JOSE-HPKE rcpt\xffA256GCM\xff"
_LABEL = bytes.fromhex("5C2E2F2F5E5C")


def spellings(members: dict[str, str]) -> set[str]:
    """Every JSON text of an object of texts: members in any order, without white space or escapes."""
    pairs = [f'"{name}":"{value}"' for name, value in members.items()]
    return {tobase64(("{" + ",".join(order) + "}").encode("ascii")) for order in permutations(pairs)}


ENVELOPE = spellings({"cty": "accord-alert+jws", "enc": "A256GCM", "typ": "accord-alert+jwe"})
CHALLENGE = spellings({"enc": "A256GCM", "typ": "accord-challenge+jwe"})
CREDENTIAL = spellings({"enc": "A256GCM", "typ": "accord-credential+jwe"})


def jwe_form(value: Any, protected: set[str], most: int) -> dict[str, Any]:
    """Check the form of a JWE, without that of its entries."""
    jwe = closed(value, ("protected", "aad", "iv", "ciphertext", "tag", "recipients"))
    need(isinstance(jwe["protected"], str) and jwe["protected"] in protected)
    unbase64(jwe["aad"])
    unbase64(jwe["iv"], 12)
    unbase64(jwe["tag"], 16)
    need(len(unbase64(jwe["ciphertext"])) <= CIPHERTEXT_LIMIT, "too-large")
    array(jwe["recipients"], 1, most)
    return jwe


def entry_form(value: Any, suite: str) -> dict[str, Any]:
    """Check the form of an entry of a suite, its `epk` included."""
    entry = closed(value, ("encrypted_key", "header"))
    header = closed(entry["header"], _HEADERS[suite])
    need(header["alg"] == _ALGS[suite])
    kid(header["kid"])
    if suite == "PQ1":
        unbase64(entry["encrypted_key"], 48)
        check_value("X25519", unbase64(header["ek"], 1120)[1088:])
        return entry
    unbase64(entry["encrypted_key"], 40)
    kind, octets = shape(header["epk"])
    need(kind in ("X25519", "P-256"))
    check_value(kind, octets)
    return entry


def sealed_digest(jwe: dict[str, Any]) -> str:
    """`ct` of section 5.1."""
    received = f"{jwe['protected']}.{jwe['aad']}.".encode("ascii")
    return digest(received + b"".join(unbase64(jwe[name]) for name in ("iv", "ciphertext", "tag")))


def associated(manifest: dict[str, Any]) -> str:
    """`aad` of section 5.2."""
    return tobase64(canonical({name: manifest[name] for name in ("iss", "jti", "tlp")} | {"v": 1}))


def entry_leaf(agency: str, entry: Any) -> bytes:
    """The octets of the leaf of an entry (5.1)."""
    return canonical({"a": agency, "r": entry})


def private_for(entry: dict[str, Any], privates: list[dict[str, Any]]) -> dict[str, Any]:
    """Find the private key for an entry."""
    for private in privates:
        if digest(canonical(public_of(private))) == entry["header"]["kid"]:
            return private
    raise Refused("no-private-key-for-the-entry")


def content_key(suite: str, private: dict[str, Any], entry: dict[str, Any]) -> bytes:
    """Unwrap the content key of an entry whose form was checked."""
    try:
        if suite == "PQ1":
            return _open_xwing(private, entry)
        header = entry["header"]
        z = _agree(private, header["epk"])
        return aes_key_unwrap(wrapping_key(z), unbase64(entry["encrypted_key"]))
    except (InvalidTag, InvalidUnwrap, ValueError) as error:
        raise Refused("content-key-not-unwrapped") from error


def wrapping_key(z: bytes) -> bytes:
    """Derive the wrapping key of EC1 from a shared secret."""
    name = b"\x00\x00\x00\x0eECDH-ES+A256KW"
    return sha256(bytes.fromhex("00000001") + z + name + bytes.fromhex("000000000000000000000100")).digest()


def _agree(private: dict[str, Any], epk: dict[str, str]) -> bytes:
    need(private.get("crv") == epk["crv"], "content-key-not-unwrapped")
    if epk["crv"] == "X25519":
        peer = x25519.X25519PublicKey.from_public_bytes(unbase64(epk["x"], 32))
        return x25519.X25519PrivateKey.from_private_bytes(secret(private)).exchange(peer)
    point = b"\x04" + unbase64(epk["x"], 32) + unbase64(epk["y"], 32)
    return p256_private(private).exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    )


def _counted(octets: bytes) -> bytes:
    return len(octets).to_bytes(2, "big") + octets


def _open_xwing(private: dict[str, Any], entry: dict[str, Any]) -> bytes:
    lattice, curve = xwing_parts(secret(private))
    ek = unbase64(entry["header"]["ek"], 1120)
    ct_x = ek[1088:]
    ss_m = lattice.decapsulate(ek[:1088])
    ss_x = curve.exchange(x25519.X25519PublicKey.from_public_bytes(ct_x))
    pk_x = curve.public_key().public_bytes_raw()
    shared = sha3_256(ss_m + ss_x + ct_x + pk_x + _LABEL).digest()
    suite_id = b"HPKE" + bytes.fromhex("647A00110002")
    context = b"\x00" + _counted(b"") + _counted(_INFO)
    length = (108).to_bytes(2, "big")
    labelled = b"HPKE-v1" + suite_id + _counted(b"secret") + length + context
    derived = shake_256(_counted(b"") + _counted(shared) + labelled).digest(108)
    return AESGCM(derived[:32]).decrypt(derived[32:44], unbase64(entry["encrypted_key"]), b"")


def decrypt(key: bytes, jwe: dict[str, Any]) -> bytes:
    """Decrypt a JWE by its content key."""
    need(len(key) == 32, "content-not-decrypted")
    sealed = unbase64(jwe["ciphertext"]) + unbase64(jwe["tag"])
    data = f"{jwe['protected']}.{jwe['aad']}".encode("ascii")
    try:
        return AESGCM(key).decrypt(unbase64(jwe["iv"]), sealed, data)
    except InvalidTag as error:
        raise Refused("content-not-decrypted") from error


def padme(length: int) -> int:
    """Padme of section 5.5."""
    e = length.bit_length() - 1
    s = e.bit_length()
    if e <= s:
        return length
    step = 1 << (e - s)
    return -(-length // step) * step


def blob_length(size: int) -> int:
    """`len` of the blob of a file of `size` octets."""
    return padme(8 + size) + 28


def open_blob(jti: str, att: dict[str, Any], blob: bytes) -> bytes:
    """Open the file in a blob."""
    need(len(blob) == att["len"] and digest(blob) == att["sha256"], "blob-differs")
    data = f"{jti}/{att['n']}".encode("ascii")
    try:
        plain = AESGCM(unbase64(att["k"], 32)).decrypt(blob[:12], blob[12:], data)
    except InvalidTag as error:
        raise Refused("content-not-decrypted") from error
    size = att["size"]
    need(len(plain) == padme(8 + size) and plain[:8] == size.to_bytes(8, "big"), "blob-differs")
    need(not any(plain[8 + size :]), "blob-differs")
    return plain[8 : 8 + size]
