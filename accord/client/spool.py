# SPDX-License-Identifier: Apache-2.0
"""The spool: what was signed and has no receipt yet, kept octet for octet.

Guarantees that an object is on disk, synced, before it is first sent, and that what is sent again is what was
signed: the caller compares the digest it recorded in the authenticated state. Holds ciphertext and signed
statements only, never content in clear.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from accord.client.errors import SpoolError
from accord.envelope.encoding import uuid7
from accord.envelope.errors import MalformedError
from accord.privatefiles import PrivateFileError, make_private_folder, read_private, write_private

_MANIFEST: Final = "manifest"
_JWE: Final = "jwe"
_STATEMENT: Final = "statement"


@dataclass(frozen=True)
class SpooledEnvelope:
    """The parts of an envelope as they go over the wire."""

    manifest: bytes
    jwe: bytes
    blobs: tuple[bytes, ...]


class Spool:
    """One folder an object, named by its id (jti or statement id)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep_envelope(self, jti: str, manifest: bytes, jwe: bytes, blobs: Sequence[bytes]) -> None:
        """Keep an envelope until `drop`; raises SpoolError, and then nothing was kept."""
        parts = {_MANIFEST: manifest, _JWE: jwe} | {_blob_name(n): blob for n, blob in enumerate(blobs)}
        self._keep(jti, parts)

    def keep_statement(self, statement_id: str, jws: bytes) -> None:
        """Keep a statement until `drop`; raises SpoolError."""
        self._keep(statement_id, {_STATEMENT: jws})

    def envelope(self, jti: str) -> SpooledEnvelope:
        """The envelope as kept; raises SpoolError."""
        count = sum(1 for _ in self._place(jti).glob("blob-*"))
        blobs = tuple(self._read(jti, _blob_name(n)) for n in range(count))
        return SpooledEnvelope(self._read(jti, _MANIFEST), self._read(jti, _JWE), blobs)

    def statement(self, statement_id: str) -> bytes:
        """The statement as kept; raises SpoolError."""
        return self._read(statement_id, _STATEMENT)

    def holds(self, object_id: str) -> bool:
        """Whether something is kept under this id."""
        return self._place(object_id).is_dir()

    def ids(self) -> list[str]:
        """The ids of all that is kept, oldest first (ids of version 7 begin with their time)."""
        if not self._folder.is_dir():
            return []
        return sorted(entry.name for entry in self._folder.iterdir() if _is_id(entry.name))

    def drop(self, object_id: str) -> None:
        """Forget an object; harmless when it is not there."""
        shutil.rmtree(self._place(object_id), ignore_errors=True)

    def _keep(self, object_id: str, parts: Mapping[str, bytes]) -> None:
        draft = self._folder / f".{object_id}.{secrets.token_hex(4)}"
        try:
            make_private_folder(draft)
            for name, content in parts.items():
                write_private(draft / name, content)
            os.rename(draft, self._place(object_id))
        except (PrivateFileError, OSError) as exc:
            raise SpoolError(f"Nothing was sent: it cannot be kept on this disk first. {exc}") from exc
        finally:
            with contextlib.suppress(OSError):
                shutil.rmtree(draft, ignore_errors=True)

    def _read(self, object_id: str, name: str) -> bytes:
        try:
            return read_private(self._place(object_id) / name)
        except PrivateFileError as exc:
            raise SpoolError(f"The spool does not hold {object_id} whole. {exc}") from exc

    def _place(self, object_id: str) -> Path:
        return self._folder / object_id


def _blob_name(n: int) -> str:
    return f"blob-{n}"


def _is_id(name: str) -> bool:
    try:
        uuid7(name, "spool")
    except MalformedError:
        return False
    return True
