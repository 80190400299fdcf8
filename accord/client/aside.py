# SPDX-License-Identifier: Apache-2.0
"""An item of the feed that makes this version fail is set aside, so that it keeps no later one waiting.

A failure that any item would meet (disk, memory, network, the ledger, the API key) is raised. Ten in a row stop.
"""

from __future__ import annotations

from typing import Final

from accord.client.errors import ClientError, ItemUnreadableError, WatchStoppedError
from accord.envelope.errors import BackendError

STOPS_AFTER: Final = 10


class SetAside:
    """Counts how many items in a row were set aside."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def went_well(self) -> None:
        """An item was read: what comes next begins a new row."""
        self._in_a_row = 0

    def take(self, failed: Exception) -> ItemUnreadableError:
        """What to say of an item that failed; raises the failure where any item would meet it, WatchStoppedError."""
        if isinstance(failed, OSError | MemoryError | ClientError | BackendError):
            raise failed
        self._in_a_row += 1
        if self._in_a_row >= STOPS_AFTER:
            raise WatchStoppedError(self._in_a_row) from failed
        return ItemUnreadableError(failed)
