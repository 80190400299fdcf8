# SPDX-License-Identifier: Apache-2.0
"""The home folder of one agency's client: key file, state, spool.

`keys.accord` holds the private keys, `next-root.accord` the successor of the root (to be moved elsewhere), `state.accord` what
was seen and pinned, `spool/` what waits for its receipt, `key-change` an unfinished change of keys. An agency whose root stays
offline makes it elsewhere (`create_root`) and its operational keys here (`create_operational`).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from accord.client.keys.public import PublicRoot, write_public_root
from accord.client.spool import Spool
from accord.envelope.private import Root
from accord.envelope.selftest import run_primitives
from accord.keyerrors import KeyFileBusyError, KeyFileError, KeyFileKindError, KeyFileTakenError
from accord.keyfile import Argon2Cost, KeyFile, require_strong_passphrase, write_key_file
from accord.keyring import KeyRing, generate_ring, operational_ring, root_only_ring
from accord.passphrases import Passphrase
from accord.privatefiles import PrivateFileError, make_private_folder
from accord.state import StateFile

ROOT_NAME = "root"
NEXT_ROOT_NAME = "next-root"


@dataclass(frozen=True)
class NewKeys:
    """The result of `create_keys`. Fingerprints are 64 hex digits; the first goes to the hub on paper."""

    fingerprint: str
    next_fingerprint: str
    key_file: Path
    next_root_file: Path


@dataclass(frozen=True)
class NewRoot:
    """One root in a file of its own, and the file of its public half, which needs no secrecy."""

    fingerprint: str
    root_file: Path
    public_file: Path


@dataclass(frozen=True)
class NewOperationalKeys:
    """The result of `create_operational`; `kids` in the order in which a keyset will list them."""

    key_file: Path
    kids: tuple[str, ...]


@dataclass(frozen=True)
class Home:
    """The paths in one home folder."""

    folder: Path

    @property
    def key_file(self) -> Path:
        """The private keys."""
        return self.folder / "keys.accord"

    @property
    def next_root_file(self) -> Path:
        """The next root, until it is moved elsewhere."""
        return self.folder / f"{NEXT_ROOT_NAME}.accord"

    @property
    def key_change_file(self) -> Path:
        """An unfinished change of keys."""
        return self.folder / "key-change"

    @property
    def state_file(self) -> Path:
        """The local state."""
        return self.folder / "state.accord"

    @property
    def watch_file(self) -> Path:
        """The position up to which a watch has delivered."""
        return self.folder / "watch.accord"

    @property
    def spool(self) -> Spool:
        """Objects that wait for a receipt."""
        return Spool(self.folder / "spool")

    @property
    def refused(self) -> Path:
        """Copies of objects that the hub has finally refused, for 30 days."""
        return self.folder / "refused"

    @property
    def sent(self) -> Path:
        """Objects with a receipt, octet for octet, for 7 days: a hub that is restored meanwhile wants them again."""
        return self.folder / "sent"

    def open_keys(self, passphrase: Passphrase) -> KeyFile:
        """Open the key file for work; raise `accord.keyerrors.KeyFileError` and its subclasses."""
        opened = KeyFile.open(self.key_file, passphrase)
        if not opened.ring.keys:
            raise KeyFileKindError(
                f"{self.key_file} holds a root alone. A root signs keysets; make the keys to work with in a home "
                "of their own: accord keygen --operational"
            )
        return opened

    def unlock(self, passphrase: Passphrase) -> KeyRing:
        """Return the keys in the key file; raise `accord.keyerrors.KeyFileError` and its subclasses."""
        return self.open_keys(passphrase).ring

    def state(self, ring: KeyRing) -> StateFile:
        """Return the state under the ring's state key."""
        return StateFile(self.state_file, ring.state_key)

    @contextmanager
    def changing_keys(self) -> Iterator[None]:
        """Hold the lock for changing keys; raise KeyFileBusyError where another program holds it."""
        try:
            lock = open(self.folder / "keys.lock", "ab")  # noqa: SIM115 (closed below, in every case)
        except OSError as exc:
            raise KeyFileError(f"The home folder {self.folder} cannot be used: {exc.strerror}.") from exc
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise KeyFileBusyError(
                    "Another accord is changing the keys of this home. Wait until it is done, then look at: "
                    "accord keys"
                ) from None
            yield


def create_keys(
    folder: Path,
    passphrase: Passphrase,
    *,
    suites: Sequence[str] = ("PQ1",),
    now: int,
    cost: Argon2Cost | None = None,
) -> NewKeys:
    """Make all keys of an agency in a new home; raise KeyFileTakenError where keys exist already.

    Two files are written under the same passphrase: the keys, and the next root, which must be moved away from the keys.
    """
    home = _new_home(folder, passphrase)
    ring, successor = generate_ring(suites, now=now)
    # The successor first: keys that name a next root which was never written could not change it later.
    write_key_file(home.next_root_file, root_only_ring(successor, now=now), passphrase, cost=cost)
    write_key_file(home.key_file, ring, passphrase, cost=cost)
    return NewKeys(ring.root.fingerprint, successor.fingerprint, home.key_file, home.next_root_file)


def create_operational(
    folder: Path,
    passphrase: Passphrase,
    *,
    suites: Sequence[str] = ("PQ1",),
    now: int,
    cost: Argon2Cost | None = None,
) -> NewOperationalKeys:
    """Make the keys of a new home whose root lies elsewhere; raise KeyFileTakenError where keys exist already."""
    home = _new_home(folder, passphrase)
    ring = operational_ring(suites, now=now)
    write_key_file(home.key_file, ring, passphrase, cost=cost)
    return NewOperationalKeys(home.key_file, tuple(key.public.kid for key in ring.keys))


def create_root(
    folder: Path, passphrase: Passphrase, *, now: int, cost: Argon2Cost | None = None
) -> tuple[NewRoot, NewRoot]:
    """Make a root and the next root, each in a file of its own beside its public half; for an offline machine.

    Raises KeyFileTakenError where one of the files exists already, KeyFileError.
    """
    run_primitives()
    require_strong_passphrase(passphrase)
    _require_absent(_root_files(folder, ROOT_NAME), _root_files(folder, NEXT_ROOT_NAME))
    root, successor = Root.generate(), Root.generate()
    make_folder(folder)
    after = write_root(folder, NEXT_ROOT_NAME, successor, "", passphrase, now=now, cost=cost)
    first = write_root(folder, ROOT_NAME, root, successor.fingerprint, passphrase, now=now, cost=cost)
    return first, after


def create_next_root(
    folder: Path, passphrase: Passphrase, *, now: int, cost: Argon2Cost | None = None
) -> NewRoot:
    """Make one more root, to be announced as the next one by a root change; its file is named by its fingerprint."""
    run_primitives()
    require_strong_passphrase(passphrase)
    root = Root.generate()
    make_folder(folder)
    return write_root(folder, next_root_name(root), root, "", passphrase, now=now, cost=cost)


def next_root_name(root: Root) -> str:
    """Return the file name of a later next root: none ever overwrites another."""
    return f"{NEXT_ROOT_NAME}-{root.fingerprint[:8]}"


def write_root(
    folder: Path,
    name: str,
    root: Root,
    next_root: str,
    passphrase: Passphrase,
    *,
    now: int,
    cost: Argon2Cost | None = None,
) -> NewRoot:
    """Write a root and its public half; raise KeyFileTakenError, KeyFileError."""
    root_file, public_file = _root_files(folder, name)
    ring = root_only_ring(root, now=now, next_root=next_root)
    write_key_file(root_file, ring, passphrase, cost=cost)
    write_public_root(public_file, PublicRoot(root.public, next_root))
    return NewRoot(root.fingerprint, root_file, public_file)


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter; raise KeyFileError."""
    try:
        make_private_folder(folder)
    except PrivateFileError as exc:
        raise KeyFileError(str(exc)) from exc


def _new_home(folder: Path, passphrase: Passphrase) -> Home:
    run_primitives()
    home = Home(folder)
    require_strong_passphrase(passphrase)
    _require_absent((home.key_file,))
    make_folder(folder)
    return home


def _root_files(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.accord", folder / f"{name}.public.json"


def _require_absent(*groups: Sequence[Path]) -> None:
    for path in (path for group in groups for path in group):
        if path.exists():
            raise KeyFileTakenError(f"{path} holds keys already; they are never overwritten.")
