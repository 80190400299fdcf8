# SPDX-License-Identifier: Apache-2.0
"""Files that only their owner may read, written whole or not at all."""

import os
from pathlib import Path

from accord.privatefiles import sync_folder


def write_closed(path: Path, text: str) -> None:
    """Put a file of mode 0600 in the place of what is there; it is on the disk when this returns."""
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    # The new name is kept once its folder is: secrets that went with the power would leave a database that nobody opens.
    sync_folder(path.parent)
