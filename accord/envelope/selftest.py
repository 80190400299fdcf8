# SPDX-License-Identifier: Apache-2.0
"""Known answers, one per primitive, computed at the start of every process.

A library without ML-KEM or ML-DSA, or one whose results differ from the standards, is refused with BackendError before it
touches anything. Sealing and opening whole envelopes is in `accord.envelope.selftest_opening`, for processes that may open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from accord.envelope import known_answers
from accord.envelope.encoding import b64u, sha256, unb64u
from accord.envelope.errors import BackendError, EnvelopeError, VerificationError
from accord.envelope.keys import ENC, ML_DSA_65, SIGN, PublicKey
from accord.envelope.suites import ec1, pq1
from accord.envelope.tree import merkle


def run_primitives() -> None:
    """Compute every known answer; raise BackendError naming the primitive that is missing or wrong."""
    for name, compute in _CHECKS.items():
        try:
            compute()
        except (UnsupportedAlgorithm, InvalidSignature, InvalidTag, EnvelopeError, ValueError) as failed:
            raise BackendError(f"{name} is missing or wrong in this cryptographic library") from failed


def _expect(answer: object, known: object) -> None:
    if answer != known:
        raise BackendError("another answer than the known one")


def _sha256() -> None:
    # FIPS 180-4, "abc".
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    _expect(sha256(b"abc").hex(), expected)


def _aes_256_gcm() -> None:
    # McGrew and Viega, test case 14.
    sealed = AESGCM(bytes(32)).encrypt(bytes(12), bytes(16), None)
    _expect(sealed.hex(), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")


def _aes_key_wrap() -> None:
    # RFC 3394, section 4.6.
    wrapped = bytes.fromhex(
        "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"
    )
    known = "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"
    _expect(aes_key_unwrap(bytes(range(32)), wrapped).hex(), known)


def _x25519() -> None:
    # RFC 7748, section 5.2: one iteration from the base point.
    nine = (9).to_bytes(32, "little")
    secret = x25519.X25519PrivateKey.from_private_bytes(nine)
    shared = secret.exchange(x25519.X25519PublicKey.from_public_bytes(nine))
    _expect(shared.hex(), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")


def _p256() -> None:
    # RFC 7518, appendix C: ephemeral private key of Alice, static public key of Bob.
    alice = int.from_bytes(unb64u("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"), "big")
    bob = {
        "kty": "EC",
        "crv": "P-256",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    }
    private = ec.derive_private_key(alice, ec.SECP256R1())
    shared = private.exchange(ec.ECDH(), PublicKey.from_jwk(bob, ENC).material)
    _expect(shared.hex(), "9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4")


def _concat_kdf() -> None:
    # Computed apart from NIST SP 800-56A with the parameters of RFC 7518, section 4.6.2.
    expected = "4d4cc5347dd8f6a4392e7ee74995e2e07fca564634f0fdcb65be59dbe0fcb3e4"
    _expect(ec1.wrapping_key(bytes(32)).hex(), expected)


def _ed25519() -> None:
    # RFC 8037, appendix A.4.
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    _verify_this_alone(PublicKey.from_jwk(jwk, SIGN), unb64u(signature), signed)


def _es256() -> None:
    # RFC 7515, appendix A.3.
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    signed = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"
        b"Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    _verify_this_alone(PublicKey.from_jwk(jwk, SIGN), unb64u(signature), signed)


def _ml_dsa_65() -> None:
    seed = unb64u(known_answers.ML_DSA_SEED)
    raw = mldsa.MLDSA65PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()
    key = PublicKey.from_jwk({"kty": "AKP", "alg": ML_DSA_65, "pub": b64u(raw)}, SIGN)
    signature = unb64u(known_answers.ML_DSA_SIGNATURE)
    signed = known_answers.ML_DSA_SIGNED.encode("ascii")
    _expect(key.kid, known_answers.ML_DSA_KID)
    _verify_this_alone(key, signature, signed)


def _hpke_9_ke() -> None:
    expanded = hashlib.shake_256(unb64u(known_answers.XWING_SEED)).digest(96)
    private = MLKEM768X25519PrivateKey(
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
    )
    sealed = unb64u(known_answers.XWING_EK) + unb64u(known_answers.XWING_ENCRYPTED_KEY)
    content_key = pq1.hpke_suite().decrypt(sealed, private, info=pq1.INFO)
    _expect(b64u(content_key), known_answers.XWING_CONTENT_KEY)


def _merkle() -> None:
    # RFC 9162, section 2.1.1: the empty tree, and a leaf without octets as transparency logs publish it.
    expected = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    _expect(merkle.root_of([]), sha256(b""))
    _expect(merkle.leaf_hash(b"").hex(), expected)


def _verify_this_alone(key: PublicKey, signature: bytes, signed: bytes) -> None:
    """Check that the signature is good, and not good for other octets."""
    key.verify(signature, signed)
    try:
        key.verify(signature, signed + b".")
    except VerificationError:
        return
    raise BackendError("a signature is taken for other octets")


_CHECKS: Final[dict[str, Callable[[], None]]] = {
    "SHA-256": _sha256,
    "AES-256-GCM": _aes_256_gcm,
    "AES key wrap": _aes_key_wrap,
    "X25519": _x25519,
    "P-256": _p256,
    "Concat KDF": _concat_kdf,
    "Ed25519": _ed25519,
    "ES256": _es256,
    "ML-DSA-65": _ml_dsa_65,
    "HPKE-9-KE": _hpke_9_ke,
    "Merkle tree hashing": _merkle,
}
