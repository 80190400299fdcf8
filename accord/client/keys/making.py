# SPDX-License-Identifier: Apache-2.0
"""New private keys for a coming keyset: stored in the key file before any keyset names them.

An interrupted change leaves keys that no keyset names; the next one uses those instead of making more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from accord.client.session import Session
from accord.envelope.keys import ED25519, ENC, ML_DSA_65, PQ1, SIGN, PublicKey
from accord.envelope.keysets import Keyset
from accord.envelope.private import DecryptionKey, SigningKey, generate_decryption_key

SIGNING_ALGORITHMS = {True: (ED25519, ML_DSA_65), False: (ED25519,)}


def fresh_keys(session: Session, chain: Iterable[Keyset]) -> list[SigningKey | DecryptionKey]:
    """Return the private keys of this home that no keyset names."""
    named = {row.kid for keyset in chain for row in keyset.rows}
    return [key for key in session.ring.keys if key.public.kid not in named]


def provide_keys(
    session: Session, chain: Sequence[Keyset], *, uses: Collection[str], suites: Collection[str]
) -> list[PublicKey]:
    """Return one new key for each purpose, in the order of a keyset: signing keys, then by suite.

    They are stored before they are named. Raises KeyFileError, and then nothing was made.
    """
    unused = fresh_keys(session, chain)
    signing = [_signing(alg, unused) for alg in SIGNING_ALGORITHMS[PQ1 in suites]] if SIGN in uses else []
    wanted = [suite for suite in ("PQ1", "EC1") if suite in suites and ENC in uses]
    decryption = [_decryption(suite, unused) for suite in wanted]
    _keep(session, signing, decryption)
    return [*(key.public for key in signing), *(key.public for key in decryption)]


def _signing(alg: str, unused: Iterable[SigningKey | DecryptionKey]) -> SigningKey:
    made = (key for key in unused if isinstance(key, SigningKey) and key.public.alg == alg)
    return next(made, None) or SigningKey.generate(alg)


def _decryption(suite: str, unused: Iterable[SigningKey | DecryptionKey]) -> DecryptionKey:
    made = (key for key in unused if isinstance(key, DecryptionKey) and suite in key.public.suites)
    return next(made, None) or generate_decryption_key(suite)


def _keep(session: Session, signing: Sequence[SigningKey], decryption: Sequence[DecryptionKey]) -> None:
    ring = session.ring
    held = {key.public.kid for key in ring.keys}
    more_signing = tuple(key for key in signing if key.public.kid not in held)
    more_decryption = tuple(key for key in decryption if key.public.kid not in held)
    if more_signing or more_decryption:
        session.keys.replace(
            replace(
                ring,
                signing=(*ring.signing, *more_signing),
                decryption=(*ring.decryption, *more_decryption),
            )
        )
