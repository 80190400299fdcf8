# SPDX-License-Identifier: Apache-2.0
"""One agency that follows the exchange, at one moment: what it remembers, whom it may ask, what it verifies by."""

from __future__ import annotations

from typing import Final

from accord.calls.errors import UnreachableError
from accord.calls.exchange import Exchange
from accord.envelope.keysets import KeyDirectory
from accord.following.log import KeptLog
from accord.following.pinned import PinnedDirectory
from accord.following.ports import DirectoryMemory, Memory

MAX_CLOCK_BEHIND_SECS: Final = 2 * 3600


class DirectoryFollower:
    """What the functions on keysets work with. `exchange` is None without a network, `clock` in seconds."""

    memory: DirectoryMemory

    def __init__(
        self, agency: str, memory: DirectoryMemory, exchange: Exchange | None, *, clock: int
    ) -> None:
        self.agency = agency
        self.memory = memory
        self.log = KeptLog(memory, exchange, lambda: self.now)
        self.directory = PinnedDirectory(memory, lambda: self.now)
        self.judges_by: KeyDirectory = self.directory
        """The keys by which signatures are judged: the pinned ones, unless the caller trusts fewer."""
        self.fresh: set[str] = set()
        """Agencies whose newest keyset was taken in at this moment."""
        self._exchange = exchange
        self._clock = clock

    @property
    def exchange(self) -> Exchange:
        """The exchange; raises UnreachableError without a network."""
        if self._exchange is None:
            raise UnreachableError("This is done without a network: the hub is not asked.")
        return self._exchange

    @property
    def now(self) -> int:
        """This moment, in seconds; see `trusted_now`."""
        return trusted_now(self._clock, self.memory.newest_log_time())


class Follower(DirectoryFollower):
    """What the other functions of this package work with: they remember statements, slices and the feed, too."""

    memory: Memory

    def __init__(self, agency: str, memory: Memory, exchange: Exchange | None, *, clock: int) -> None:
        super().__init__(agency, memory, exchange, clock=clock)


def trusted_now(clock: int, newest_log_time: int) -> int:
    """The clock, or the newest log time proved where a slow clock lags behind it, by two hours at most.

    Else what the ledger has just logged would lie in the future of a machine whose clock is a little slow.
    """
    return max(clock, min(newest_log_time, clock + MAX_CLOCK_BEHIND_SECS))
