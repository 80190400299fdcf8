# SPDX-License-Identifier: Apache-2.0
"""The two files of a desk that is locked at rest: the locked ring on a disk, the opened one in memory.

The opened file lies in a folder on a RAM file system and nowhere else. While it exists every process of the desk has
the ring; once it is removed, by `lock_desk` or by a power-off, none has.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.views.decorators.debug import sensitive_variables

from vault.errors import LockedFileError, RamFolderError, RingMadeError
from vault.locking import LARGEST_FILE_BYTES

IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
MOUNTS: Final = Path("/proc/self/mountinfo")
OWNER_ONLY: Final = 0o600

Stamp = tuple[int, int, int, int]
"""Identity of an opened file: device, inode, time of change, size."""


@dataclass(frozen=True)
class RingFiles:
    """The two files of a desk's ring; `in_memory_only` refuses to write the opened one to a disk."""

    locked: Path
    opened: Path
    in_memory_only: bool = True

    @property
    def is_made(self) -> bool:
        """Tell whether there is a locked ring."""
        return os.path.lexists(self.locked)

    def stamp(self) -> Stamp | None:
        """Return the stamp of the opened file; None where there is none."""
        try:
            found = os.lstat(self.opened)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino, found.st_ctime_ns, found.st_size

    def read_locked(self) -> bytes:
        """Read the locked ring; raises LockedFileError."""
        try:
            return _read(self.locked)
        except OSError as failure:
            raise LockedFileError(f"it cannot be read: {failure.strerror}") from None

    @sensitive_variables()
    def read_opened(self) -> str:
        """Read the opened ring; raises FileNotFoundError once it is removed."""
        return _read(self.opened).decode("ascii", "replace")

    @sensitive_variables()
    def write_opened(self, ring_text: str) -> None:
        """Write the opened ring where every process of the desk finds it, whole or not at all. Raises RamFolderError."""
        if self.in_memory_only and not is_in_memory(self.opened.parent):
            raise RamFolderError
        written = _write_beside(self.opened, ring_text.encode())
        with _removed_on_failure(written):
            written.replace(self.opened)

    def remove_opened(self) -> bool:
        """Remove the opened ring; return whether there was one."""
        try:
            self.opened.unlink()
        except FileNotFoundError:
            return False
        return True

    def write_first(self, octets: bytes) -> None:
        """Write the first locked ring, durably; raises RingMadeError where there is one."""
        written = _write_beside(self.locked, octets)
        with _removed_on_failure(written):
            try:
                # A link is made only where nothing is, and unlike a file that is opened for writing it is never half
                # written.
                os.link(written, self.locked)
            except FileExistsError:
                raise RingMadeError from None
            except FileNotFoundError:
                # A faster process has made the ring, and removed this file with what killed processes left.
                if self.is_made:
                    raise RingMadeError from None
                raise
        self._remove_unfinished()
        _sync_folder(self.locked.parent)

    def write_again(self, octets: bytes) -> None:
        """Replace the locked ring."""
        written = _write_beside(self.locked, octets)
        with _removed_on_failure(written):
            written.replace(self.locked)
        self._remove_unfinished()
        _sync_folder(self.locked.parent)

    def _remove_unfinished(self) -> None:
        """Remove temporary files of the locked ring that a killed process left."""
        for path in self.locked.parent.glob(f".{self.locked.name}.*"):
            path.unlink(missing_ok=True)


def is_in_memory(folder: Path) -> bool:
    """Tell whether a folder is on a file system in memory, as the kernel lists its mounts."""
    try:
        device = os.stat(folder).st_dev
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    number = f"{os.major(device)}:{os.minor(device)}"
    kinds = {_kind_of(line) for line in lines if line.split(" ")[2:3] == [number]}
    return bool(kinds) and kinds <= IN_MEMORY


def _kind_of(line: str) -> str:
    """Return the type of file system, which follows the optional fields."""
    return line.partition(" - ")[2].split(" ")[0]


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    """Remove the file if the block fails."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(LARGEST_FILE_BYTES + 1)


@sensitive_variables()
def _write_beside(path: Path, octets: bytes) -> Path:
    """Write a new file in the same folder, readable by its owner only, synced to the device."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(beside, flags, OWNER_ONLY)
    with _removed_on_failure(beside), os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    return beside


def _sync_folder(folder: Path) -> None:
    """Sync a folder, so that a new name in it is durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
