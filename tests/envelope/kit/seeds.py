# SPDX-License-Identifier: Apache-2.0
"""Keys and octets of the test kit, made from labels: the same on every run, and known to everybody.

Never use one of them for anything but tests.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow, verify_keyset
from accord.envelope.private import DecryptionKey, LedgerKey, Root, SignerSet, SigningKey
from tests.envelope.world import DAY, NOW, Agency

# In place of a suite: golf's second signing key, by which it reaffirms objects of the first.
SPARE: Final = "spare"
LEDGER_NAME: Final = "ledger.example/log"
ALPHA, BRAVO, CHARLIE = "xa-alpha", "xb-bravo", "xc-charlie"
DELTA, ECHO, FOXTROT, GOLF = "xd-delta", "xe-echo", "xf-fox", "xg-golf"
AGENCIES: Final = (ALPHA, BRAVO, CHARLIE, DELTA, ECHO, FOXTROT, GOLF)


def octets(label: str, size: int = 32) -> bytes:
    """Make octets that look random: SHAKE256 of the label."""
    return hashlib.shake_256(f"accord test kit: {label}".encode()).digest(size)


def _p256(secret: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())


def signing_key(alg: str, label: str) -> SigningKey:
    """The signing key of this label."""
    return _signing_key(alg, octets(f"{label} {alg}"))


def _signing_key(alg: str, secret: bytes) -> SigningKey:
    make: dict[str, Any] = {
        "Ed25519": ed25519.Ed25519PrivateKey.from_private_bytes,
        "ES256": _p256,
        "ML-DSA-65": mldsa.MLDSA65PrivateKey.from_seed_bytes,
    }
    return SigningKey(make[alg](secret))


def decryption_key(alg: str, label: str) -> DecryptionKey:
    """The decryption key of this label; `alg` "HPKE-9-KE", "X25519" or "P-256"."""
    return _decryption_key(alg, octets(f"{label} {alg}"))


def _decryption_key(alg: str, secret: bytes) -> DecryptionKey:
    if alg == "HPKE-9-KE":
        return DecryptionKey.from_bytes(alg, secret)
    curve: Any = x25519.X25519PrivateKey.from_private_bytes(secret) if alg == "X25519" else _p256(secret)
    stored = curve.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return DecryptionKey.from_bytes(alg, stored)


def root(label: str) -> Root:
    """The root of this label."""
    return Root(signing_key("Ed25519", f"{label} root"), signing_key("ML-DSA-65", f"{label} root"))


def ledger_key(name: str = LEDGER_NAME, number: int = 1) -> LedgerKey:
    """The ledger's key; `number` makes others of the same name."""
    seed = f"{name} ledger" if number == 1 else f"{name} ledger {number}"
    return LedgerKey(name, ed25519.Ed25519PrivateKey.from_private_bytes(octets(seed)))


def private_jwk(key: SigningKey | DecryptionKey) -> dict[str, str]:
    """A private JWK: `d`, or for kty AKP `priv`, 32 octets."""
    material: Any = key._material if isinstance(key, SigningKey) else key.material
    jwk = key.public.jwk
    if jwk["kty"] == "AKP":
        return jwk | {"priv": b64u(_seed_of(key, material))}
    if jwk["kty"] == "EC":
        return jwk | {"d": b64u(material.private_numbers().private_value.to_bytes(32, "big"))}
    return jwk | {"d": b64u(material.private_bytes_raw())}


def _seed_of(key: SigningKey | DecryptionKey, material: Any) -> bytes:
    seed: bytes = key.to_bytes() if isinstance(key, DecryptionKey) else material.private_bytes_raw()
    return seed


def decryption_key_from_jwk(jwk: dict[str, str]) -> DecryptionKey:
    """The decryption key of a private JWK."""
    return _decryption_key(jwk.get("alg") or jwk["crv"], unb64u(jwk.get("priv") or jwk["d"]))


def signing_key_from_jwk(jwk: dict[str, str]) -> SigningKey:
    """The signing key of a private JWK."""
    names = {"Ed25519": "Ed25519", "P-256": "ES256"}
    return _signing_key(jwk.get("alg") or names[jwk["crv"]], unb64u(jwk.get("priv") or jwk["d"]))


def signers_of(agency: str) -> dict[str, SignerSet]:
    """Signers by suite. Golf has ES256 alone; the others use one Ed25519 key in both suites."""
    if agency == GOLF:
        return {
            EC1: SignerSet([signing_key("ES256", agency)]),
            SPARE: SignerSet([signing_key("ES256", "golf 2")]),
        }
    classical, lattice = signing_key("Ed25519", agency), signing_key("ML-DSA-65", agency)
    return {PQ1: SignerSet([classical, lattice]), EC1: SignerSet([classical])}


def openers_of(agency: str) -> dict[str, DecryptionKey]:
    """Decryption keys by suite. Golf has P-256 alone; the others have X-Wing and X25519."""
    if agency == GOLF:
        return {EC1: decryption_key("P-256", agency)}
    return {PQ1: decryption_key("HPKE-9-KE", agency), EC1: decryption_key("X25519", agency)}


def make_agency(agency: str, *, custody: str = "agency", low: str = EC1) -> Agency:
    """An agency with its keys, whose keyset is not signed yet."""
    signing, opening = signers_of(agency), openers_of(agency)
    public = [key for signer in signing.values() for key in signer.signers]
    public += [key.public for key in opening.values()]
    rows = [KeyRow(key, NOW - 10 * DAY, NOW + 365 * DAY) for key in dict.fromkeys(public)]
    return Agency(agency, root(agency), root(f"{agency} next"), signing, opening, rows, custody, low)


def published(agency: Agency, keyset: bytes) -> Agency:
    """Give the agency this keyset, logged a day ago."""
    agency.keyset_jws = keyset
    agency.keyset = verify_keyset(keyset, pinned=agency.root.fingerprint, strict=True, log_time=NOW - DAY)
    return agency
