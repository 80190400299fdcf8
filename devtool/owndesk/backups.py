# SPDX-License-Identifier: Apache-2.0
"""`./dev own-desk --backup` and `--dump`: what a desk needs on another machine, sealed in one file or in a plain folder."""

import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from accord.envelope.keys import PublicKey
from demo.ticks import Ticks
from devtool.errors import DevtoolError
from devtool.owndesk.contents import DESCRIPTION, NAMES, OWNER_ONLY, FolderSink, SealedSink, gather
from devtool.owndesk.database import database_of, dump_of
from devtool.owndesk.folder import OwnDeskFolder
from vault.backupseal import SealedWriter
from vault.errors import LockedFileError
from vault.locking import backup_key_of

MEBIBYTE: Final = 1024 * 1024
NOT_IN_IT: Final = (
    "Not in it: files named by --certificate, --key or --exchange-ca, and what this desk logs after this."
)


def back_up(folder: OwnDeskFolder, target: Path, ticks: Ticks) -> None:
    """Write one file that needs the recovery key to be read; raise DevtoolError, and then there is no file."""
    key, began = _backup_key(folder), time.monotonic()
    _require_apart(folder, target)
    with _new_file(target) as file, database_of(folder) as owner_url:
        sealed = SealedWriter(file, key)
        sink = SealedSink(sealed)
        gather(folder, dump_of(owner_url), sink)
        sink.finish()
        sealed.finish()
    took = time.monotonic() - began
    ticks.line(f"Backup       {target}, {target.stat().st_size / MEBIBYTE:.1f} MiB in {took:.1f} s")
    ticks.line("             Sealed to the recovery key: without it nobody reads anything of it.")
    ticks.line(f"             {NOT_IN_IT}")
    ticks.line(f"Rehearse it  ./dev own-desk --check-backup {target}")


def dump_plainly(folder: OwnDeskFolder, target: Path, ticks: Ticks) -> None:
    """Write the same as files of a folder, replacing earlier ones once all are written; raise DevtoolError."""
    _backup_key(folder)
    _require_apart(folder, target)
    unfinished, before = (target.with_name(f"{target.name}.{word}") for word in ("new", "before"))
    for path in (target, unfinished, before):
        _require_ours(path)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700, parents=True)
    with database_of(folder) as owner_url:
        gather(folder, dump_of(owner_url), FolderSink(unfinished))
    shutil.rmtree(before, ignore_errors=True)
    if target.exists():
        target.rename(before)
    unfinished.rename(target)
    shutil.rmtree(before, ignore_errors=True)
    size = sum(path.stat().st_size for path in target.rglob("*"))
    ticks.line(f"Dump         {target}, {size / MEBIBYTE:.1f} MiB")
    ticks.line("             In clear but for the locked keys: as closed as the desk's own folder has to be.")
    ticks.line(f"             {NOT_IN_IT}")


def _backup_key(folder: OwnDeskFolder) -> PublicKey:
    if not folder.locked_ring.exists():
        raise DevtoolError(
            f"In {folder.path} is no desk whose first start is over: it has no recovery key yet.",
            "Finish the first start, or name the desk's folder: --folder PATH",
        )
    try:
        return backup_key_of(folder.locked_ring.read_bytes())
    except LockedFileError as wrong:
        raise DevtoolError(
            f"{folder.locked_ring} is no locked ring: {wrong}.", "Put it back from an earlier backup."
        ) from None


def _require_apart(folder: OwnDeskFolder, target: Path) -> None:
    if target.resolve().is_relative_to(folder.path.resolve()):
        raise DevtoolError(
            f"{target} lies in the desk's own folder, and would be lost with it.", "Name another place."
        )


def _require_ours(path: Path) -> None:
    """Refuse to replace anything but an earlier dump, or the rest of one."""
    if not path.exists():
        return
    found = {item.name for item in path.iterdir()} if path.is_dir() else {path.name}
    if not found <= {name.partition("/")[0] for name in NAMES}:
        raise DevtoolError(
            f"{path} holds other things than a dump of an own desk ({DESCRIPTION}, ...).",
            "Name a folder that is not there yet, or one that --dump has made.",
        )


@contextmanager
def _new_file(target: Path) -> Generator[BinaryIO]:
    """Yield a file for its owner alone that gets its name once it is whole and on the disk, never over another one."""
    if target.exists():
        raise DevtoolError(f"{target} is there already.", "Name another file, or move that one away.")
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
