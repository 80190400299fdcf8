# SPDX-License-Identifier: Apache-2.0
"""Set aside an item of the feed that makes this version fail, so that it does not hold up later ones.

A failure that any item would meet (disk, memory, network, the ledger, the API key) is raised. Ten in a row stop the watch.
"""

from __future__ import annotations

from typing import Final

from accord.client.errors import ClientError, ItemUnreadableError, WatchStoppedError
from accord.envelope.errors import BackendError

STOPS_AFTER: Final = 10


class SetAside:
    """A counter of items that were set aside in a row."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def went_well(self) -> None:
        """Reset the count after an item was read."""
        self._in_a_row = 0

    def take(self, failed: Exception) -> ItemUnreadableError:
        """Return the error for an item that failed; raise the failure where any item would meet it, WatchStoppedError."""
        if isinstance(failed, OSError | MemoryError | ClientError | BackendError):
            raise failed
        self._in_a_row += 1
        if self._in_a_row >= STOPS_AFTER:
            raise WatchStoppedError(self._in_a_row) from failed
        return ItemUnreadableError(failed)
