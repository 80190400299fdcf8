# SPDX-License-Identifier: Apache-2.0
"""Attachments of an alert: which files it takes, and how they are named and served, as types that no browser runs.

The type is found from the first bytes in a small table; what a browser could run or render as a page (HTML, SVG, XML) is
served as plain bytes. A sender's own claim is never used.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.blobs import IV_BYTES, TAG_BYTES, padded_size
from accord.envelope.manifest import MAX_ATTACHMENTS, MAX_BLOB_BYTES, MAX_BLOBS_BYTES
from alerts.errors import AttachmentRefusedError

PLAIN_BYTES: Final = "application/octet-stream"
MAX_NAME_BYTES: Final = 255
SNIFFED_BYTES: Final = 64 * 1024

_SIGNATURES: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"##TITLE=", "chemical/x-jcamp-dx"),
    (b"PK\x03\x04", "application/zip"),
)
_PROGRAMS: Final = (
    (b"MZ", gettext_lazy("a Windows program")),
    (b"\x7fELF", gettext_lazy("a Linux program")),
    (b"\xcf\xfa\xed\xfe", gettext_lazy("a macOS program")),
    (b"\xca\xfe\xba\xbe", gettext_lazy("a macOS or Java program")),
    (b"#!", gettext_lazy("a script")),
)
_NAMES_OF_PROGRAMS: Final = frozenset({
    *(".exe", ".dll", ".com", ".scr", ".msi", ".sys", ".bin", ".so", ".elf", ".app", ".dylib", ".class", ".jar"),
    *(".sh", ".bash", ".py", ".pl", ".rb", ".r", ".js", ""),
})  # fmt: skip
"""File endings that a program may openly have."""
_DIRECTION_MARKS: Final = frozenset(
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


@dataclass(frozen=True)
class AttachmentFile:
    """File in the clear, in memory only."""

    filename: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class AttachmentNote:
    """Entry of a file in a revision. `digest` is over the sealed bytes, `sha256` (hexadecimal) over the plain ones."""

    n: int
    filename: str
    media_type: str
    size: int
    digest: str
    sha256: str = ""


@dataclass(frozen=True)
class AttachmentShown:
    """File of a sent or received alert, as a page lists it."""

    n: int
    filename: str
    size: int


def accept_file(filename: str, data: bytes, present: Iterable[AttachmentNote]) -> AttachmentFile:
    """Return the file as it will be sent; raises `AttachmentRefusedError` over a limit or with an unusable name."""
    listed = list(present)
    if len(listed) >= MAX_ATTACHMENTS:
        raise AttachmentRefusedError(
            _("Files: up to %(count)d; remove one first.") % {"count": MAX_ATTACHMENTS}
        )
    name = _safe_name(filename)
    if not data:
        raise AttachmentRefusedError(_("Files: “%(name)s” is empty.") % {"name": name})
    if sealed_size(len(data)) > MAX_BLOB_BYTES:
        raise AttachmentRefusedError(_("Files: over 64 MiB; split it."))
    if sum(sealed_size(note.size) for note in listed) + sealed_size(len(data)) > MAX_BLOBS_BYTES:
        raise AttachmentRefusedError(_("Files: over 256 MiB together; send a second alert."))
    _refuse_disguised_program(name, data)
    return AttachmentFile(name, inert_media_type(name, data), data)


def sealed_size(size: int) -> int:
    """Return the octets of the sealed blob of a file of this size."""
    return IV_BYTES + padded_size(size) + TAG_BYTES


def inert_media_type(filename: str, data: bytes) -> str:
    """Return a media type that no browser runs or renders as a page."""
    for signature, media_type in _SIGNATURES:
        if data.startswith(signature):
            return media_type
    head = data[:SNIFFED_BYTES]
    if (
        not _is_text(head, whole=len(data) <= SNIFFED_BYTES)
        or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    ):
        return PLAIN_BYTES
    return "text/csv" if filename.lower().endswith(".csv") else "text/plain"


def _refuse_disguised_program(name: str, data: bytes) -> None:
    """Refuse a program that has a document's name: raise `AttachmentRefusedError`, which says what the file is."""
    program = next((word for sign, word in _PROGRAMS if data.startswith(sign)), None)
    ending = PurePosixPath(name).suffix.lower()
    if program is not None and ending not in _NAMES_OF_PROGRAMS:
        raise AttachmentRefusedError(
            _("Files: “%(name)s” is %(kind)s and no %(ending)s file. Attach the file you meant.")
            % {"name": name, "kind": program, "ending": ending}
        )


def _is_text(head: bytes, *, whole: bool) -> bool:
    try:
        text = head.decode("utf-8", "strict" if whole else "ignore")
    except UnicodeDecodeError:
        return False
    return not any(
        unicodedata.category(character) == "Cc" and character not in "\t\n\r\f" for character in text
    )


def _safe_name(filename: str) -> str:
    last = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(
        character
        for character in unicodedata.normalize("NFC", last)
        if unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
        and character not in _DIRECTION_MARKS
    ).strip()
    if name.strip(".") == "" or len(name.encode()) > MAX_NAME_BYTES:
        raise AttachmentRefusedError(_("Files: give the file a name of up to 255 bytes."))
    return name
