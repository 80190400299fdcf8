# SPDX-License-Identifier: Apache-2.0
"""The two signatures of a release: made here, and verified against the keys that a checkout has pinned."""

from pathlib import Path
from typing import Final

from accord.envelope.errors import MalformedError, NoteError
from accord.envelope.private import LedgerKey
from accord.envelope.tree.notes import MAX_NOTE_SIZE_BYTES, Note, VerifierKey, parse_note, verify_note
from accord.privatefiles import PrivateFileError, read_private, write_private
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.release.bundle import SOURCE, version_of_source
from devtool.release.contents import NOTE, Contents, Version, read_note, require_fit

PINNED: Final = ROOT / "deploy" / "release-keys"
WANTED_SIGNATURES: Final = 2
_FROM_ELSEWHERE: Final = "Do not install it. Ask those who hold the release keys, on a way of your own."


def make_key(name: str, key_file: Path) -> str:
    """Draw a release key into a new closed file; return its verifier key. Raises DevtoolError."""
    key = LedgerKey.generate(name)
    try:
        VerifierKey.parse(key.vkey)
        write_private(key_file, f"{key.to_text()}\n".encode(), overwrite=False)
    except NoteError:
        raise DevtoolError(
            f"{name!r} is no name for a key.",
            "Use letters, digits, points and dashes, such as anna.agency.example.",
        ) from None
    except PrivateFileError as error:
        raise DevtoolError(str(error)) from None
    return key.vkey


def write_note(folder: Path, contents: Contents) -> None:
    """Put the unsigned note beside the files that it names; raise DevtoolError where one exists."""
    path = folder / NOTE
    if path.exists() or path.is_symlink():
        raise DevtoolError(
            f"{path} is there already; nothing was written.", "Remove it to make the release anew."
        )
    if contents.upgrades_from > contents.version:
        raise DevtoolError(
            f"{contents.version} cannot upgrade from {contents.upgrades_from}, which is newer.",
            "Name the lowest version that it upgrades from: --upgrades-from VERSION",
        )
    if len(contents.text.encode()) > MAX_NOTE_SIZE_BYTES // 2:
        raise DevtoolError("There are too many files for one release.", "Pack some of them into an archive.")
    path.write_bytes(contents.text.encode())


def sign(folder: Path, key_file: Path) -> tuple[Contents, str]:
    """Add one signature to a note that fits its folder; return what was signed, and the key's name. Raises DevtoolError."""
    key = _read_key(key_file)
    written = read_note(folder)
    text, lines = _split(written)
    contents = Contents.parse(text)
    _require_all_fits(contents, folder)
    if lines:
        note = _parsed(written)
        if any(line.key_id == key.verifier.key_id and line.name == key.name for line in note.signatures):
            raise DevtoolError(f"{key.name} has signed this release.", "Another key has to sign it, too.")
    added = key.sign_note(text).removeprefix(f"{text}\n")
    _replace(folder / NOTE, f"{text}\n{lines}{added}")
    return contents, key.name


def pinned_keys(path: Path = PINNED) -> tuple[VerifierKey, ...]:
    """Return the keys of a file: one a line, text after # is a comment. Raises DevtoolError for fewer than two."""
    try:
        lines = [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
        keys = tuple(VerifierKey.parse(line) for line in lines if line)
    except FileNotFoundError:
        raise DevtoolError(f"{path} does not exist.", _fill(path)) from None
    except (UnicodeDecodeError, NoteError):
        raise DevtoolError(f"A line of {path} is no verifier key.", _fill(path)) from None
    if len(keys) < WANTED_SIGNATURES:
        count = "no release key" if not keys else "one release key alone"
        raise DevtoolError(f"{path} names {count}: it verifies nothing.", _fill(path))
    if len({key.public for key in keys}) != len(keys):
        raise DevtoolError(f"{path} names one key twice: it verifies nothing.", _fill(path))
    return keys


def verify(
    folder: Path, keys: tuple[VerifierKey, ...], *, installed: Version | None
) -> tuple[Contents, tuple[str, ...]]:
    """Verify a release; return its contents and signers, or raise DevtoolError with the first fault.

    `installed` is None at a first installation, where versions are not compared.
    """
    note = _parsed(read_note(folder))
    signers = _signers(note, keys)
    contents = Contents.parse(note.text)
    if installed is not None:
        _require_upgrade(contents, installed)
    _require_all_fits(contents, folder)
    return contents, signers


def _signers(note: Note, keys: tuple[VerifierKey, ...]) -> tuple[str, ...]:
    """Return the names of the pinned keys that signed, at least two different ones."""
    named = {(line.name, line.key_id) for line in note.signatures}
    signers = [key for key in keys if (key.name, key.key_id) in named]
    for key in signers:
        try:
            verify_note(note, [key])
        except NoteError:
            raise DevtoolError(
                f"The signature of {key.name} does not fit {NOTE}: one of both was changed.", _FROM_ELSEWHERE
            ) from None
    if len({key.public for key in signers}) < WANTED_SIGNATURES:
        by = f"{signers[0].name} alone" if signers else "no pinned key"
        raise DevtoolError(f"The release is signed by {by}; it takes two pinned keys.", _FROM_ELSEWHERE)
    return tuple(key.name for key in signers)


def _require_all_fits(contents: Contents, folder: Path) -> None:
    """Require that the files are those of the note, and that the source among them states the note's version."""
    require_fit(contents, folder)
    source = folder / SOURCE
    if source.exists() and version_of_source(source) != contents.version:
        raise DevtoolError(
            f"{NOTE} says {contents.version}, {SOURCE} says {version_of_source(source)}.",
            "Make the release anew.",
        )


def _require_upgrade(contents: Contents, installed: Version) -> None:
    if contents.version <= installed:
        raise DevtoolError(
            f"The release is {contents.version}; installed is {installed}, which is as new or newer.",
            "Nothing is to be done, unless somebody wants you to go back: ask why.",
        )
    if installed < contents.upgrades_from:
        raise DevtoolError(
            f"The release upgrades from {contents.upgrades_from} on; installed is {installed}.",
            "Upgrade to a release between the two first.",
        )


def _read_key(key_file: Path) -> LedgerKey:
    try:
        return LedgerKey.from_text(read_private(key_file).decode())
    except PrivateFileError as error:
        raise DevtoolError(str(error)) from None
    except (UnicodeDecodeError, MalformedError):
        raise DevtoolError(
            f"{key_file} holds no release key.", "Make one: ./dev release keygen NAME --key-file KEY"
        ) from None


def _split(written: str) -> tuple[str, str]:
    """Split text and signature lines of a note that may have none yet."""
    text, separator, lines = written.partition("\n\n")
    return (f"{text}\n", lines) if separator else (written, "")


def _parsed(written: str) -> Note:
    try:
        return parse_note(written)
    except NoteError as error:
        raise DevtoolError(f"{NOTE} is no signed note: {error.detail}.", _FROM_ELSEWHERE) from None


def _replace(path: Path, text: str) -> None:
    """Replace a file whole or not at all: a half-written note would lose the other's signature."""
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.write_bytes(text.encode())
    unfinished.replace(path)


def _fill(path: Path) -> str:
    return (
        f"Write the verifier keys of two or more people into {path}, one a line, as each of them tells it to you on a "
        'way of your own (docs/own-desk.md, "Upgrading").'
    )
