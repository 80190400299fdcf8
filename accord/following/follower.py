# SPDX-License-Identifier: Apache-2.0
"""One agency that follows the exchange, at one moment: its memory, its calls, its verification."""

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
    """The context of functions on keysets. `exchange` is None without a network, `clock` in seconds."""

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
        """The present moment, in seconds; see `trusted_now`."""
        return trusted_now(self._clock, self.memory.newest_log_time())


class Follower(DirectoryFollower):
    """The context of the other functions of this package, which also remember statements, slices and the feed."""

    memory: Memory

    def __init__(self, agency: str, memory: Memory, exchange: Exchange | None, *, clock: int) -> None:
        super().__init__(agency, memory, exchange, clock=clock)


def trusted_now(clock: int, newest_log_time: int) -> int:
    """Return the clock, or the newest proved log time where a slow clock lags behind it, by at most two hours.

    Otherwise a newly logged object would lie in the future of a machine whose clock is a little slow.
    """
    return max(clock, min(newest_log_time, clock + MAX_CLOCK_BEHIND_SECS))
