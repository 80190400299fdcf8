# SPDX-License-Identifier: Apache-2.0
"""The spool: signed objects without a receipt, stored octet for octet.

- An object is on disk, synced, before it is first sent.
- The object sent again is the one that was signed: the caller compares the digest it recorded in the authenticated state.
- It holds only ciphertext and signed statements, never content in clear.
- An object is drafted in a folder whose name begins with a dot and moved into place whole, so that a half-written one is never
  mistaken for it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from accord.calls.exchange import EnvelopeParts
from accord.client.errors import SpoolError
from accord.envelope.encoding import uuid7
from accord.envelope.errors import MalformedError
from accord.privatefiles import (
    PrivateFileError,
    draft_private,
    make_private_folder,
    read_private,
    sync_folder,
    write_private,
)

MANIFEST: Final = "manifest"
JWE: Final = "jwe"
STATEMENT: Final = "statement"
ENTRIES: Final = "entries"
"""Entries of a release onward, beside its statement."""
_DRAFT_KEPT_SECS: Final = 24 * 3600


@dataclass(frozen=True)
class SpooledEnvelope(EnvelopeParts):
    """An envelope whose blobs are files."""

    blobs: tuple[Path, ...]


@dataclass
class Draft:
    """A folder in which an object is assembled. Raises PrivateFileError where the disk refuses.

    `needed`: it outlives the block in which it was made, since the state names it already.
    """

    folder: Path
    needed: bool = False

    def write(self, name: str, content: bytes) -> None:
        """Write one part, whole."""
        write_private(self.folder / name, content)

    def write_statement(self, jws: bytes, entries: bytes | None) -> None:
        """Write a statement, and the entries of a release."""
        self.write(STATEMENT, jws)
        if entries is not None:
            self.write(ENTRIES, entries)

    def blob(self, n: int) -> AbstractContextManager[BinaryIO]:
        """Open blob `n`, to be written piece by piece."""
        return draft_private(self.folder / blob_name(n))

    def take(self, n: int, blob: Path) -> None:
        """Use the blob of another folder on this disk as blob `n`."""
        try:
            os.link(blob, self.folder / blob_name(n))
        except OSError as exc:
            raise PrivateFileError(blob, f"{blob} cannot be kept: {exc.strerror}.") from exc

    def remove(self) -> None:
        """Delete it, unless it was moved into its place or is needed."""
        if not self.needed:
            shutil.rmtree(self.folder, ignore_errors=True)


class Spool:
    """A folder with one subfolder per object, named by its id (jti or statement id)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def draft(self, name: str = "") -> Iterator[Draft]:
        """Yield a new draft; delete it after the block unless it was kept. Raises SpoolError.

        A disk error within the block counts as the spool's: nothing was sent.
        """
        draft = Draft(self._folder / f".{name or secrets.token_hex(8)}")
        try:
            shutil.rmtree(draft.folder, ignore_errors=True)
            make_private_folder(draft.folder)
            yield draft
        except PrivateFileError as exc:
            raise SpoolError(f"Nothing was sent: it cannot be kept on this disk first. {exc}") from exc
        finally:
            draft.remove()

    def keep(self, draft: Draft, object_id: str) -> None:
        """Move a draft into its place, until `drop`; raise PrivateFileError, and then nothing was stored."""
        try:
            os.rename(draft.folder, self.place(object_id))
            sync_folder(self._folder)
        except OSError as exc:
            raise PrivateFileError(
                draft.folder, f"{self._folder} cannot be written: {exc.strerror}."
            ) from exc

    def keep_envelope(self, jti: str, manifest: bytes, jwe: bytes, blobs: Sequence[bytes]) -> None:
        """Store an envelope that is in memory; raise SpoolError, and then nothing was stored."""
        with self.draft() as draft:
            draft.write(MANIFEST, manifest)
            draft.write(JWE, jwe)
            for n, blob in enumerate(blobs):
                draft.write(blob_name(n), blob)
            self.keep(draft, jti)

    def keep_statement(self, statement_id: str, jws: bytes, entries: bytes | None = None) -> None:
        """Store a statement until `drop`, a release with its entries; raise SpoolError."""
        with self.draft() as draft:
            draft.write_statement(jws, entries)
            self.keep(draft, statement_id)

    def renew(self, object_id: str, name: str) -> None:
        """Replace the stored object by the draft `name`; harmless where it was done before."""
        fresh = self._folder / f".{name}"
        if fresh.is_dir():
            self.drop(object_id)
            self.keep(Draft(fresh), object_id)

    def envelope(self, jti: str) -> SpooledEnvelope:
        """Return the stored envelope; raise SpoolError."""
        try:
            return read_parts(self.place(jti))
        except PrivateFileError as exc:
            raise _not_whole(jti, exc) from exc

    def statement(self, statement_id: str) -> bytes:
        """Return the stored statement; raise SpoolError."""
        try:
            return read_private(self.place(statement_id) / STATEMENT)
        except PrivateFileError as exc:
            raise _not_whole(statement_id, exc) from exc

    def entries(self, statement_id: str) -> bytes | None:
        """Return the entries stored with a release, None for any other statement; raise SpoolError."""
        place = self.place(statement_id) / ENTRIES
        try:
            return read_private(place) if place.exists() else None
        except PrivateFileError as exc:
            raise _not_whole(statement_id, exc) from exc

    def holds(self, object_id: str) -> bool:
        """Tell whether an object is stored under this id."""
        return self.place(object_id).is_dir()

    def ids(self) -> list[str]:
        """Return the ids of all stored objects, oldest first (ids of version 7 begin with their time)."""
        if not self._folder.is_dir():
            return []
        return sorted(entry.name for entry in self._folder.iterdir() if _is_id(entry.name))

    def drop(self, object_id: str) -> None:
        """Delete an object; harmless when it is not there."""
        shutil.rmtree(self.place(object_id), ignore_errors=True)

    def set_aside(self, object_id: str, into: Path) -> Path | None:
        """Move a finished object into another folder of this disk; None where nothing is stored under this id.

        Raises SpoolError; then it stays.
        """
        if not self.holds(object_id):
            return None
        place = into / object_id
        try:
            make_private_folder(into)
            shutil.rmtree(place, ignore_errors=True)
            os.rename(self.place(object_id), place)
            # The time counts from now on, whenever it was signed.
            os.utime(place)
        except (OSError, PrivateFileError) as exc:
            raise SpoolError(f"{object_id} cannot be moved to {into}; it stays in the spool.") from exc
        return place

    def drop_old_drafts(self, *, now: int) -> None:
        """Delete, after a day, what a killed program had begun to write."""
        drop_older(self._folder, than=now - _DRAFT_KEPT_SECS, names=".*")

    def place(self, object_id: str) -> Path:
        """Return the folder of one object."""
        return self._folder / object_id


def read_parts(folder: Path) -> SpooledEnvelope:
    """Read an envelope's parts from a folder; raise PrivateFileError."""
    count = sum(1 for _ in folder.glob("blob-*"))
    return SpooledEnvelope(
        manifest=read_private(folder / MANIFEST),
        jwe=read_private(folder / JWE),
        blobs=tuple(folder / blob_name(n) for n in range(count)),
    )


def drop_older(folder: Path, *, than: int, names: str = "*") -> None:
    """Delete the subfolders that were last changed before a moment in seconds."""
    for old in folder.glob(names):
        with contextlib.suppress(OSError):
            if old.stat().st_mtime < than:
                shutil.rmtree(old, ignore_errors=True)


def blob_name(n: int) -> str:
    """Return the file name of blob `n`."""
    return f"blob-{n}"


def _not_whole(object_id: str, exc: PrivateFileError) -> SpoolError:
    return SpoolError(f"The spool does not hold {object_id} whole. {exc}")


def _is_id(name: str) -> bool:
    try:
        uuid7(name, "spool")
    except MalformedError:
        return False
    return True
