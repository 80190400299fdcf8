# SPDX-License-Identifier: Apache-2.0
"""Saved alerts: a slice and its blobs as received, to be verified again later, without a network.

What is saved is sealed: it shows nothing without the agency's keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from accord.client.errors import RequestError
from accord.client.outgoing import read_file
from accord.client.results import Opened
from accord.client.safe_files import write_new
from accord.envelope.encoding import MAX_SLICE_BYTES
from accord.envelope.manifest import MAX_ATTACHMENTS, MAX_BLOB_BYTES

SLICE: Final = "slice.json"


def save_opened(opened: Opened, folder: Path) -> list[Path]:
    """Write slice and blobs, octet for octet; raises UnsafePathError where something stands already."""
    paths = [write_new(folder, SLICE, opened.slice_octets)]
    return paths + [write_new(folder, f"blob-{n}", blob) for n, blob in enumerate(opened.blobs)]


def load_saved(path: Path) -> tuple[bytes, list[bytes] | None]:
    """The slice and, from a folder, its blobs; a bare slice file has none. Raises RequestError."""
    if not path.exists():
        raise RequestError(f"{path} does not exist.")
    if not path.is_dir():
        return read_file(path, limit=MAX_SLICE_BYTES), None
    blobs = []
    for n in range(MAX_ATTACHMENTS):
        blob = path / f"blob-{n}"
        if not blob.exists():
            break
        blobs.append(read_file(blob, limit=MAX_BLOB_BYTES))
    return read_file(path / SLICE, limit=MAX_SLICE_BYTES), blobs
