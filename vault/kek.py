# SPDX-License-Identifier: Apache-2.0
"""The ring of key-encryption keys, which wraps every agency's root secret and is never in the database.

- It is read once, when the process starts, and removed from the environment, so that no child process and no later dump
  of the environment has it. Form: `id:key[,id:key]`, each key 32 octets in base64url; the first is the current one, the
  others open what was wrapped before a rotation.
- Or it is locked at rest: `ACCORD_KEK_LOCKED_FILE` names the locked ring on a disk, `ACCORD_KEK_OPENED_FILE` the opened
  one on a RAM file system. Once one process has opened it, every process of the desk has it, as long as that file
  exists.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.views.decorators.debug import sensitive_variables

from accord.envelope.encoding import unb64u
from accord.envelope.errors import MalformedError
from accord.envelope.keys import PublicKey
from vault import locking
from vault.errors import DeskLockedError, KekUnknownError, LockedFileError, VaultClosedError
from vault.ringfiles import RingFiles, Stamp, is_in_memory

VARIABLE: Final = "ACCORD_KEK"
LOCKED_FILE: Final = f"{VARIABLE}_LOCKED_FILE"
OPENED_FILE: Final = f"{VARIABLE}_OPENED_FILE"
HOLDERS: Final = frozenset({"desk", "desk-worker"})
"""Roles that cannot start without a ring."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_NUMBERED = re.compile(r"k([0-9]{1,9})")
_KEY_SIZE_BYTES = 32


@dataclass(frozen=True)
class KekRing:
    """Key-encryption keys by id; `current` is the id of the one that wraps."""

    current: str
    keys: dict[str, bytes] = field(repr=False)

    def key(self, kek: str) -> bytes:
        """Return the key of an id; raises KekUnknownError."""
        if kek not in self.keys:
            raise KekUnknownError(kek)
        return self.keys[kek]


class Lock(StrEnum):
    """State of the lock of this process's ring."""

    NONE = "none"
    """The ring came by ACCORD_KEK, or this role has none."""
    UNMADE = "unmade"
    """There is no locked ring yet."""
    LOCKED = "locked"
    OPEN = "open"


@dataclass
class _Opened:
    """Ring as read from the opened file, and the stamp of that file."""

    stamp: Stamp
    ring: KekRing = field(repr=False)


_held: list[KekRing] = []
_files: list[RingFiles] = []
_opened: list[_Opened] = []
_tried: ContextVar[KekRing | None] = ContextVar("tried", default=None)


@sensitive_variables("text")
def take_from_environment(
    role: str, environment: MutableMapping[str, str] = os.environ, *, development: bool = False
) -> None:
    """Read the ring and remove it from the environment; a role that needs one does not start without it.

    For a ring that is locked at rest, remember its files instead. Raises ImproperlyConfigured, with a text that repeats
    nothing of the value.
    """
    text = environment.pop(VARIABLE, "")
    path = environment.pop(f"{VARIABLE}_FILE", "")
    if role in HOLDERS:
        _files[:] = _files_of(environment, has_ring=bool(text or path), development=development)
        _opened.clear()
    if path and not text:
        text = Path(path).read_text(encoding="ascii").strip()
    if text:
        _held[:] = [parse_ring(text)]
    elif role in HOLDERS and not _held and not _files:
        raise ImproperlyConfigured(f"{VARIABLE} is not set; the role {role} needs it (or {VARIABLE}_FILE).")


def _files_of(environment: MutableMapping[str, str], *, has_ring: bool, development: bool) -> list[RingFiles]:
    """Return the pair of files of a desk that is locked at rest, or an empty list; raises ImproperlyConfigured."""
    locked, opened = environment.get(LOCKED_FILE, ""), environment.get(OPENED_FILE, "")
    if not locked and not opened:
        return []
    if not locked or not opened:
        raise ImproperlyConfigured(f"{LOCKED_FILE} and {OPENED_FILE}: set both, or none.")
    if has_ring and not development:
        raise ImproperlyConfigured(
            f"{VARIABLE} and {LOCKED_FILE} are both set: a ring that lies open protects nothing. Remove one."
        )
    for name, path in ((LOCKED_FILE, locked), (OPENED_FILE, opened)):
        if not Path(path).is_absolute() or not Path(path).parent.is_dir():
            raise ImproperlyConfigured(f"{name}: name a file by its whole path, in a folder that is there.")
    if not development and not is_in_memory(Path(opened).parent):
        raise ImproperlyConfigured(
            f"{OPENED_FILE}: its folder is not on a RAM file system (tmpfs), so a disk would keep the opened ring."
        )
    return [RingFiles(Path(locked), Path(opened), in_memory_only=not development)]


def lock_state() -> Lock:
    """Return the state of the lock, which all processes of the desk share; costs two file look-ups."""
    if not _files:
        return Lock.NONE
    if _files[0].stamp() is not None:
        return Lock.OPEN
    return Lock.LOCKED if _files[0].is_made else Lock.UNMADE


def held_ring() -> KekRing:
    """Return the ring of this process; raises VaultClosedError where there is none, DeskLockedError while it is locked."""
    tried = _tried.get()
    if tried is not None:
        return tried
    if _files:
        return _ring_in_memory(_files[0])
    if not _held:
        raise VaultClosedError("this process holds no key-encryption key")
    return _held[0]


@sensitive_variables()
def open_desk(secret: str, *, check: Callable[[], None] = lambda: None) -> None:
    """Open the locked ring for every process of the desk. Raises WrongSecretError, LockedFileError, VaultClosedError.

    `check` is called first, while this thread alone holds the ring; if it raises, the desk stays locked.
    """
    files = _locked_files()
    ring_text = locking.open_ring(files.read_locked(), secret)
    with _trying(ring_text):
        check()
    files.write_opened(ring_text)


@sensitive_variables()
def make_desk_ring(
    *, passphrase: str, recovery_key: str, ring_text: str = "", check: Callable[[], None] = lambda: None
) -> None:
    """Draw the desk's ring, or take the given one; lock it and open it. `check` as in `open_desk`.

    Raises InputError (passphrase), WrongSecretError (not a recovery key), RingMadeError, VaultClosedError.
    """
    files = _locked_files()
    ring_text = ring_text or locking.draw_ring()
    with _trying(ring_text):
        check()
    files.write_first(locking.lock_ring(ring_text, passphrase=passphrase, recovery_key=recovery_key))
    files.write_opened(ring_text)


@sensitive_variables()
def change_desk_passphrase(secret: str, new_passphrase: str) -> None:
    """Lock the ring with another passphrase; the recovery key stays, and an open desk stays open. Raises as `open_desk`."""
    files = _locked_files()
    files.write_again(locking.change_passphrase(files.read_locked(), secret, new_passphrase))


def backup_key() -> PublicKey:
    """Return the public key of the desk's backups, derived from its recovery key; raises LockedFileError, VaultClosedError."""
    return locking.backup_key_of(_locked_files().read_locked())


@sensitive_variables()
def change_desk_recovery_key(passphrase: str, new_recovery_key: str) -> None:
    """Lock the ring with another recovery key; the passphrase stays, and an open desk stays open. Raises WrongSecretError,
    LockedFileError.
    """
    files = _locked_files()
    files.write_again(locking.change_recovery_key(files.read_locked(), passphrase, new_recovery_key))


@sensitive_variables()
def add_desk_key(passphrase: str, recovery_key: str, *, check: Callable[[], None] = lambda: None) -> bool:
    """Put a fresh key first into the ring of every process of the desk, and open it; return whether a key was drawn.

    No key is drawn while an earlier rotation is unfinished. Both secrets are needed, since both slots are written.
    `check` as in `open_desk`. Raises WrongSecretError, LockedFileError, VaultClosedError.
    """
    files = _locked_files()
    ring_text = locking.open_by_both(files.read_locked(), passphrase=passphrase, recovery_key=recovery_key)
    with _trying(ring_text):
        check()
        keks = held_ring().keys
    is_new = len(keks) == 1
    if is_new:
        ring_text = f"{locking.draw_ring(_next_id(keks))},{ring_text}"
        files.write_again(locking.lock_ring(ring_text, passphrase=passphrase, recovery_key=recovery_key))
    files.write_opened(ring_text)
    return is_new


@sensitive_variables()
def drop_old_desk_keys(passphrase: str, recovery_key: str) -> None:
    """Remove all keys but the first from the ring, once no other is in use. Raises as `add_desk_key`."""
    files = _locked_files()
    opened = locking.open_by_both(files.read_locked(), passphrase=passphrase, recovery_key=recovery_key)
    ring_text = opened.partition(",")[0]
    files.write_again(locking.lock_ring(ring_text, passphrase=passphrase, recovery_key=recovery_key))
    files.write_opened(ring_text)


def _next_id(keks: Iterable[str]) -> str:
    """Return an id that no key of the ring has, nor had an earlier key that was numbered by this function."""
    numbers = [int(found[1]) for kek in keks if (found := _NUMBERED.fullmatch(kek))]
    return f"k{max(numbers, default=0) + 1}"


def lock_desk() -> bool:
    """Remove the opened ring from every process of the desk; return whether it was there. Raises VaultClosedError."""
    was_open = _locked_files().remove_opened()
    _opened.clear()
    return was_open


def _locked_files() -> RingFiles:
    if not _files:
        raise VaultClosedError(f"the ring of this process is not locked at rest: {LOCKED_FILE} is not set")
    return _files[0]


def _ring_in_memory(files: RingFiles) -> KekRing:
    """Return the opened ring, which is read again only when the file has changed; raises DeskLockedError."""
    stamp = files.stamp()
    if stamp is None:
        _opened.clear()
        raise DeskLockedError("the desk is locked")
    known = next(iter(_opened), None)
    if known is not None and known.stamp == stamp:
        return known.ring
    try:
        ring = parse_ring(files.read_opened())
    except (OSError, ImproperlyConfigured):
        _opened.clear()
        raise DeskLockedError("the desk is locked") from None
    _opened[:] = [_Opened(stamp, ring)]
    return ring


@contextmanager
def _trying(ring_text: str) -> Iterator[None]:
    """Give this thread a ring for the length of a block; raises LockedFileError where the text is no ring."""
    try:
        ring = parse_ring(ring_text)
    except ImproperlyConfigured:
        raise LockedFileError("what it holds is no ring") from None
    token = _tried.set(ring)
    try:
        yield
    finally:
        _tried.reset(token)


def parse_ring(text: str) -> KekRing:
    """Read `id:key[,id:key]`; raises ImproperlyConfigured for anything else."""
    keys: dict[str, bytes] = {}
    for position, item in enumerate(text.split(","), start=1):
        kek, _, encoded = item.strip().partition(":")
        if not _ID.fullmatch(kek) or kek in keys:
            raise ImproperlyConfigured(f"{VARIABLE}: key {position} needs an id of its own before the colon.")
        keys[kek] = _read_key(encoded, position)
    if len(set(keys.values())) != len(keys):
        raise ImproperlyConfigured(f"{VARIABLE}: two ids name the same key.")
    return KekRing(next(iter(keys)), keys)


def _read_key(encoded: str, position: int) -> bytes:
    try:
        key = unb64u(encoded, size=_KEY_SIZE_BYTES)
    except MalformedError:
        key = b""
    if len(set(key)) < 2:
        raise ImproperlyConfigured(
            f"{VARIABLE}: key {position} is not 32 random octets in base64url."
        ) from None
    return key
