# SPDX-License-Identifier: Apache-2.0
"""Store and serve attachment blobs in pieces, never whole in memory.

A blob arrives as octets (from the desk, which has sealed it in memory) or as an uploaded part on a disk. It is served by one
short query per piece: between two pieces no connection is held, however slow the reader is.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from django.db import connection
from django.db.models import BinaryField
from django.db.models.functions import Substr

from accord.envelope.blobs import BlobFacts, measure_blob
from callers.connections import let_go_of_connection
from sharing.errors import ContentDeletedError
from sharing.models import Blob

PIECE_BYTES: Final = 256 * 1024
_COPY: Final = "COPY sharing_blob (envelope_id, n, sha256, size_bytes, content) FROM STDIN (FORMAT binary)"
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END: Final = struct.pack(">h", -1)


class StoredElsewhere(Protocol):
    """An uploaded part, as Django gives it."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]: ...

    def read(self, num_bytes: int = ...) -> bytes: ...


Received = bytes | StoredElsewhere


def pieces_of(blob: Received) -> Iterator[bytes]:
    """Yield the octets from the beginning."""
    if isinstance(blob, bytes):
        view = memoryview(blob)
        yield from (bytes(view[at : at + PIECE_BYTES]) for at in range(0, len(blob), PIECE_BYTES))
    else:
        yield from blob.chunks(PIECE_BYTES)


@dataclass(frozen=True)
class StoredBlob:
    """A blob that may be read, by its row; its octets stay in the database until a piece is asked for."""

    key: int
    sha256: str
    size_bytes: int
    """The length as stored, which differs from the measured one if somebody has altered the row."""

    def pieces(self) -> Iterator[bytes]:
        """Yield the octets from the beginning; raise `ContentDeletedError` if they are deleted meanwhile."""
        return self.pieces_between(0, self.size_bytes)

    def pieces_between(self, first: int, end: int) -> Iterator[bytes]:
        """Yield the octets from `first` up to, not including, `end`; raise as `pieces`."""
        for at in range(first, end, PIECE_BYTES):
            piece = self._piece(at, min(PIECE_BYTES, end - at))
            let_go_of_connection()
            yield piece

    def _piece(self, at: int, length: int) -> bytes:
        piece = Substr("content", at + 1, length, output_field=BinaryField())
        octets = Blob.objects.filter(pk=self.key).values_list(piece, flat=True).first()
        if octets is None:
            raise ContentDeletedError
        return bytes(octets)


def measure(blob: Received) -> BlobFacts:
    """Return digest and length."""
    return measure_blob(pieces_of(blob))


def store_blobs(md: str, facts: Sequence[BlobFacts], blobs: Sequence[Received]) -> None:
    """Write the rows, in the caller's transaction.

    COPY takes a value in pieces; an INSERT would need the value, its escaped text and the statement in memory at once.
    """
    if not blobs:
        return
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(_SIGNATURE)
        for n, (fact, blob) in enumerate(zip(facts, blobs, strict=True)):
            copy.write(_head_of(md, n, fact))
            for piece in pieces_of(blob):
                copy.write(piece)
        copy.write(_END)


def _head_of(md: str, n: int, fact: BlobFacts) -> bytes:
    """Return the row in COPY's binary form, up to the octets of its last field."""
    texts = {name: text.encode("ascii") for name, text in (("md", md), ("sha256", fact.sha256))}
    return b"".join(
        (
            struct.pack(">h", 5),
            struct.pack(">i", len(texts["md"])) + texts["md"],
            struct.pack(">ih", 2, n),
            struct.pack(">i", len(texts["sha256"])) + texts["sha256"],
            struct.pack(">iq", 8, fact.len),
            struct.pack(">i", fact.len),
        )
    )
