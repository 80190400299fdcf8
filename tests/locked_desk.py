# SPDX-License-Identifier: Apache-2.0
"""Have this process be, for a while, a desk whose ring is locked at rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.agencies.key_rings import ring_text
from vault import kek, locking
from vault.kek import LOCKED_FILE, OPENED_FILE, VARIABLE, held_ring
from vault.unlocking import GUESSES

PASSPHRASE: Final = "kalter kaffee am gleis neun"
RECOVERY_KEY: Final = locking.draw_recovery_key()
QUICK: Final = {"kdf": "scrypt", "n": 2**10, "p": 1, "r": 8}
"""A low cost of key derivation, so that the suite stays fast."""


@dataclass(frozen=True)
class LockedDesk:
    """The paths of the locked ring and of the opened one."""

    locked: Path
    opened: Path

    @property
    def environment(self) -> dict[str, str]:
        return {LOCKED_FILE: str(self.locked), OPENED_FILE: str(self.opened)}


@contextmanager
def unmade_desk(folder: Path) -> Iterator[LockedDesk]:
    """Be a desk without a ring inside the block; afterwards this process holds its own ring again."""
    before = held_ring()
    desk = LockedDesk(folder / "disk" / "ring.locked", folder / "memory" / "ring")
    for path in (desk.locked, desk.opened):
        path.parent.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(locking.DERIVED_WITH, locking.PASSPHRASE, QUICK)
        kek.take_from_environment("desk", desk.environment, development=True)
        GUESSES.forget()
        try:
            yield desk
        finally:
            kek.take_from_environment("desk", {VARIABLE: ring_text(before)})
            GUESSES.forget()


@contextmanager
def locked_desk(folder: Path) -> Iterator[LockedDesk]:
    """Be a desk whose ring, that of this process, is locked inside the block."""
    text = ring_text(held_ring())
    with unmade_desk(folder) as desk:
        desk.locked.write_bytes(locking.lock_ring(text, passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY))
        yield desk
