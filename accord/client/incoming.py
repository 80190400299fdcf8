# SPDX-License-Identifier: Apache-2.0
"""Incoming blobs: measured while they are received, small ones in memory, large ones beside the state.

A blob is ciphertext and stays so here. On disk it is a file without a name in the home folder, which disappears with the
object, however the program ends.
"""

from __future__ import annotations

import hashlib
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Final

from accord.client.errors import DiskError
from accord.client.outgoing import read_errors
from accord.envelope.blobs import CHUNK_BYTES, BlobFacts, measure_file
from accord.envelope.encoding import b64u

IN_MEMORY_BYTES: Final = 1024 * 1024


class HeldBlob:
    """One received blob, to be read as often as needed; `facts` are measured, not claimed."""

    def __init__(self, file: IO[bytes], facts: BlobFacts) -> None:
        self.facts = facts
        self._file = file
        weakref.finalize(self, file.close)

    def open(self) -> IO[bytes]:
        """Return the octets from their beginning; one reader at a time, who must not close it."""
        self._file.seek(0)
        return self._file

    def read(self) -> bytes:
        """Return all octets at once."""
        return self.open().read()


def take_blob(chunks: Iterable[bytes], folder: Path) -> HeldBlob:
    """Receive a blob; large ones lie in `folder`. Raises DiskError, and the errors of `chunks`."""
    whole, size = hashlib.sha256(), 0
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115 (HeldBlob's)
    try:
        for chunk in chunks:
            whole.update(chunk)
            size += len(chunk)
            _write(file, chunk, folder)
    except BaseException:
        file.close()
        raise
    return HeldBlob(file, BlobFacts(b64u(whole.digest()), size))


def hold(octets: bytes) -> HeldBlob:
    """Return a blob from octets."""
    return take_blob([octets], Path(tempfile.gettempdir()))


def held_blobs(blobs: Sequence[bytes | HeldBlob] | None) -> list[HeldBlob] | None:
    """Return blobs from octets or held blobs; None stays None."""
    if blobs is None:
        return None
    return [hold(blob) if isinstance(blob, bytes) else blob for blob in blobs]


def hold_file(path: Path) -> HeldBlob:
    """Return a blob in a file; raise RequestError."""
    with read_errors(path):
        facts = measure_file(path)
        return HeldBlob(path.open("rb", buffering=CHUNK_BYTES), facts)


def _write(file: IO[bytes], chunk: bytes, folder: Path) -> None:
    try:
        file.write(chunk)
    except OSError as exc:
        raise DiskError(f"The attachment cannot be kept in {folder}: {exc.strerror}.") from exc
