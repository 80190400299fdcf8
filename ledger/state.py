# SPDX-License-Identifier: Apache-2.0
"""The sequencer's own memory: the state file and the leaf file, both outside the database.

- Restoring the database alone, or these files alone, is detected before anything is signed.
- The state file says what was signed last and how many octets of the leaf file belong to it; it is replaced as a whole.
- The leaf file holds every signed leaf, one a line; what follows the last signed leaf is left over from a crash and was never
  published.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from accord.envelope import encoding
from accord.envelope.errors import MalformedError
from accord.envelope.tree.merkle import EMPTY_ROOT
from ledger.errors import StateUnreadableError

STATE_FILE = "state.json"
LEAF_FILE = "leaves.jsonl"
LOCK_FILE = "lock"
MAX_STATE_SIZE_BYTES = 1024

_MEMBERS = frozenset({"v", "size", "root", "leaf_octets"})


@dataclass(frozen=True)
class SignedState:
    """The last signature's size and root, and how many octets of the leaf file hold its leaves."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    leaf_octets: int = 0


def read_state(folder: Path) -> SignedState | None:
    """Return the state file, or None where there is none. Raises `StateUnreadableError`."""
    try:
        data = (folder / STATE_FILE).read_bytes()
    except FileNotFoundError:
        return None
    try:
        state = encoding.members(
            encoding.parse_json(data, limit=MAX_STATE_SIZE_BYTES, where="state"), _MEMBERS, "state"
        )
        encoding.integer(state["v"], "state v", least=1, most=1)
        return SignedState(
            size=encoding.integer(state["size"], "state size"),
            root=encoding.unb64u(state["root"], size=32, where="state root"),
            leaf_octets=encoding.integer(state["leaf_octets"], "state leaf_octets"),
        )
    except MalformedError as error:
        raise StateUnreadableError(folder, f"the state file ({error.where})") from error


def write_state(folder: Path, state: SignedState) -> None:
    """Replace the state file; when this returns, it is on the disk."""
    members = {
        "v": 1,
        "size": state.size,
        "root": encoding.b64u(state.root),
        "leaf_octets": state.leaf_octets,
    }
    fresh = folder / f"{STATE_FILE}.new"
    with fresh.open("w", encoding="ascii") as file:
        file.write(json.dumps(members) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / STATE_FILE)
    _sync_folder(folder)


def append_leaves(folder: Path, signed: SignedState, leaves: Iterable[str]) -> int:
    """Append leaves behind the signed ones, on the disk; return the new length of the leaf file in octets.

    Drops what a crash left behind the signed leaves. Raises `StateUnreadableError` when signed leaves are missing.
    """
    with open(folder / LEAF_FILE, "ab") as file:
        if file.tell() < signed.leaf_octets:
            raise StateUnreadableError(folder, "the leaf file (signed leaves are missing)")
        file.truncate(signed.leaf_octets)
        file.seek(0, os.SEEK_END)
        file.writelines(leaf.encode("ascii") + b"\n" for leaf in leaves)
        file.flush()
        os.fsync(file.fileno())
        octets = file.tell()
    _sync_folder(folder)
    return octets


def signed_leaves(folder: Path, signed: SignedState) -> Iterator[str]:
    """Yield the signed leaves in the order of the tree. Raises `StateUnreadableError`."""
    remaining = signed.leaf_octets
    if not remaining:
        return
    try:
        with (folder / LEAF_FILE).open("rb") as file:
            while remaining > 0 and (line := file.readline(remaining)):
                remaining -= len(line)
                yield line.decode("ascii").removesuffix("\n")
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise StateUnreadableError(folder, "the leaf file") from error
    if remaining:
        raise StateUnreadableError(folder, "the leaf file (signed leaves are missing)")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
