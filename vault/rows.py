# SPDX-License-Identifier: Apache-2.0
"""Sealed rows of the desk: drafts and cards, bound to their agency, table, id and revision.

Form of a sealed row: version (1 octet, 1), epoch (4, big-endian), schema (2, big-endian), then the wrapped content. The
seal covers what the header says.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from accord.envelope.encoding import b64u, sha256
from vault import hierarchy
from vault.errors import SealBrokenError
from vault.hierarchy import Purpose, RowOpener, RowPlace
from vault.wrapped_keys import first_secret, newest_secret, secrets_of

PURPOSES: Final[Mapping[str, Purpose]] = {
    "alert": "card",
    "alertrevision": "draft",
    "drafttemplate": "draft",
    "draftattachment": "draft",
    "receivedalert": "card",
    "reply": "card",
    "callnote": "card",
    "agreementtext": "card",
    "onwardrelease": "card",
    "sampleprofile": "card",
    "contribution": "card",
    "storedstructure": "card",
    "caughtstructure": "card",
    "harmreview": "card",
    "case": "card",
    "note": "card",
    "task": "card",
    "pinbook": "card",
    "adoptedrules": "card",
    "agencyrules": "card",
    "spectraimport": "card",
    "libraryspectrum": "card",
    "search": "card",
    "exchangekey": "login",
}
"""Tables that may hold sealed rows, and the purpose whose key seals them; `search` is in addresses only."""

_HEADER = struct.Struct(">BIH")
_FORM = 1


def seal_row(agency_id: str, table: str, row_id: str, rev: int, plaintext: bytes, schema: int = 1) -> bytes:
    """Seal a row of one of the tables of `PURPOSES`; raises SecretMissingError, KeyError for another table."""
    return seal_rows(agency_id, table, [(row_id, rev, plaintext)], schema)[0]


def seal_rows(
    agency_id: str, table: str, rows: Sequence[tuple[str, int, bytes]], schema: int = 1
) -> list[bytes]:
    """Seal many rows (row id, revision, plaintext) of one table in their order, with one query; raises as `seal_row`."""
    purpose, secret = PURPOSES[table], newest_secret(agency_id)
    header = _HEADER.pack(_FORM, secret.epoch, schema)
    return [
        header + hierarchy.seal_row(secret, purpose, RowPlace(table, row_id, rev, schema), plaintext)
        for row_id, rev, plaintext in rows
    ]


def open_row(agency_id: str, table: str, row_id: str, rev: int, sealed: bytes) -> bytes:
    """Open one sealed row; raises SealBrokenError, SecretMissingError."""
    return open_rows(agency_id, table, [(row_id, rev, sealed)])[0]


def open_rows(agency_id: str, table: str, rows: Sequence[tuple[str, int, bytes]]) -> list[bytes]:
    """Open many sealed rows (row id, revision, sealed) in their order, with one query."""
    headers = [_read_header(sealed) for _, _, sealed in rows]
    secrets = secrets_of(agency_id, {epoch for epoch, _ in headers})
    openers = {epoch: RowOpener(secret, PURPOSES[table], table) for epoch, secret in secrets.items()}
    return [
        openers[epoch].open(row_id, rev, schema, bytes(sealed[_HEADER.size :]))
        for (row_id, rev, sealed), (epoch, schema) in zip(rows, headers, strict=True)
    ]


def row_digest(sealed: bytes) -> str:
    """Return the SHA-256 of a sealed row, base64url: it names exactly this revision and tells nothing about its content."""
    return b64u(sha256(bytes(sealed)))


def tokens(agency_id: str, pairs: Iterable[tuple[str, str]]) -> list[bytes]:
    """Return the search tokens of (field, value) pairs, in their order; raises SecretMissingError.

    Equal values have equal tokens for ever, so that tokens are made under the agency's first secret, whatever its
    newest one.
    """
    secret = first_secret(agency_id)
    return [hierarchy.token(secret, field, value) for field, value in pairs]


def _read_header(sealed: bytes) -> tuple[int, int]:
    if len(sealed) < _HEADER.size:
        raise SealBrokenError("row")
    form, epoch, schema = _HEADER.unpack_from(sealed)
    if form != _FORM:
        raise SealBrokenError("row")
    return epoch, schema
