# SPDX-License-Identifier: Apache-2.0
"""One opened home: keys unlocked, state at hand, the hub within reach. What every act of a client works with."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from accord.client.exchange import Exchange, HttpExchange
from accord.client.home import Home
from accord.client.log import KeptLog
from accord.client.notebook import Notebook
from accord.client.pinned import PinnedDirectory
from accord.client.transport import Transport
from accord.envelope.errors import SealingError, SealRefusal
from accord.envelope.keysets import newest_signing_keys
from accord.envelope.private import DecryptionKey, SignerSet
from accord.envelope.selftest import run_primitives
from accord.envelope.selftest_opening import run_seal_and_open
from accord.keyfile import KeyRing
from accord.state import State, StateAbsentError, StateFile

Clock = Callable[[], int]
Connect = Callable[[str, str], Exchange]
Sleep = Callable[[float], None]


def connect_http(hub: str, api_key: str) -> Exchange:
    """The hub over HTTP, with the system's certificate authorities."""
    return HttpExchange(Transport(hub, api_key=api_key))


@cache
def require_sound_backend() -> None:
    """Known answers of every primitive and one alert sealed and opened per suite, once in a process.

    Raises BackendError.
    """
    run_primitives()
    run_seal_and_open()


@dataclass
class Session:
    """Keys, state and hub of one agency. `clock` gives seconds since 1970 (UTC)."""

    home: Home
    ring: KeyRing
    clock: Clock
    sleep: Sleep
    connect: Connect
    _exchange: Exchange | None = None

    @property
    def state_file(self) -> StateFile:
        """The local state."""
        return self.home.state(self.ring)

    @property
    def exchange(self) -> Exchange:
        """The hub; connected when first needed."""
        if self._exchange is None:
            state = self.state_file.read()
            self._exchange = self.connect(state.hub, state.api_key)
        return self._exchange

    def begin(self, *, online: bool = True, enrolled: bool = True) -> Act:
        """Begin one act at this moment; raises StateAbsentError where `enrolled` is demanded and not yet so."""
        notebook = Notebook(self.state_file, clock=self.clock())
        if enrolled and not notebook.state.enrolled:
            raise StateAbsentError("This home has not finished its enrolment. Run: accord enrol")
        return Act(self, notebook, exchange=self.exchange if online else None)

    def use(self, exchange: Exchange) -> None:
        """Go on with this connection."""
        self.close()
        self._exchange = exchange

    def decryption_keys(self) -> dict[str, DecryptionKey]:
        """The private keys that open, by kid."""
        return {key.public.kid: key for key in self.ring.decryption}

    def new_id(self, now: int) -> str:
        """A fresh id: a UUID of version 7 (RFC 9562) of this second."""
        return uuid7_at(now * 1000, os.urandom(10))

    def close(self) -> None:
        """Give connections back; the next call connects again."""
        if self._exchange is not None:
            self._exchange.close()
            self._exchange = None


class Act:
    """One act: its moment, its notebook, the pinned directory and ledger as it sees them."""

    def __init__(self, session: Session, notebook: Notebook, *, exchange: Exchange | None) -> None:
        self.session = session
        self.notebook = notebook
        self.log = KeptLog(notebook, exchange)
        self.directory = PinnedDirectory(notebook)

    @property
    def now(self) -> int:
        """The act's moment, in seconds."""
        return self.notebook.now

    @property
    def state(self) -> State:
        """The state as this act sees it."""
        return self.notebook.state

    @property
    def agency(self) -> str:
        """The own agency id."""
        return self.notebook.state.agency

    def signer(self, suite: str) -> SignerSet:
        """The own keys that sign in `suite` now; raises SealingError where there are none."""
        keyset = self.directory.keyset(self.agency)
        rows = () if keyset is None else newest_signing_keys(keyset, suite, self.now)
        held = {key.public.kid: key for key in self.session.ring.signing}
        keys = [held[row.kid] for row in rows if row.kid in held]
        if not keys or len(keys) != len(rows):
            raise SealingError(SealRefusal.SIGNER, suite, (self.agency,))
        return SignerSet(keys)

    def statement_suite(self) -> str:
        """PQ1 where the agency has PQ1 signing keys, else EC1."""
        keyset = self.directory.keyset(self.agency)
        return "PQ1" if keyset and newest_signing_keys(keyset, "PQ1", self.now) else "EC1"


def uuid7_at(milliseconds: int, randomness: bytes) -> str:
    """A UUID of version 7 from a time and 10 random octets."""
    value = (milliseconds << 80) | int.from_bytes(randomness, "big")
    value = value & ~(0xF << 76) | (7 << 76)
    value = value & ~(0x3 << 62) | (2 << 62)
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
