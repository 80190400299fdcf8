# SPDX-License-Identifier: Apache-2.0
"""The floors of sealing and opening: the unavoidable primitives, and nothing around them."""

import hashlib
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.envelope.keys import EC1, PQ1
from accord.envelope.suites.pq1 import INFO, hpke_suite
from benchmarks._agencies import World
from benchmarks._figures import Work

CONTENT_KEY = bytes(range(32))
IV = bytes(12)


def seal_floor_ec1(world: World, count: int, content: bytes) -> Work:
    """Return, for originator and `count` recipients, a fresh X25519 key and agreement each; AES-GCM; one signature."""
    peers = [
        agency.decryption[EC1].public.material for agency in (world.originator, *world.recipients[:count])
    ]
    sign, cipher = world.signing_keys[0].sign, AESGCM(CONTENT_KEY)

    def work() -> None:
        for peer in peers:
            X25519PrivateKey.generate().exchange(peer)
        cipher.encrypt(IV, content, b"")
        sign(content)

    return work


def seal_floor_pq1(world: World, count: int, content: bytes) -> Work:
    """Return PQ1's floor: as many encapsulations, AES-GCM, and both signatures over content and manifest."""
    peers = [
        agency.decryption[PQ1].public.material for agency in (world.originator, *world.recipients[:count])
    ]
    signs, cipher = [key.sign for key in world.signing_keys], AESGCM(CONTENT_KEY)

    def work() -> None:
        for peer in peers:
            hpke_suite().encrypt(CONTENT_KEY, peer, info=INFO)
        cipher.encrypt(IV, content, b"")
        for sign in signs:
            sign(content)
            sign(content)

    return work


def attachment_floor(octets: bytes) -> Work:
    """Return AES-GCM and SHA-256 of the octets."""
    cipher = AESGCM(CONTENT_KEY)

    def work() -> None:
        hashlib.sha256(cipher.encrypt(IV, octets, b""))

    return work


def open_floor(world: World, suite: str, signed: Sequence[bytes]) -> Work:
    """Return the signature checks of checkpoint, manifest and content, over the `signed` octets, and one decapsulation.

    EC1: three Ed25519 verifications and an X25519 agreement; PQ1: two ML-DSA-65 more, and an HPKE opening.
    """
    ed25519, ml_dsa = world.signing_keys
    pairs = [(ed25519, octets) for octets in signed]
    if suite == PQ1:
        pairs += [(ml_dsa, octets) for octets in signed[1:]]
    checks = [(key.public.material.verify, key.sign(octets), octets) for key, octets in pairs]
    unwrap = _unwrapping(world, suite)

    def work() -> None:
        for verify, signature, octets in checks:
            verify(signature, octets)
        unwrap()

    return work


def _unwrapping(world: World, suite: str) -> Work:
    key = world.recipients[0].decryption[suite]
    if suite == EC1:
        peer = X25519PrivateKey.generate().public_key()
        return lambda: key.material.exchange(peer)
    sealed = hpke_suite().encrypt(CONTENT_KEY, key.public.material, info=INFO)
    return lambda: hpke_suite().decrypt(sealed, key.material, info=INFO)
