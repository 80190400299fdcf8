# SPDX-License-Identifier: Apache-2.0
"""A closed folder in memory for the opened key-encryption ring of one desk while it runs."""

import os
import shutil
import stat
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from devtool.errors import DevtoolError

IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_MOUNTS: Final = Path("/proc/self/mountinfo")


def ram_folder_of(folder: Path) -> Path:
    """Return the folder of the opened ring of the desk in `folder`; raise DevtoolError where this user has no folder in memory.

    The name follows from the desk's folder, so that a start finds what a killed one has left.
    """
    for parent in _candidates():
        if parent.is_dir() and os.access(parent, os.W_OK) and _is_in_memory(parent):
            told = f"{os.geteuid()} {folder.resolve()}"
            return parent / f"accord-{sha256(told.encode()).hexdigest()[:16]}"
    raise DevtoolError(
        "This machine has no folder in memory for the opened key (/run/user/..., /dev/shm).",
        "An own desk needs Linux, with one of the two on a tmpfs.",
    )


def make_ram_folder(path: Path) -> None:
    """Make it empty and closed; raise DevtoolError where somebody else has taken its name."""
    forget_ram_folder(path)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        raise DevtoolError(
            f"{path} is there and is not this user's own closed folder.",
            "Somebody may lie in wait for the key: find out who made it, and remove it.",
        ) from None


def forget_ram_folder(path: Path) -> None:
    """Remove it with its contents, if it is ours."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
        shutil.rmtree(path)


def _candidates() -> Sequence[Path]:
    """Return the candidates, the user's own first: others cannot even enter it."""
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    return [*([Path(own)] if own.startswith("/") else []), Path("/dev/shm")]  # noqa: S108


def _is_in_memory(folder: Path) -> bool:
    try:
        device = folder.stat().st_dev
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    number = f"{os.major(device)}:{os.minor(device)}"
    kinds = {line.partition(" - ")[2].split(" ")[0] for line in lines if line.split(" ")[2] == number}
    return bool(kinds) and kinds <= IN_MEMORY
