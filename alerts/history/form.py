# SPDX-License-Identifier: Apache-2.0
"""Form of a history inside its seal: records, each a length of 4 octets and that many octets.

- First a JSON object with the agency, the keyset (its od) to whose key the history is sealed, and the time it was made.
- Then, for each envelope, an object with its `md`, the agency's own slice as the exchange gave it, the entry that opens it and
  the number of its sealed files; the files follow.
- Last an object with the number of envelopes.

The seal is `vault.backupseal`, under `HISTORY`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from accord.envelope.encoding import MAX_SLICE_BYTES, b64u, integer, members, parse_object, text, unb64u

FORM: Final = 1
MAX_JSON_BYTES: Final = 2 * MAX_SLICE_BYTES
MAX_FILE_BYTES: Final = 64 * 1024 * 1024
_LENGTH_BYTES: Final = 4


class NoHistoryError(Exception):
    """Content of a seal that is no history of this form."""


class Sink(Protocol):
    def write(self, octets: bytes) -> int: ...


class Source(Protocol):
    def read(self, count: int) -> bytes: ...


@dataclass(frozen=True)
class Head:
    """Head of a history: its agency, and the keyset that names the key it is sealed to."""

    agency: str
    keyset: str
    made_at: str


@dataclass(frozen=True)
class HandedEnvelope:
    """Envelope in a history: slice and sealed files as the exchange gave them, and the entry that opens them."""

    md: str
    octets: bytes = field(repr=False)
    entry: str = field(repr=False)
    blobs: Sequence[bytes] = field(repr=False)


def write_head(sink: Sink, head: Head) -> None:
    """Begin a history."""
    _put_json(sink, {"v": FORM, "agency": head.agency, "keyset": head.keyset, "made_at": head.made_at})


def write_envelope(sink: Sink, one: HandedEnvelope) -> None:
    """Add one envelope; its files are read one at a time."""
    _put_json(sink, {"md": one.md, "slice": b64u(one.octets), "entry": one.entry, "files": len(one.blobs)})
    for blob in one.blobs:
        _put(sink, blob)


def write_end(sink: Sink, envelopes: int) -> None:
    """End a history with the number of its envelopes."""
    _put_json(sink, {"end": envelopes})


def read_history(source: Source) -> tuple[Head, Iterator[HandedEnvelope]]:
    """Return the head, and the envelopes as they are read; raises NoHistoryError, MalformedError and what `source` raises."""
    said = members(_get_json(source), frozenset({"v", "agency", "keyset", "made_at"}), "history")
    integer(said["v"], "history v", least=FORM, most=FORM)
    head = Head(*(text(said[name], "history") for name in ("agency", "keyset", "made_at")))
    return head, _envelopes(source)


def _envelopes(source: Source) -> Iterator[HandedEnvelope]:
    count = 0
    while "end" not in (said := _get_json(source)):
        members(said, frozenset({"md", "slice", "entry", "files"}), "history")
        files = integer(said["files"], "history files", most=64)
        octets = unb64u(text(said["slice"], "history slice"), where="history slice")
        blobs = [_get(source, MAX_FILE_BYTES) for _ in range(files)]
        yield HandedEnvelope(text(said["md"], "history md"), octets, text(said["entry"], "entry"), blobs)
        count += 1
    if said != {"end": count} or source.read(1):
        raise NoHistoryError


def _put_json(sink: Sink, value: dict[str, Any]) -> None:
    _put(sink, json.dumps(value, separators=(",", ":")).encode("ascii"))


def _put(sink: Sink, octets: bytes) -> None:
    sink.write(len(octets).to_bytes(_LENGTH_BYTES, "big"))
    sink.write(octets)


def _get_json(source: Source) -> dict[str, Any]:
    return parse_object(_get(source, MAX_JSON_BYTES), limit=MAX_JSON_BYTES, where="history")


def _get(source: Source, limit: int) -> bytes:
    head = source.read(_LENGTH_BYTES)
    length = int.from_bytes(head, "big")
    if len(head) != _LENGTH_BYTES or length > limit:
        raise NoHistoryError
    octets = source.read(length)
    if len(octets) != length:
        raise NoHistoryError
    return octets
