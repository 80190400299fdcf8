# SPDX-License-Identifier: Apache-2.0
"""Private files: written whole or not at all, readable by their owner alone.

A file is written beside its place, synced, then renamed over it, so that a crash or a full disk leaves the old one. Files that
others may read or write are refused on reading: permissions are part of the protection.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

OWNER_ONLY: Final = 0o600
FOLDER_OWNER_ONLY: Final = 0o700
MAX_FILE_BYTES: Final = 512 * 1024 * 1024

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class PrivateFileError(Exception):
    """A private file cannot be used; the text is a sentence that names the remedy."""

    def __init__(self, path: Path, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path


class FileAbsentError(PrivateFileError):
    """There is no such file."""


class FileExposedError(PrivateFileError):
    """Others may read or write the file."""


class FileTakenError(PrivateFileError):
    """The file exists already and would be overwritten."""


def make_private_folder(path: Path) -> None:
    """Make a folder, and its parents, that only its owner can enter."""
    try:
        path.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
    except OSError as exc:
        raise PrivateFileError(path, f"{path} cannot be made: {_reason(exc)}.") from exc


def read_private(path: Path) -> bytes:
    """Read a file that only its owner can access; raise FileAbsentError, FileExposedError, PrivateFileError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as exc:
        raise FileAbsentError(path, f"{path} does not exist.") from exc
    except OSError as exc:
        raise PrivateFileError(path, f"{path} cannot be read: {_reason(exc)}.") from exc
    try:
        _refuse_exposed(path, os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_FILE_BYTES)
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes, *, overwrite: bool = True) -> None:
    """Write a file whole, mode 0600, in an atomic step; raise FileTakenError, PrivateFileError."""
    with draft_private(path, overwrite=overwrite) as draft:
        draft.write(content)


@contextlib.contextmanager
def draft_private(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Write piece by piece as `write_private` does: the file is put in place only if the block ends well.

    An OSError within the block counts as one of the file's.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, _NEW_FILE, OWNER_ONLY), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(draft, path, overwrite=overwrite)
        sync_folder(path.parent)
    except FileExistsError as exc:
        raise FileTakenError(path, f"{path} exists already; nothing was overwritten.") from exc
    except OSError as exc:
        raise PrivateFileError(path, f"{path} cannot be written: {_reason(exc)}.") from exc
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _refuse_exposed(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise PrivateFileError(path, f"{path} is not a file.")
    if facts.st_mode & _OTHERS:
        raise FileExposedError(path, f"Others may read {path}. Run: chmod 600 {path}")


def _put_in_place(draft: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        os.replace(draft, path)
    else:
        # A hard link fails where the name is taken; a rename would overwrite.
        os.link(draft, path)


def sync_folder(folder: Path) -> None:
    """Sync a folder's names to the disk; raise OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(exc: OSError) -> str:
    return exc.strerror or type(exc).__name__
