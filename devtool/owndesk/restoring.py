# SPDX-License-Identifier: Apache-2.0
"""`./dev own-desk --restore` and `--check-backup`: a desk from a backup, in an empty folder, stopped and locked."""

import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from django.core.management.base import CommandError

from demo.ticks import Ticks
from devtool.errors import DevtoolError
from devtool.owndesk.contents import (
    DESCRIPTION,
    DUMP,
    LEDGER_FILES,
    Description,
    append,
    copy_plain,
    in_words,
    read_pieces,
    unpack,
)
from devtool.owndesk.database import begin_anew, restore_dump, stopped_desk
from devtool.owndesk.folder import OwnDeskFolder
from vault.backupseal import SealedReader
from vault.errors import LockedFileError, WrongSecretError
from vault.locking import derive_backup_key, is_mistyped_recovery_key, open_ring, read_recovery_key
from vault.secretinput import read_secret

Unpack = Callable[[Path], Description]
"""Unpacks a backup into a folder."""
_COUNTED: Final = {
    "officers": "officers_officer",
    "written": "alerts_alert",
    "received": "alerts_receivedalert",
}


@dataclass(frozen=True)
class Restored:
    """Facts about a backup after it was restored."""

    description: Description
    ledger: str
    """The report of verifying the desk's log."""
    counts: dict[str, int]
    seconds: float


def restore(
    source: Path, folder: OwnDeskFolder, key_file: str, ticks: Ticks, *, ledger: Path | None = None
) -> None:
    """Make a desk of a backup, whole or not at all; raise DevtoolError."""
    folder.require_empty()
    with _backup(source, key_file) as unpack_into, folder.restored():
        found = _put_back(unpack_into, folder, ledger)
    _say(found, ticks)
    ticks.heading(f"Restored into {folder.path}, stopped and locked. What comes now:")
    for line in (
        f"1. Start it: ./dev own-desk --folder {folder.path} --host NAME, with the options that it had.",
        "2. Open it with the passphrase or the recovery key.",
        "3. An agency admin signs in first, and goes through what the backup has brought back.",
        "4. A key officer takes the agency's identity over under Keys: the exchange names the desk of before.",
    ):
        ticks.line(line)


def check_backup(source: Path, key_file: str, ticks: Ticks) -> None:
    """Restore into a temporary folder, verify, and remove it again; raise DevtoolError for a bad backup."""
    with (
        _backup(source, key_file) as unpack_into,
        tempfile.TemporaryDirectory(prefix="accord-check-") as name,
    ):
        folder = OwnDeskFolder(Path(name) / "desk")
        with folder.restored():
            found = _put_back(unpack_into, folder, None)
    _say(found, ticks)
    ticks.line("This backup makes a desk. What was unpacked for this is removed again.")


def _put_back(unpack_into: Unpack, folder: OwnDeskFolder, ledger: Path | None) -> Restored:
    began = time.monotonic()
    with in_words():
        description = unpack_into(folder.path)
    if ledger is not None:
        _take_later_ledger(folder, ledger)
    with stopped_desk(folder) as places:
        restore_dump(places.owner_url, folder.path / DUMP)
        sound = begin_anew(places)
        counts = _counts(places.owner_url)
    for name in (DUMP, DESCRIPTION):
        (folder.path / name).unlink()
    return Restored(description, sound, counts, time.monotonic() - began)


@contextmanager
def _backup(source: Path, key_file: str) -> Generator[Unpack]:
    """Open a sealed file by the recovery key, or a folder of plain files; raise DevtoolError."""
    if source.is_dir():
        yield lambda target: copy_plain(source, target)
        return
    if not source.exists():
        raise DevtoolError(f"{source} is not there.", "Name the file that --backup has made.")
    with source.open("rb") as file:
        with in_words():
            sealed = SealedReader(file)
            text = _recovery_key(key_file)
            sealed.open_with(derive_backup_key(_octets_of(text)))
        yield lambda target: _unpack(sealed, target, text)


def _unpack(sealed: SealedReader, target: Path, recovery_key: str) -> Description:
    description = unpack(sealed, target)
    try:
        open_ring((target / "kek.locked").read_bytes(), recovery_key)
    except (WrongSecretError, LockedFileError):
        raise DevtoolError(
            "The locked keys in this backup do not open with this recovery key, so no desk could be opened.",
            "Somebody has put it together from several desks: take another backup.",
        ) from None
    return description


def _recovery_key(key_file: str) -> str:
    try:
        return read_secret(key_file, "Recovery key", option="--recovery-key-file")
    except (CommandError, EOFError) as refused:
        raise DevtoolError(
            str(refused) or "No recovery key was given.",
            "Name a file with --recovery-key-file, or - for standard input.",
        ) from None


def _octets_of(text: str) -> bytes:
    try:
        return read_recovery_key(text)
    except WrongSecretError:
        if is_mistyped_recovery_key(text):
            raise DevtoolError(
                "A letter of the recovery key is wrong or missing.", "Compare it with the paper."
            ) from None
        raise DevtoolError(
            "This is no recovery key.",
            "Type the 14 groups of four that the first start showed. The passphrase opens a desk, not a backup.",
        ) from None


def _take_later_ledger(folder: OwnDeskFolder, ledger: Path) -> None:
    """Use a copy of `ledger/` that is newer than the backup: its additional leaves are written into the log again."""
    for name in LEDGER_FILES:
        given = ledger / Path(name).name
        if not given.is_file():
            raise DevtoolError(f"{given} is not there.", "Name a copy of the desk's folder ledger/.")
        (folder.path / name).unlink(missing_ok=True)
        append(folder.path, name, read_pieces(given))


def _counts(owner_url: str) -> dict[str, int]:
    with psycopg.connect(owner_url) as connection:
        found = {
            what: connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - tables of ours
            for what, table in _COUNTED.items()
        }
    return {what: row[0] if row else 0 for what, row in found.items()}


def _say(found: Restored, ticks: Ticks) -> None:
    said, counts = found.description, found.counts
    ticks.line(f"Backup       made {said.made_at} by Accord {said.software}")
    ticks.line(
        f"Holds        {counts['officers']} officers, {counts['written']} alerts written, {counts['received']} received"
    )
    for line in found.ledger.splitlines():
        ticks.line(f"Desk's log   {line}")
    ticks.line(f"             restored and verified in {found.seconds:.1f} s")
