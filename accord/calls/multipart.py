# SPDX-License-Identifier: Apache-2.0
"""A multipart body that is read while it is sent: octets from memory, files from the disk, never all at once.

It can be read again from its beginning, so that a call can be repeated after a broken connection. Source: RFC 7578.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

Moved = Callable[[int], None]


@dataclass(frozen=True)
class Part:
    """One part: name, file name and media type (plain ASCII of our own), and the octets or their file."""

    name: str
    file_name: str
    content: bytes | Path = field(repr=False)
    media_type: str


class MultipartBody(io.RawIOBase):
    """The body as a file to read; `len` is its length in octets. `moved` is called with what was read of it."""

    def __init__(self, parts: Sequence[Part], *, moved: Moved | None = None) -> None:
        super().__init__()
        boundary = secrets.token_hex(16)
        self.media_type = f"multipart/form-data; boundary={boundary}"
        self._pieces: list[bytes | Path] = []
        self.len = 0
        for part in parts:
            self._add(_head_of(part, boundary), part.content, b"\r\n")
        self._add(f"--{boundary}--\r\n".encode("ascii"))
        self._moved = moved
        self._next = self._position = 0
        self._open: BinaryIO | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True, although only its beginning can be reached."""
        return True

    def tell(self) -> int:
        """Return the number of octets read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Begin again; raise OSError for any other position."""
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("a body begins again at its beginning")
        if self._position and self._moved is not None:
            self._moved(-self._position)
        self._shut()
        self._next = self._position = 0
        return 0

    def readinto(self, buffer: object) -> int:
        """Fill the buffer as far as the present piece goes; return 0 at the end."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        while True:
            if self._open is None:
                if self._next == len(self._pieces):
                    return 0
                self._open = _opened(self._pieces[self._next])
                self._next += 1
            count: int = self._open.readinto(view)  # type: ignore[attr-defined]
            if count:
                self._position += count
                if self._moved is not None:
                    self._moved(count)
                return count
            self._shut()

    def close(self) -> None:
        """Close the open file."""
        self._shut()
        super().close()

    def _add(self, *pieces: bytes | Path) -> None:
        self._pieces += pieces
        self.len += sum(_size_of(piece) for piece in pieces)

    def _shut(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _head_of(part: Part, boundary: str) -> bytes:
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{part.name}"; filename="{part.file_name}"\r\n'
        f"Content-Type: {part.media_type}\r\n\r\n"
    ).encode("ascii")


def _size_of(piece: bytes | Path) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.stat().st_size


def _opened(piece: bytes | Path) -> BinaryIO:
    return io.BytesIO(piece) if isinstance(piece, bytes) else piece.open("rb")
