# SPDX-License-Identifier: Apache-2.0
"""Position up to which a watch has delivered, stored item by item.

The state is large and is written once a page; between two writings the number of the last delivered item stands in a small file
of its own, sealed under the same key. A killed program loses nothing of it. A machine that loses its power may, and then
repeats from the number in the state. The file can only be behind, never ahead: it is written after the delivery. One that does
not open under the key is ignored.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.client.errors import WatchedAlreadyError
from accord.state import StateError

_AAD: Final = b"accord-watch 1"
_IV_BYTES: Final = 12
_NUMBER_BYTES: Final = 8
_RECORD_BYTES: Final = _IV_BYTES + _NUMBER_BYTES + 16


class Position:
    """The number of the last item delivered, in an open file that one watch alone holds."""

    def __init__(self, descriptor: int, key: bytes, path: Path) -> None:
        self._descriptor = descriptor
        self._cipher = AESGCM(key)
        self._path = path

    def read(self) -> int:
        """Return the stored number; 0 where there is none that can be trusted."""
        record = os.pread(self._descriptor, _RECORD_BYTES + 1, 0)
        try:
            return int.from_bytes(self._cipher.decrypt(record[:_IV_BYTES], record[_IV_BYTES:], _AAD), "big")
        except (InvalidTag, ValueError):
            return 0

    def keep(self, number: int) -> None:
        """Record that this item was delivered; raise StateError."""
        iv = os.urandom(_IV_BYTES)
        record = iv + self._cipher.encrypt(iv, number.to_bytes(_NUMBER_BYTES, "big"), _AAD)
        try:
            os.pwrite(self._descriptor, record, 0)
        except OSError as exc:
            raise StateError(f"{self._path} cannot be written: {exc.strerror}.") from exc


@contextmanager
def open_position(path: Path, key: bytes) -> Iterator[Position]:
    """Hold the position of this home; raise WatchedAlreadyError where another watch holds it, StateError."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise StateError(f"{path} cannot be used: {exc.strerror}.") from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Position(descriptor, key, path)
    except BlockingIOError:
        raise WatchedAlreadyError from None
    finally:
        os.close(descriptor)
