# SPDX-License-Identifier: Apache-2.0
"""Saved alerts: a slice and its blobs as received, to be verified again later, offline.

A saved alert is sealed: it shows nothing without the agency's keys.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from accord.client.errors import RequestError
from accord.client.incoming import HeldBlob, hold_file
from accord.client.outgoing import read_file
from accord.client.results import Opened
from accord.client.safe_files import new_file, write_new
from accord.client.spool import blob_name
from accord.envelope.blobs import CHUNK_BYTES
from accord.envelope.encoding import MAX_SLICE_BYTES
from accord.envelope.manifest import MAX_ATTACHMENTS

SLICE: Final = "slice.json"


def save_opened(opened: Opened, folder: Path) -> list[Path]:
    """Write slice and blobs, octet for octet; raise UnsafePathError where a file exists already."""
    paths = [write_new(folder, SLICE, opened.slice_octets)]
    return paths + [_save_blob(folder, n, blob) for n, blob in enumerate(opened.blobs)]


def load_saved(path: Path, blobs: Path | None = None) -> tuple[bytes, list[HeldBlob] | None]:
    """Read the slice and its blobs: from one folder, or a slice file and the folder of its blobs.

    A slice file alone has none. Raises RequestError.
    """
    if not path.exists():
        raise RequestError(f"{path} does not exist.")
    if path.is_dir():
        return read_file(path / SLICE, limit=MAX_SLICE_BYTES), _load_blobs(blobs or path)
    return read_file(path, limit=MAX_SLICE_BYTES), None if blobs is None else _load_blobs(blobs)


def _save_blob(folder: Path, n: int, blob: HeldBlob) -> Path:
    with new_file(folder, blob_name(n)) as (path, file):
        shutil.copyfileobj(blob.open(), file, CHUNK_BYTES)
    return path


def _load_blobs(folder: Path) -> list[HeldBlob]:
    blobs = []
    for n in range(MAX_ATTACHMENTS):
        blob = folder / blob_name(n)
        if not blob.exists():
            break
        blobs.append(hold_file(blob))
    return blobs
