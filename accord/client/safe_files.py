# SPDX-License-Identifier: Apache-2.0
"""Writing files that a stranger named: attachments under safe names.

A sender's file name is only a wish. It keeps its letters, in any script, and loses everything that could mislead: path parts,
controls, marks that change the direction of text, a leading dot, names that some systems reserve. The number in front makes it
unique. Files are new, readable by their owner alone, never executable.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from accord.client.errors import UnsafePathError
from accord.privatefiles import PrivateFileError, draft_private, make_private_folder

MAX_NAME_BYTES: Final = 150

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_FORBIDDEN = frozenset('<>:"/\\|?*')


def safe_name(n: int, name: str) -> str:
    """Return a name for attachment `n` that every system treats as a plain file in its folder."""
    kept = "".join(
        "_" if char in _FORBIDDEN else char
        for char in unicodedata.normalize("NFC", name)
        if unicodedata.category(char)[0] != "C"
    )
    kept = " ".join(kept.split()).strip(". ")
    if not kept or _RESERVED.fullmatch(kept):
        kept = f"attachment_{kept}".rstrip("_")
    return f"{n:02d}_{_shorten(kept)}"


@contextmanager
def new_file(folder: Path, name: str) -> Iterator[tuple[Path, BinaryIO]]:
    """Yield a new private file in `folder`, which is created; the file gets its name only if the block ends well.

    Raises UnsafePathError, also where the name is taken.
    """
    path = folder / name
    try:
        make_private_folder(folder)
        with draft_private(path, overwrite=False) as file:
            yield path, file
    except PrivateFileError as exc:
        raise UnsafePathError(str(exc)) from exc


def write_new(folder: Path, name: str, content: bytes) -> Path:
    """Write a new private file; raise UnsafePathError."""
    with new_file(folder, name) as (path, file):
        file.write(content)
    return path


def _shorten(name: str) -> str:
    """Shorten to at most `MAX_NAME_BYTES` octets of UTF-8, keeping the ending."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(os.fsencode(ending)) > 20:
        stem, dot, ending = name, "", ""
    room = MAX_NAME_BYTES - len((dot + ending).encode("utf-8", "ignore"))
    return stem.encode("utf-8", "ignore")[:room].decode("utf-8", "ignore") + dot + ending
