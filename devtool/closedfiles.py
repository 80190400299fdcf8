# SPDX-License-Identifier: Apache-2.0
"""Files that only their owner may read, written whole or not at all."""

import os
from pathlib import Path

from accord.privatefiles import sync_folder


def write_closed(path: Path, text: str) -> None:
    """Replace a file by one of mode 0600; it is on the disk when this returns."""
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    # Without the folder's sync a power failure could lose new secrets, and with them access to the database.
    sync_folder(path.parent)
