# SPDX-License-Identifier: Apache-2.0
"""Private keys. A process that imports this module can sign or open; the exchange never does.

Nothing here is printed: `repr` shows the kid, and errors carry no key material. Storage form (`to_bytes`): PKCS #8 DER,
unencrypted, except HPKE-9-KE, whose form is its 32-byte seed; the caller has to encrypt it at rest.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from typing import Any, Final

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from accord.envelope.encoding import b64u
from accord.envelope.errors import BackendError, KeyRefusedError, MalformedError
from accord.envelope.jws import protected_header, write_jws
from accord.envelope.keys import (
    EC1,
    ED25519,
    ENC,
    ES256,
    HPKE_9_KE,
    ML_DSA_65,
    PQ1,
    SIGN,
    PublicKey,
    root_fingerprint,
)
from accord.envelope.tree.notes import VerifierKey, signature_line

X25519: Final = "X25519"
P256: Final = "P-256"

_SEED_BYTES = 32
_LEDGER_PREFIX = "PRIVATE+KEY+"
_ED25519_NOTE = b"\x01"


def _okp(curve: str, raw: bytes) -> dict[str, str]:
    return {"crv": curve, "kty": "OKP", "x": b64u(raw)}


def _ec(public: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    x, y = (b64u(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    return {"crv": P256, "kty": "EC", "x": x, "y": y}


def _akp(alg: str, raw: bytes) -> dict[str, str]:
    return {"alg": alg, "kty": "AKP", "pub": b64u(raw)}


def _pkcs8(material: Any) -> bytes:
    encoded: bytes = material.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return encoded


def _load_pkcs8(data: bytes) -> Any:
    try:
        return serialization.load_der_private_key(data, password=None)
    except UnsupportedAlgorithm as missing:
        raise BackendError("this cryptographic library cannot load the private key") from missing
    except (ValueError, TypeError, InternalError):
        raise MalformedError("private key") from None


def _seed_to_xwing(seed: bytes) -> tuple[Any, bytes]:
    """Return the X-Wing key pair of a seed (draft-connolly-cfrg-xwing-kem): private object and public octets."""
    expanded = hashlib.shake_256(seed).digest(96)
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    curve = x25519.X25519PrivateKey.from_private_bytes(expanded[64:])
    public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    return MLKEM768X25519PrivateKey(lattice, curve), public


class SigningKey:
    """A private key that signs; hedged (randomised) where the algorithm offers it."""

    def __init__(self, material: Any) -> None:
        self._material = material
        self.public = PublicKey(_signing_jwk(material), SIGN)

    @classmethod
    def generate(cls, alg: str = ED25519) -> SigningKey:
        """Return a new key: "Ed25519", "ES256" or "ML-DSA-65"."""
        try:
            return cls(_SIGNING_GENERATORS[alg]())
        except UnsupportedAlgorithm as missing:
            raise BackendError(f"no {alg} in this cryptographic library") from missing

    @classmethod
    def from_bytes(cls, data: bytes) -> SigningKey:
        """Read the storage form; raise MalformedError."""
        return cls(_load_pkcs8(data))

    def to_bytes(self) -> bytes:
        """Return the storage form: PKCS #8 DER, unencrypted."""
        return _pkcs8(self._material)

    def sign(self, signed: bytes) -> bytes:
        """Return the raw signature as JOSE writes it (ES256: r and s, 64 octets)."""
        if self.public.alg == ES256:
            r, s = decode_dss_signature(self._material.sign(signed, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        signature: bytes = self._material.sign(signed)
        return signature

    def __repr__(self) -> str:
        return f"SigningKey({self.public.alg}, {self.public.kid})"


_SIGNING_GENERATORS: dict[str, Any] = {
    ED25519: ed25519.Ed25519PrivateKey.generate,
    ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
    ML_DSA_65: mldsa.MLDSA65PrivateKey.generate,
}


def _signing_jwk(material: Any) -> dict[str, str]:
    if isinstance(material, ed25519.Ed25519PrivateKey):
        return _okp("Ed25519", material.public_key().public_bytes_raw())
    if isinstance(material, mldsa.MLDSA65PrivateKey):
        return _akp(ML_DSA_65, material.public_key().public_bytes_raw())
    if isinstance(material, ec.EllipticCurvePrivateKey) and material.curve.name == "secp256r1":
        return _ec(material.public_key())
    raise KeyRefusedError("kind of signing key")


class DecryptionKey:
    """A private key that unwraps content keys. `material` is for `accord.envelope.unseal` alone."""

    def __init__(self, material: Any, public: PublicKey, stored: bytes) -> None:
        self.material = material
        self.public = public
        self._stored = stored

    @classmethod
    def generate(cls, alg: str = HPKE_9_KE) -> DecryptionKey:
        """Return a new key: "HPKE-9-KE" (PQ1), "X25519" or "P-256" (EC1)."""
        if alg == HPKE_9_KE:
            return cls.from_bytes(HPKE_9_KE, os.urandom(_SEED_BYTES))
        if alg == X25519:
            return cls._of_curve(x25519.X25519PrivateKey.generate())
        if alg == P256:
            return cls._of_curve(ec.generate_private_key(ec.SECP256R1()))
        raise KeyRefusedError("kind of decryption key")

    @classmethod
    def from_bytes(cls, alg: str, data: bytes) -> DecryptionKey:
        """Read the storage form; `alg` as in `public.alg` or `generate`. Raises MalformedError."""
        if alg != HPKE_9_KE:
            return cls._of_curve(_load_pkcs8(data))
        if len(data) != _SEED_BYTES:
            raise MalformedError("private key")
        try:
            material, raw = _seed_to_xwing(data)
        except UnsupportedAlgorithm as missing:
            raise BackendError("no ML-KEM-768 in this cryptographic library") from missing
        return cls(material, PublicKey(_akp(HPKE_9_KE, raw), ENC), data)

    @classmethod
    def _of_curve(cls, material: Any) -> DecryptionKey:
        if isinstance(material, x25519.X25519PrivateKey):
            jwk = _okp("X25519", material.public_key().public_bytes_raw())
        elif isinstance(material, ec.EllipticCurvePrivateKey) and material.curve.name == "secp256r1":
            jwk = _ec(material.public_key())
        else:
            raise KeyRefusedError("kind of decryption key")
        return cls(material, PublicKey(jwk, ENC), _pkcs8(material))

    def to_bytes(self) -> bytes:
        """Return the storage form: PKCS #8 DER, unencrypted; HPKE-9-KE: the 32-byte seed."""
        return self._stored

    def __repr__(self) -> str:
        return f"DecryptionKey({self.public.alg}, {self.public.kid})"


def private_key_from_bytes(public: PublicKey, data: bytes) -> SigningKey | DecryptionKey:
    """Read a storage form that must belong to `public`; raise MalformedError."""
    key = SigningKey.from_bytes(data) if public.use == SIGN else DecryptionKey.from_bytes(public.alg, data)
    if key.public != public:
        raise MalformedError("private key of another public key")
    return key


class SignerSet:
    """Signing keys in the order of their signatures; a `JwsSigner`."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._keys = tuple(keys)

    @property
    def signers(self) -> tuple[PublicKey, ...]:
        """The public keys in the order of signatures."""
        return tuple(key.public for key in self._keys)

    def sign_jws(self, typ: str, payload: bytes) -> bytes:
        """Sign `payload` with every key."""
        signatures = []
        for key in self._keys:
            protected = protected_header(key.public, typ)
            signed = protected.encode("ascii") + b"." + b64u(payload).encode("ascii")
            signatures.append((protected, key.sign(signed)))
        return write_jws(payload, signatures)

    def __repr__(self) -> str:
        return f"SignerSet({', '.join(key.public.kid for key in self._keys)})"


class Root:
    """An agency's root: Ed25519 and ML-DSA-65, always both.

    It signs only keysets, revocations, reopenings of a desk and lists of fingerprints.
    """

    def __init__(self, classical: SigningKey, lattice: SigningKey) -> None:
        self._keys = (classical, lattice)
        self.public = (classical.public, lattice.public)
        self.fingerprint = root_fingerprint(self.public)

    @classmethod
    def generate(cls) -> Root:
        """Return a new root."""
        return cls(SigningKey.generate(ED25519), SigningKey.generate(ML_DSA_65))

    @classmethod
    def from_bytes(cls, classical: bytes, lattice: bytes) -> Root:
        """Read the two storage forms."""
        return cls(SigningKey.from_bytes(classical), SigningKey.from_bytes(lattice))

    def to_bytes(self) -> tuple[bytes, bytes]:
        """Return the two storage forms, Ed25519 then ML-DSA-65."""
        return self._keys[0].to_bytes(), self._keys[1].to_bytes()

    @property
    def signer(self) -> SignerSet:
        """The signer of the root."""
        return SignerSet(self._keys)

    def change_signer(self, successor: Root) -> SignerSet:
        """Return the signer of a root change: the old two keys, then the new two."""
        return SignerSet((*self._keys, *successor._keys))

    def __repr__(self) -> str:
        return f"Root({self.fingerprint})"


def generate_signing_keys(suite: str) -> list[SigningKey]:
    """Return the keys that sign in `suite`, in the order of signatures: PQ1 two, EC1 one Ed25519."""
    algs = {PQ1: (ED25519, ML_DSA_65), EC1: (ED25519,)}[suite]
    return [SigningKey.generate(alg) for alg in algs]


def generate_decryption_key(suite: str) -> DecryptionKey:
    """Return a key that opens `suite`: PQ1 HPKE-9-KE, EC1 X25519."""
    return DecryptionKey.generate({PQ1: HPKE_9_KE, EC1: X25519}[suite])


class LedgerKey:
    """An Ed25519 key that signs C2SP notes under a name (its origin)."""

    def __init__(self, name: str, material: ed25519.Ed25519PrivateKey) -> None:
        self.name = name
        self._material = material
        public = material.public_key().public_bytes_raw()
        self.verifier = VerifierKey(name, public)

    @classmethod
    def generate(cls, name: str) -> LedgerKey:
        """Return a new key for the origin `name` (no space, no plus sign)."""
        return cls(name, ed25519.Ed25519PrivateKey.generate())

    @classmethod
    def from_text(cls, text: str) -> LedgerKey:
        """Read `PRIVATE+KEY+<name>+<key id>+<base64>`; raise MalformedError."""
        try:
            name, key_id, encoded = text.strip().removeprefix(_LEDGER_PREFIX).split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise MalformedError("ledger key") from None
        if not text.startswith(_LEDGER_PREFIX) or raw[:1] != _ED25519_NOTE or len(raw) != 1 + _SEED_BYTES:
            raise MalformedError("ledger key")
        key = cls(name, ed25519.Ed25519PrivateKey.from_private_bytes(raw[1:]))
        if key.verifier.key_id.hex() != key_id:
            raise MalformedError("ledger key of another name")
        return key

    def to_text(self) -> str:
        """Return the storage form, unencrypted, as Go's note package writes it."""
        raw = base64.b64encode(_ED25519_NOTE + self._material.private_bytes_raw()).decode("ascii")
        return f"{_LEDGER_PREFIX}{self.name}+{self.verifier.key_id.hex()}+{raw}"

    @property
    def vkey(self) -> str:
        """The C2SP verifier key, public."""
        return self.verifier.text

    def sign_note(self, text: str) -> str:
        """Return the signed note over `text`, which ends in a newline."""
        signature = self._material.sign(text.encode("utf-8"))
        return text + "\n" + signature_line(self.name, self.verifier.key_id, signature)

    def __repr__(self) -> str:
        return f"LedgerKey({self.vkey})"
