# SPDX-License-Identifier: Apache-2.0
"""Key rings for tests: the process holds another ring for a while, as after a restart with another setting."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from accord.envelope.encoding import b64u
from vault import kek
from vault.kek import KekRing, held_ring


def followed_by(ring: KekRing, new: str = "new") -> KekRing:
    """Put a fresh key in front of the ring."""
    return KekRing(new, {new: os.urandom(32), **ring.keys})


def without(ring: KekRing, *old: str) -> KekRing:
    """Leave these keys out of the ring."""
    return KekRing(ring.current, {kid: key for kid, key in ring.keys.items() if kid not in old})


def ring_text(ring: KekRing) -> str:
    """The ring in the form of the environment variable."""
    ids = [ring.current, *(kid for kid in ring.keys if kid != ring.current)]
    return ",".join(f"{kid}:{b64u(ring.keys[kid])}" for kid in ids)


@contextmanager
def ring(held: KekRing) -> Iterator[None]:
    """Let this process hold another ring for the length of a block."""
    before = held_ring()
    _take(held)
    try:
        yield
    finally:
        _take(before)


def _take(held: KekRing) -> None:
    kek.take_from_environment("desk", {kek.VARIABLE: ring_text(held)})
