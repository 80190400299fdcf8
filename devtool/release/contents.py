# SPDX-License-Identifier: Apache-2.0
"""The text of a release's note: project, version, day, the lowest version it upgrades from, and each of its files.

There is only one form: for everything that `parse` accepts, `text` returns the same octets. The first line is no origin of a
ledger, so that a checkpoint is never mistaken for a release, nor a release for a checkpoint.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from accord.envelope.tree.notes import MAX_NOTE_SIZE_BYTES
from devtool.errors import DevtoolError

NOTE: Final = "release.note"
FIRST_LINE: Final = "accord-hub release, form 1"
UPGRADES_FROM: Final = "0.2.0"
"""The oldest version whose data this code's migrations accept; raised with a change that begins anew."""
_VERSION: Final = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,14}")
# No segment begins with a point: neither "..", nor a hidden file, nor one that a shell leaves out of "*".
_PATH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+!-]*(/[A-Za-z0-9_][A-Za-z0-9._+!-]*){0,7}")
_AGAIN: Final = "Have the release brought again, from those who signed it."


@dataclass(frozen=True, order=True)
class Version:
    """Three numbers."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read "0.2.0"; raise DevtoolError."""
        found = _VERSION.fullmatch(text)
        if found is None:
            raise DevtoolError(f"{text!r} is no version.", "A version is three numbers, such as 0.2.0.")
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, order=True)
class ReleasedFile:
    """One file of a release: its path in the folder, SHA-256 in hexadecimal and size in bytes."""

    path: str
    sha256: str
    size: int

    @property
    def line(self) -> str:
        return f"file {self.sha256} {self.size} {self.path}\n"


@dataclass(frozen=True)
class Contents:
    """The contents that two people sign."""

    version: Version
    day: date
    upgrades_from: Version
    files: tuple[ReleasedFile, ...]
    """In the order of their paths, each path once."""

    @property
    def text(self) -> str:
        """The lines of the note above its signatures."""
        head = (
            FIRST_LINE,
            f"version {self.version}",
            f"date {self.day.isoformat()}",
            f"upgrades-from {self.upgrades_from}",
        )
        return "".join(f"{line}\n" for line in head) + "".join(file.line for file in self.files)

    @property
    def size(self) -> int:
        """All files together, in bytes."""
        return sum(file.size for file in self.files)

    @classmethod
    def parse(cls, text: str) -> "Contents":
        """Parse exactly what `text` writes; raise DevtoolError."""
        lines = text.split("\n")
        if lines[0] != FIRST_LINE or len(lines) < 6 or lines[-1]:
            raise _refused()
        version, day, lowest = (
            _value(line, key)
            for line, key in zip(lines[1:4], ("version", "date", "upgrades-from"), strict=True)
        )
        contents = cls(
            Version.parse(version), _day(day), Version.parse(lowest), tuple(map(_file, lines[4:-1]))
        )
        paths = [file.path for file in contents.files]
        if paths != sorted(set(paths)) or contents.text != text:
            raise _refused()
        return contents


def read_note(folder: Path) -> str:
    """Return the note of a release, bounded, not verified; raise DevtoolError."""
    path = folder / NOTE
    if path.is_symlink() or not path.is_file():
        raise DevtoolError(f"{folder} has no {NOTE}.", f"Name the folder of a release, or make one: {_MAKE}")
    with path.open("rb") as file:
        octets = file.read(MAX_NOTE_SIZE_BYTES + 1)
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise _refused() from None


def list_files(folder: Path) -> tuple[ReleasedFile, ...]:
    """Return every file of a folder but its note, hashed; raise DevtoolError for a file that no release may hold."""
    if folder.is_symlink() or not folder.is_dir():
        raise DevtoolError(f"{folder} is no folder.", "Name the folder of a release.")
    found = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()) or not _PATH.fullmatch(name):
            raise DevtoolError(
                f"{name!r} may not stand in a release.",
                "It holds plain files and folders, with names of letters, digits and . _ + ! - that begin with none "
                "of the signs but _.",
            )
        if path.is_file() and name != NOTE:
            found.append(_hashed(path, name))
    return tuple(sorted(found))


def require_fit(contents: Contents, folder: Path) -> None:
    """Refuse a folder that differs from the contents, naming the first file that differs; raise DevtoolError."""
    told = {file.path: file for file in contents.files}
    found = {file.path: file for file in list_files(folder)}
    for path in sorted(told.keys() | found.keys()):
        if path not in found:
            raise DevtoolError(f"{path} is missing.", _AGAIN)
        if path not in told:
            raise DevtoolError(f"{path} is no part of the release.", f"Find out who put it there. {_AGAIN}")
        if found[path] != told[path]:
            raise DevtoolError(f"{path} is not the file of the release: it was changed.", _AGAIN)


_MAKE: Final = "./dev release make FOLDER"


def _hashed(path: Path, name: str) -> ReleasedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return ReleasedFile(name, digest, file.tell())


def _value(line: str, key: str) -> str:
    found, separator, value = line.partition(" ")
    if found != key or not separator:
        raise _refused()
    return value


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _refused() from None


def _file(line: str) -> ReleasedFile:
    parts = line.split(" ")
    if len(parts) != 4 or parts[0] != "file":
        raise _refused()
    _, digest, size, path = parts
    if not (_DIGEST.fullmatch(digest) and _SIZE.fullmatch(size) and _PATH.fullmatch(path)) or path == NOTE:
        raise _refused()
    return ReleasedFile(path, digest, int(size))


def _refused() -> DevtoolError:
    return DevtoolError(f"{NOTE} does not say what a release says.", _AGAIN)
