# SPDX-License-Identifier: Apache-2.0
"""Sections 3.1 and 3.3: public keys, kids and refused keys; private keys of vectors; roots."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256, shake_256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, x25519

from tests.examples.independent.encoding import canonical, digest, kid, tobase64, unbase64
from tests.examples.independent.refusal import Refused, need, said_as

FIELD = 2**255 - 19
_EDWARDS_D = -121665 * pow(121666, -1, FIELD) % FIELD
_ORDER_8_Y = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_Y = {0, 1, FIELD - 1, _ORDER_8_Y, FIELD - _ORDER_8_Y}
_SMALL_U = {
    0,
    1,
    FIELD - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
}
_P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


@dataclass(frozen=True)
class PublicKey:
    """A registered public key."""

    kid: str
    kind: str
    use: str
    alg: str
    suites: tuple[str, ...]
    octets: bytes


_KINDS = {
    ("Ed25519", "sign"): ("Ed25519", ("EC1", "PQ1")),
    ("P-256", "sign"): ("ES256", ("EC1",)),
    ("ML-DSA-65", "sign"): ("ML-DSA-65", ("PQ1",)),
    ("X25519", "enc"): ("ECDH-ES+A256KW", ("EC1",)),
    ("P-256", "enc"): ("ECDH-ES+A256KW", ("EC1",)),
    ("X-Wing", "enc"): ("HPKE-9-KE", ("PQ1",)),
}

# kind: its fixed members, and the lengths of its other members
_FORMS: dict[str, tuple[dict[str, str], dict[str, int]]] = {
    "Ed25519": ({"kty": "OKP", "crv": "Ed25519"}, {"x": 32}),
    "X25519": ({"kty": "OKP", "crv": "X25519"}, {"x": 32}),
    "P-256": ({"kty": "EC", "crv": "P-256"}, {"x": 32, "y": 32}),
    "ML-DSA-65": ({"kty": "AKP", "alg": "ML-DSA-65"}, {"pub": 1952}),
    "X-Wing": ({"kty": "AKP", "alg": "HPKE-9-KE"}, {"pub": 1216}),
}


def shape(jwk: Any) -> tuple[str, bytes]:
    """Kind and octets of a JWK whose members, lengths and spelling are right; otherwise refuses as `malformed`."""
    need(isinstance(jwk, dict))
    for kind, (fixed, lengths) in _FORMS.items():
        if all(jwk.get(name) == value for name, value in fixed.items()):
            need(set(jwk) == set(fixed) | set(lengths))
            return kind, b"".join(unbase64(jwk[name], size) for name, size in lengths.items())
    raise Refused("malformed")


def check_value(kind: str, octets: bytes) -> None:
    """Refuse the keys that section 3.1 refuses for their value."""
    if kind == "Ed25519":
        need(_good_edwards(octets), "key-refused")
    elif kind == "X25519":
        need(_good_montgomery(octets), "key-refused")
    elif kind == "P-256":
        need(_on_p256(octets), "key-refused")
    elif kind == "X-Wing":
        need(_good_mlkem(octets[:1152]) and _good_montgomery(octets[1184:]), "key-refused")


def _good_edwards(octets: bytes) -> bool:
    y = int.from_bytes(octets, "little") & (2**255 - 1)
    if y >= FIELD or y in _SMALL_Y:
        return False
    square = (y * y - 1) * pow(_EDWARDS_D * y * y + 1, -1, FIELD) % FIELD
    return pow(square, (FIELD - 1) // 2, FIELD) in (0, 1)


def _good_montgomery(octets: bytes) -> bool:
    u = int.from_bytes(octets, "little") & (2**255 - 1)
    return u % FIELD not in _SMALL_U


def _on_p256(octets: bytes) -> bool:
    x, y = int.from_bytes(octets[:32], "big"), int.from_bytes(octets[32:], "big")
    return x < _P256 and y < _P256 and (y * y - (x**3 - 3 * x + _P256_B)) % _P256 == 0


def _good_mlkem(octets: bytes) -> bool:
    for place in range(0, len(octets), 3):
        three = int.from_bytes(octets[place : place + 3], "little")
        if three & 0xFFF >= 3329 or three >> 12 >= 3329:
            return False
    return True


def register(jwk: Any, use: str) -> PublicKey:
    """Register the key of a JWK for a use, or refuse it as `key-refused`."""
    with said_as("key-refused"):
        kind, octets = shape(jwk)
        need((kind, use) in _KINDS)
        return _registered(kind, use, octets, digest(canonical(jwk)))


@lru_cache(maxsize=512)
def _registered(kind: str, use: str, octets: bytes, name: str) -> PublicKey:
    check_value(kind, octets)
    alg, suites = _KINDS[kind, use]
    return PublicKey(kid(name), kind, use, alg, suites, octets)


def fingerprint(root: Any) -> str:
    """The fingerprint of a root, [Ed25519 JWK, ML-DSA-65 JWK]."""
    return fingerprint_of(root_keys(root))


def root_keys(root: Any) -> list[PublicKey]:
    """Read the two keys of a root, in their order."""
    need(isinstance(root, list) and len(root) == 2)
    keys = [register(jwk, "sign") for jwk in root]
    need([key.kind for key in keys] == ["Ed25519", "ML-DSA-65"], "key-refused")
    return keys


def fingerprint_of(keys: list[PublicKey]) -> str:
    """The fingerprint of the two keys of a root."""
    return sha256(canonical([key.kid for key in keys])).hexdigest()


def shown(text: str) -> str:
    """Show a fingerprint in groups of four."""
    return " ".join(text[place : place + 4] for place in range(0, 64, 4))


# Private keys occur in the vectors alone.


def xwing_parts(seed: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
    """Expand an X-Wing seed to its two private keys (5.3)."""
    expanded = shake_256(seed).digest(96)
    return (
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def secret(private: dict[str, Any]) -> bytes:
    """The 32 octets of `d` or `priv`."""
    return unbase64(private["priv" if private["kty"] == "AKP" else "d"], 32)


def p256_private(private: dict[str, Any]) -> ec.EllipticCurvePrivateKey:
    """The private P-256 key of a JWK."""
    return ec.derive_private_key(int.from_bytes(secret(private), "big"), ec.SECP256R1())


def public_of(private: dict[str, Any]) -> dict[str, str]:
    """Make the public JWK from the secret octets of a private one."""
    octets = secret(private)
    name = str(private.get("crv") or private.get("alg"))
    if name == "P-256":
        point = p256_private(private).public_key().public_numbers()
        coordinates = {"x": point.x, "y": point.y}
        public = {axis: tobase64(value.to_bytes(32, "big")) for axis, value in coordinates.items()}
        return {"kty": "EC", "crv": name, **public}
    if name == "ML-DSA-65":
        signer = mldsa.MLDSA65PrivateKey.from_seed_bytes(octets)
        return {"kty": "AKP", "alg": name, "pub": tobase64(signer.public_key().public_bytes_raw())}
    if name == "HPKE-9-KE":
        lattice, curve = xwing_parts(octets)
        both = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        return {"kty": "AKP", "alg": name, "pub": tobase64(both)}
    if name == "Ed25519":
        x = ed25519.Ed25519PrivateKey.from_private_bytes(octets).public_key().public_bytes_raw()
    else:
        x = x25519.X25519PrivateKey.from_private_bytes(octets).public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": name, "x": tobase64(x)}
