# SPDX-License-Identifier: Apache-2.0
"""Check that no private key is in the sources, published test vectors excepted."""

import re
from collections.abc import Iterator
from pathlib import Path

from demo.ticks import StepFailedError
from devtool.environments import ROOT

LEFT_OUT = frozenset({".git", ".venv", ".dev", "__pycache__"})
PRIVATE_KEY = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"  # PEM
    rb"|PRIVATE\+KEY\+[\w./-]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{40}"  # a ledger's note key
    rb"|AGE-SECRET-KEY-1[A-Z0-9]{20}"
)
# Their own page says where each of them was published.
VECTORS = "tests/vectors/"


def check_leaks(root: Path = ROOT) -> list[str]:
    """Return evidence lines; raise with every file that holds a private key."""
    files = sorted(_files(root))
    leaks = [path.relative_to(root).as_posix() for path in files if PRIVATE_KEY.search(path.read_bytes())]
    found = [name for name in leaks if not name.startswith(VECTORS)]
    if found:
        raise StepFailedError("\n".join(f"{name}: holds a private key" for name in found))
    return [f"{len(files)} files"]


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in LEFT_OUT or path.is_symlink() or path.name.endswith("_cache"):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path
