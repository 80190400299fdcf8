# SPDX-License-Identifier: Apache-2.0
"""Content of a table's rows as it is kept: encoded, sealed under the agency's row key, bound to table, row and revision."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from vault import rows
from vault.errors import VaultError

Content = TypeVar("Content")
REVISION: Final = 1
"""Revision of content that is sealed once, or sealed again in place."""

Sealed = tuple[object, int, bytes | memoryview]
"""Key of a row, the revision of its content, the sealed octets."""


@dataclass(frozen=True)
class SealedStore(Generic[Content]):
    """Codec of one table's sealed content; `part` tells two sealed columns of a row apart."""

    table: str
    encode: Callable[[Content], bytes]
    decode: Callable[[bytes], Content]
    part: str = ""

    def seal(self, agency_id: str, key: object, content: Content, *, revision: int = REVISION) -> bytes:
        """Return the sealed content of one row; raises SecretMissingError."""
        return self.seal_many(agency_id, [(key, content)], revision=revision)[0]

    def seal_many(
        self, agency_id: str, contents: Sequence[tuple[object, Content]], *, revision: int = REVISION
    ) -> list[bytes]:
        """Return the sealed contents of rows of one agency, in their order, with one query."""
        plain = [(self._row_id(key), revision, self.encode(content)) for key, content in contents]
        return rows.seal_rows(agency_id, self.table, plain) if plain else []

    def open(
        self, agency_id: str, key: object, sealed: bytes | memoryview, *, revision: int = REVISION
    ) -> Content:
        """Return the content of one row; raises SealBrokenError, SecretMissingError."""
        return self.decode(rows.open_row(agency_id, self.table, self._row_id(key), revision, bytes(sealed)))

    def open_many(
        self,
        agency_id: str,
        sealed: Sequence[Sealed],
        *,
        closed: tuple[type[VaultError], ...] = (VaultError,),
    ) -> list[Content | None]:
        """Return the contents of rows of one agency, in their order, with one query.

        A row that fails with one of the errors in `closed` is None; the others are returned.
        """
        found = [(self._row_id(key), revision, bytes(octets)) for key, revision, octets in sealed]
        if not found:
            return []
        try:
            return [self.decode(plain) for plain in rows.open_rows(agency_id, self.table, found)]
        except closed:
            return [self._open_alone(agency_id, row, closed) for row in found]

    def _open_alone(
        self, agency_id: str, row: tuple[str, int, bytes], closed: tuple[type[VaultError], ...]
    ) -> Content | None:
        try:
            return self.decode(rows.open_row(agency_id, self.table, *row))
        except closed:
            return None

    def _row_id(self, key: object) -> str:
        return f"{key}/{self.part}" if self.part else str(key)


def as_json(content: object) -> bytes:
    """Encode a value as JSON with sorted members."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def dataclass_of(kind: type[Content]) -> Callable[[bytes], Content]:
    """Return the decoder of a dataclass whose fields are the members of a JSON object; its lists become tuples."""

    def decode(plain: bytes) -> Content:
        members = json.loads(plain)
        return kind(**{name: tuple(one) if isinstance(one, list) else one for name, one in members.items()})

    return decode
