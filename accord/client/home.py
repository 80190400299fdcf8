# SPDX-License-Identifier: Apache-2.0
"""The home folder of one agency's client: key file, state, spool.

`keys.accord` holds the private keys, `next-root.accord` the successor of the root (to be moved to another
place), `state.accord` what was seen and pinned, `spool/` what waits for its receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from accord.client.spool import Spool
from accord.envelope.selftest import run_primitives
from accord.keyfile import (
    Argon2Cost,
    KeyFileError,
    KeyFileTakenError,
    KeyRing,
    generate_ring,
    read_key_file,
    require_strong_passphrase,
    root_only_ring,
    write_key_file,
)
from accord.privatefiles import PrivateFileError, make_private_folder
from accord.state import StateFile


@dataclass(frozen=True)
class NewKeys:
    """What `create_keys` made. Fingerprints are 64 hex digits; the first goes to the hub on paper."""

    fingerprint: str
    next_fingerprint: str
    key_file: Path
    next_root_file: Path


@dataclass(frozen=True)
class Home:
    """The places in one home folder."""

    folder: Path

    @property
    def key_file(self) -> Path:
        """The private keys."""
        return self.folder / "keys.accord"

    @property
    def next_root_file(self) -> Path:
        """The next root, until it is moved elsewhere."""
        return self.folder / "next-root.accord"

    @property
    def state_file(self) -> Path:
        """The local state."""
        return self.folder / "state.accord"

    @property
    def spool(self) -> Spool:
        """What waits for a receipt."""
        return Spool(self.folder / "spool")

    def unlock(self, passphrase: str) -> KeyRing:
        """Open the key file; raises `accord.keyfile.KeyFileError` and its kin."""
        return read_key_file(self.key_file, passphrase)

    def state(self, ring: KeyRing) -> StateFile:
        """The state under the ring's state key."""
        return StateFile(self.state_file, ring.state_key)


def create_keys(
    folder: Path,
    passphrase: str,
    *,
    suites: Sequence[str] = ("PQ1",),
    now: int,
    cost: Argon2Cost | None = None,
) -> NewKeys:
    """Make all keys of an agency in a new home; raises KeyFileTakenError where keys stand already.

    Two files are written under the same passphrase: the keys, and the next root, which belongs into
    another place than the keys.
    """
    run_primitives()
    home = Home(folder)
    require_strong_passphrase(passphrase)
    if home.key_file.exists():
        raise KeyFileTakenError(f"{home.key_file} holds keys already; they are never overwritten.")
    try:
        make_private_folder(folder)
    except PrivateFileError as exc:
        raise KeyFileError(str(exc)) from exc
    ring, successor = generate_ring(suites, now=now)
    # The successor first: keys that name a next root which was never written could not change it later.
    write_key_file(home.next_root_file, root_only_ring(successor, now=now), passphrase, cost=cost)
    write_key_file(home.key_file, ring, passphrase, cost=cost)
    return NewKeys(ring.root.fingerprint, successor.fingerprint, home.key_file, home.next_root_file)
