# SPDX-License-Identifier: Apache-2.0
"""Contents of a backup of an own desk: gather them, and put them into an empty folder.

In one sealed file it is an archive (tar); in a plain folder each part is a file. Both use the same names.
"""

import json
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Final, Protocol

from accord.version import VERSION
from devtool.errors import DevtoolError
from devtool.owndesk.folder import OwnDeskFolder
from ledger.state import LEAF_FILE, STATE_FILE
from vault.backupseal import VERSION as SEAL_FORM
from vault.backupseal import (
    NewerFormError,
    NoBackupError,
    NotWholeError,
    OtherKeyError,
    SealedReader,
    SealedWriter,
)

KIND: Final = "accord-own-desk"
FORM: Final = 1
DESCRIPTION: Final = "backup.json"
DUMP: Final = "database.dump"
LEDGER_FILES: Final = (f"ledger/{STATE_FILE}", f"ledger/{LEAF_FILE}")
"""In this order: leaves beyond those that the state names belong to nothing yet."""
NEEDED: Final = frozenset({DESCRIPTION, "kek.locked", "secrets.json", DUMP})
FILES: Final = (
    *("kek.locked", "secrets.json", "first-start-closed", "certificate.pem", "certificate-key.pem"),
    *("host", "mail-url", "mail-from", "proxy-login", *LEDGER_FILES),
)
"""Files of the desk's folder, where they exist. The database is dumped after them, so that it is never older."""
NAMES: Final = frozenset({DESCRIPTION, DUMP, *FILES})
_PIECE_BYTES: Final = 1024 * 1024
_LARGEST_DESCRIPTION_BYTES: Final = 4096
_RELEASE: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")
OWNER_ONLY: Final = 0o600


@dataclass(frozen=True)
class Description:
    """A backup's description of itself, for its reader."""

    made_at: str
    software: str
    kind: str = KIND
    form: int = FORM

    @classmethod
    def of_now(cls) -> "Description":
        return cls(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), VERSION)

    @classmethod
    def parse(cls, octets: bytes) -> "Description":
        """Parse the description; raise NotWholeError for other octets, DevtoolError for that of a newer version."""
        try:
            said = json.loads(octets)
            found = cls(said["made_at"], said["software"], said["kind"], said["form"])
            newer = _release(found.software) > _release(VERSION) or found.form > FORM
        except (ValueError, TypeError, KeyError):
            raise NotWholeError from None
        if found.kind != KIND:
            raise NotWholeError
        if newer:
            raise DevtoolError(
                f"The backup was made by Accord {found.software}, and this is {VERSION}.",
                "Bring this checkout to that version or a newer one.",
            )
        if said != asdict(found):
            raise NotWholeError
        return found

    def encode(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode() + b"\n"


class Sink(Protocol):
    """The destination of a backup."""

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Store a part; its pieces come as they are read, so that no large part is in memory at once."""


class SealedSink:
    """One sealed file."""

    def __init__(self, sealed: SealedWriter) -> None:
        self._archive = tarfile.open(fileobj=sealed, mode="w|", format=tarfile.PAX_FORMAT)  # type: ignore[call-overload]  # noqa: SIM115

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        # A dump's length is known only at its end: each piece is an entry of its own, under the same name.
        for piece in pieces:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(piece), OWNER_ONLY
            self._archive.addfile(entry, BytesIO(piece))

    def finish(self) -> None:
        self._archive.close()


class FolderSink:
    """A folder of plain files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        append(self._folder, name, pieces)


def gather(folder: OwnDeskFolder, dump: Iterable[bytes], sink: Sink) -> None:
    """Put everything that a desk needs on another machine into a sink; `dump` is read last but for the description."""
    for name in FILES:
        path = folder.path / name
        if path.exists():
            sink.put(name, read_pieces(path))
    sink.put(DUMP, dump)
    sink.put(DESCRIPTION, [Description.of_now().encode()])


def unpack(sealed: SealedReader, target: Path) -> Description:
    """Unpack a sealed backup into a folder; raise NotWholeError, after which the folder's contents must be removed."""
    try:
        with tarfile.open(fileobj=sealed, mode="r|") as archive:  # type: ignore[call-overload]
            for entry in archive:
                file = archive.extractfile(entry) if entry.isreg() else None
                if file is None or entry.name not in NAMES:
                    raise NotWholeError
                append(target, entry.name, iter(lambda: file.read(_PIECE_BYTES), b""))  # noqa: B023 - read at once
    except tarfile.TarError:
        raise NotWholeError from None
    while sealed.read(_PIECE_BYTES):
        pass
    return require_whole(target)


def copy_plain(source: Path, target: Path) -> Description:
    """Copy a plain backup into a folder, as `unpack` does."""
    for name in (DESCRIPTION, *FILES, DUMP):
        if (source / name).exists():
            append(target, name, read_pieces(source / name))
    return require_whole(target)


def require_whole(folder: Path) -> Description:
    """Raise NotWholeError where a part is missing that a desk needs."""
    if [name for name in NEEDED if not (folder / name).is_file()]:
        raise NotWholeError
    with (folder / DESCRIPTION).open("rb") as file:
        return Description.parse(file.read(_LARGEST_DESCRIPTION_BYTES))


def append(folder: Path, name: str, pieces: Iterable[bytes]) -> None:
    """Append to a file for its owner alone; it is on the disk when this returns."""
    path = folder / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, OWNER_ONLY)
    with os.fdopen(descriptor, "ab") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def read_pieces(path: Path) -> Iterator[bytes]:
    """Yield a file's present contents: what is appended meanwhile is left out."""
    with path.open("rb") as file:
        yield from pieces_of(file, os.fstat(file.fileno()).st_size)


def pieces_of(file: IO[bytes], most_bytes: int | None = None) -> Iterator[bytes]:
    """Yield at least one piece, which may be empty."""
    left = most_bytes
    piece = file.read(_PIECE_BYTES if left is None else min(left, _PIECE_BYTES))
    yield piece
    while piece:
        left = None if left is None else left - len(piece)
        piece = file.read(_PIECE_BYTES if left is None else min(left, _PIECE_BYTES))
        if piece:
            yield piece


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a backup's faults into a sentence with the remedy."""
    try:
        yield
    except NoBackupError:
        raise DevtoolError(
            "The file is no backup of an own desk.", "Name one that ./dev own-desk --backup has made."
        ) from None
    except NewerFormError as newer:
        raise DevtoolError(
            f"The backup was made by a newer version of Accord (form {newer.form}, this one reads {SEAL_FORM}).",
            "Bring this checkout to the version that the desk had.",
        ) from None
    except OtherKeyError:
        raise DevtoolError(
            "This recovery key does not open this backup: it was sealed to another desk's.",
            "Take the paper of the desk that the backup is of, or its backup.",
        ) from None
    except NotWholeError:
        raise DevtoolError(
            "The backup is not whole: it was cut off, altered or damaged.",
            "Take another copy of the backup, or an earlier one.",
        ) from None


def _release(text: str) -> tuple[int, ...]:
    found = _RELEASE.match(text)
    if found is None:
        raise ValueError(text)
    return tuple(int(number) for number in found.groups())
