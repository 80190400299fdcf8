# SPDX-License-Identifier: Apache-2.0
"""Public keys: read from JWKs, named by a thumbprint that is recomputed here, never trusted.

- `PublicKey.from_jwk` is the entry point for keys from outside. It refuses points of small order (for several of them one fixed
  Ed25519 "signature" verifies every message), points off the curve, wrong lengths, unknown kinds and additional members.
- `alg` is a property of the key; a header's claim is compared with it and never obeyed.

Sources: RFC 7638 (thumbprints), RFC 8037 (OKP), RFC 7518 (EC), RFC 9964 (AKP, ML-DSA), docs/spec/envelope.md, "Keys".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey

from accord.envelope.encoding import b64u, canonical, sha256, unb64u
from accord.envelope.errors import BackendError, Failure, KeyRefusedError, MalformedError, VerificationError

SIGN: Final = "sign"
ENC: Final = "enc"
PQ1: Final = "PQ1"
EC1: Final = "EC1"
SUITES: Final = frozenset({EC1, PQ1})

ED25519: Final = "Ed25519"
ES256: Final = "ES256"
ML_DSA_65: Final = "ML-DSA-65"
ECDH: Final = "ECDH-ES+A256KW"
HPKE_9_KE: Final = "HPKE-9-KE"

_MLKEM_BYTES = 1184
_ML_DSA_65_BYTES = 1952

_P25519 = 2**255 - 19
_EDWARDS_D = -121665 * pow(121666, -1, _P25519) % _P25519
_P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
# y of the points of order 1, 2, 4 and 8 on edwards25519; u of the same points on curve25519 and its twist.
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _P25519 - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
_SMALL_ORDER_U = frozenset(
    {
        0,
        1,
        _P25519 - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)


def thumbprint(members: Mapping[str, str]) -> str:
    """RFC 7638 SHA-256 thumbprint over the required members of a JWK, given alone."""
    return b64u(sha256(canonical(dict(members))))


def refuse_small_order_x25519(raw: bytes) -> None:
    """Refuse a u coordinate that gives every peer the same shared secret; raise KeyRefusedError."""
    if (int.from_bytes(raw, "little") & (2**255 - 1)) % _P25519 in _SMALL_ORDER_U:
        raise KeyRefusedError("X25519 point of small order")


def refuse_off_curve_p256(x: bytes, y: bytes) -> None:
    """Refuse coordinates that are not a point of P-256; raise KeyRefusedError."""
    x_int, y_int = int.from_bytes(x, "big"), int.from_bytes(y, "big")
    in_field = x_int < _P256 and y_int < _P256
    if not in_field or (y_int * y_int - (x_int * x_int - 3) * x_int - _P256_B) % _P256:
        raise KeyRefusedError("point is not on P-256")


def _refuse_bad_ed25519(raw: bytes) -> None:
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P25519 or y in _SMALL_ORDER_Y:
        raise KeyRefusedError("Ed25519 point of small order or not canonical")
    numerator, denominator = y * y - 1, _EDWARDS_D * y * y + 1
    # Euler's criterion: x^2 = numerator / denominator has a root if and only if their product is a square.
    if pow(numerator * denominator % _P25519, (_P25519 - 1) // 2, _P25519) != 1:
        raise KeyRefusedError("point is not on edwards25519")


def _load_ed25519(jwk: Mapping[str, str]) -> Any:
    return ed25519.Ed25519PublicKey.from_public_bytes(unb64u(jwk["x"], size=32))


def _load_x25519(jwk: Mapping[str, str]) -> Any:
    return x25519.X25519PublicKey.from_public_bytes(unb64u(jwk["x"], size=32))


def _load_p256(jwk: Mapping[str, str]) -> Any:
    x, y = (int.from_bytes(unb64u(jwk[name], size=32), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _load_ml_dsa(jwk: Mapping[str, str]) -> Any:
    return mldsa.MLDSA65PublicKey.from_public_bytes(unb64u(jwk["pub"], size=_ML_DSA_65_BYTES))


def _load_xwing(jwk: Mapping[str, str]) -> Any:
    raw = unb64u(jwk["pub"], size=_MLKEM_BYTES + 32)
    return MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_BYTES]),
        x25519.X25519PublicKey.from_public_bytes(raw[_MLKEM_BYTES:]),
    )


# Loaders of the library's objects, which check the lengths.


def _check_ed25519(jwk: Mapping[str, str]) -> None:
    _refuse_bad_ed25519(unb64u(jwk["x"]))


def _check_x25519(jwk: Mapping[str, str]) -> None:
    refuse_small_order_x25519(unb64u(jwk["x"]))


def _check_p256(jwk: Mapping[str, str]) -> None:
    refuse_off_curve_p256(unb64u(jwk["x"]), unb64u(jwk["y"]))


def _check_xwing(jwk: Mapping[str, str]) -> None:
    refuse_small_order_x25519(unb64u(jwk["pub"])[_MLKEM_BYTES:])


def _check_nothing(jwk: Mapping[str, str]) -> None:
    """Accept any octets: of the right length they are a key of this kind."""


@dataclass(frozen=True)
class _Kind:
    """One kind of key: the fixed and the varying JWK members, and its use."""

    fixed: tuple[tuple[str, str], ...]
    varying: tuple[str, ...]
    use: str
    alg: str
    suites: frozenset[str]
    check: Callable[[Mapping[str, str]], None]
    load: Callable[[Mapping[str, str]], Any]


_OKP_ED25519 = (("kty", "OKP"), ("crv", "Ed25519"))
_OKP_X25519 = (("kty", "OKP"), ("crv", "X25519"))
_EC_P256 = (("kty", "EC"), ("crv", "P-256"))
_AKP_ML_DSA = (("kty", "AKP"), ("alg", ML_DSA_65))
_AKP_HPKE = (("kty", "AKP"), ("alg", HPKE_9_KE))
_BOTH, _ONLY_EC1, _ONLY_PQ1 = frozenset({EC1, PQ1}), frozenset({EC1}), frozenset({PQ1})
_KINDS = (
    _Kind(_OKP_ED25519, ("x",), SIGN, ED25519, _BOTH, _check_ed25519, _load_ed25519),
    _Kind(_EC_P256, ("x", "y"), SIGN, ES256, _ONLY_EC1, _check_p256, _load_p256),
    _Kind(_AKP_ML_DSA, ("pub",), SIGN, ML_DSA_65, _ONLY_PQ1, _check_nothing, _load_ml_dsa),
    _Kind(_OKP_X25519, ("x",), ENC, ECDH, _ONLY_EC1, _check_x25519, _load_x25519),
    _Kind(_EC_P256, ("x", "y"), ENC, ECDH, _ONLY_EC1, _check_p256, _load_p256),
    _Kind(_AKP_HPKE, ("pub",), ENC, HPKE_9_KE, _ONLY_PQ1, _check_xwing, _load_xwing),
)


def _kind_of(jwk: Mapping[str, Any], use: str) -> _Kind:
    for kind in _KINDS:
        if kind.use == use and all(jwk.get(name) == value for name, value in kind.fixed):
            names = {name for name, _ in kind.fixed} | set(kind.varying)
            if jwk.keys() != names or not all(isinstance(value, str) for value in jwk.values()):
                raise KeyRefusedError("JWK members")
            return kind
    raise KeyRefusedError("kind of key")


class PublicKey:
    """A public key of one use. Immutable; equal when kid and use are equal."""

    def __init__(self, jwk: Mapping[str, str], use: str) -> None:
        """Load a key from a store whose keys were checked before; otherwise use `from_jwk`."""
        self._kind = _kind_of(jwk, use)
        self._jwk = dict(jwk)
        self.use = use
        self.kid = thumbprint(self._jwk)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any], use: str) -> PublicKey:
        """Read a key from outside, with every refusal; raise KeyRefusedError."""
        key = cls(jwk, use)
        try:
            key._kind.check(key._jwk)
            _ = key.material
        except KeyRefusedError:
            raise
        except (MalformedError, ValueError):
            raise KeyRefusedError("public key") from None
        return key

    @property
    def jwk(self) -> dict[str, str]:
        """A copy of the JWK: exactly the RFC 7638 members (for AKP `alg` is one of them)."""
        return dict(self._jwk)

    @property
    def alg(self) -> str:
        """Ed25519, ES256, ML-DSA-65, ECDH-ES+A256KW or HPKE-9-KE."""
        return self._kind.alg

    @property
    def suites(self) -> frozenset[str]:
        """The suites in which the key may be used."""
        return self._kind.suites

    @property
    def curve(self) -> str | None:
        """`crv` of an OKP or EC key, else None."""
        return self._jwk.get("crv")

    @cached_property
    def material(self) -> Any:
        """The library's object, loaded on first use; raises BackendError where a primitive is missing."""
        try:
            return self._kind.load(self._jwk)
        except UnsupportedAlgorithm as missing:
            raise BackendError(f"no {self.alg} in this cryptographic library") from missing

    def verify(self, signature: bytes, signed: bytes) -> None:
        """Check one signature; raise VerificationError."""
        try:
            if self.alg == ES256:
                self._verify_es256(signature, signed)
            elif self.use == SIGN:
                self.material.verify(signature, signed)
            else:
                raise VerificationError(Failure.KEY_USE)
        except (InvalidSignature, ValueError):
            raise VerificationError(Failure.SIGNATURE) from None

    def _verify_es256(self, signature: bytes, signed: bytes) -> None:
        if len(signature) != 64:
            raise VerificationError(Failure.SIGNATURE)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        self.material.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and (self.kid, self.use) == (other.kid, other.use)

    def __hash__(self) -> int:
        return hash((self.kid, self.use))

    def __repr__(self) -> str:
        return f"PublicKey({self.alg}, {self.use}, {self.kid})"


def root_fingerprint(root: Sequence[PublicKey]) -> str:
    """SHA-256 over canonical [kid, kid] of Ed25519 then ML-DSA-65, 64 lower-case hex digits."""
    if [key.alg for key in root] != [ED25519, ML_DSA_65]:
        raise KeyRefusedError("root is not Ed25519 then ML-DSA-65")
    # Canonical JSON of two base64url texts, by hand, since a sender computes this for every recipient.
    classical, lattice = root
    return sha256(f'["{classical.kid}","{lattice.kid}"]'.encode("ascii")).hex()


def show_fingerprint(fingerprint: str) -> str:
    """Return the fingerprint as printed on paper: groups of four hex digits."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def suite_rank(suite: str) -> int:
    """Return the strength of a suite: EC1 is below PQ1; used for an agency's lowest suite."""
    return (EC1, PQ1).index(suite)
