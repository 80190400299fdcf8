# SPDX-License-Identifier: Apache-2.0
"""One opened home: keys unlocked, state read, the hub connected. Every act of a client works with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from accord.calls.exchange import Exchange, HttpExchange
from accord.calls.proxies import Proxy
from accord.calls.transport import HttpTransport
from accord.client.errors import KeysetEndedError
from accord.client.home import Home
from accord.client.memory import HomeMemory
from accord.client.progress import Progress, tell_nobody
from accord.client.state_changes import StateChanges
from accord.envelope.blobs import BlobFacts
from accord.envelope.content import OpenedAlert
from accord.envelope.errors import SealingError, SealRefusal
from accord.envelope.keysets import KeyRow, Keyset, newest_signing_keys
from accord.envelope.private import DecryptionKey, SignerSet
from accord.envelope.reading import open_alert
from accord.envelope.selftest import run_primitives
from accord.envelope.selftest_opening import run_seal_and_open
from accord.envelope.statements.form import CheckpointRef, SubjectRef, make_statement
from accord.envelope.verifying import VerifiedSlice
from accord.following.follower import Follower
from accord.following.keysets import refresh_once
from accord.following.ports import Clock, Seen
from accord.keyfile import KeyFile
from accord.keyring import KeyRing
from accord.state import State, StateAbsentError, StateFile

Connect = Callable[[str, str], Exchange]
Sleep = Callable[[float], None]


def connect_http(hub: str, api_key: str) -> Exchange:
    """Return the hub over HTTP, with the system's certificate authorities."""
    return HttpExchange(HttpTransport(hub, api_key=api_key))


def connect_through(proxy: Proxy) -> Connect:
    """Return a function that connects to a hub over HTTP through a proxy."""

    def connect(hub: str, api_key: str) -> Exchange:
        return HttpExchange(HttpTransport(hub, api_key=api_key, proxy=proxy))

    return connect


@cache
def require_sound_backend() -> None:
    """Check known answers of every primitive, and seal and open one alert per suite, once in a process.

    Raises BackendError.
    """
    run_primitives()
    run_seal_and_open()


@dataclass
class Session:
    """Keys, state and hub of one agency. `clock` returns seconds since 1970 (UTC)."""

    home: Home
    keys: KeyFile
    clock: Clock
    sleep: Sleep
    connect: Connect
    progress: Progress = tell_nobody
    _exchange: Exchange | None = None
    _ahead_secs: int | None = None

    @property
    def ring(self) -> KeyRing:
        """The private keys in their present state: another program of the agency may have added some."""
        return self.keys.ring

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
        """Begin one act at this moment; raise StateAbsentError where `enrolled` is required and not the case.

        With a network, what was opened offline is first compared with the ledger; raises VerificationError (`LEDGER_FORK`)
        where it differs, and then nothing else is done.
        """
        changes = StateChanges(self.state_file)
        if enrolled and not changes.state.enrolled:
            raise StateAbsentError("This home has not finished its enrolment. Run: accord enrol")
        act = Act(self, changes, exchange=self.exchange if online else None, clock=self.clock())
        if online and changes.state.uncompared:
            act.log.compare_waiting()
            changes.write()
        return act

    def use(self, exchange: Exchange) -> None:
        """Use this connection from now on."""
        self.close()
        self._exchange = exchange

    def decryption_keys(self) -> dict[str, DecryptionKey]:
        """Return the private keys that open, by kid."""
        return {key.public.kid: key for key in self.ring.decryption}

    def new_id(self, now: int) -> str:
        """Return a fresh id: a UUID of version 7 (RFC 9562) of this second."""
        return uuid7_at(now * 1000, os.urandom(10))

    def clock_ahead_secs(self) -> int | None:
        """Return how far this clock is ahead of the hub's, going by its last answer; None where it stated none."""
        said = None if self._exchange is None else self._exchange.hub_clock()
        return self._ahead_secs if said is None else self.clock() - said

    def close(self) -> None:
        """Release connections; the next call connects again."""
        self._ahead_secs = self.clock_ahead_secs()
        if self._exchange is not None:
            self._exchange.close()
            self._exchange = None


class Act(Follower):
    """One act: its moment, its changes of the state, and the pinned directory and ledger at that moment."""

    def __init__(
        self, session: Session, changes: StateChanges, *, exchange: Exchange | None, clock: int
    ) -> None:
        super().__init__(changes.state.agency, HomeMemory(changes), exchange, clock=clock)
        self.session = session
        self.changes = changes
        self.keys = HomeKeys(self)

    @property
    def exchange(self) -> Exchange:
        """The hub as the session now calls it."""
        return self.session.exchange

    @cached_property
    def decryption_keys(self) -> dict[str, DecryptionKey]:
        """The private keys that open, by kid, as they were when the act first needed them."""
        return self.session.decryption_keys()

    def refresh(self, agency: str) -> None:
        """Take in an agency's newest keyset, once in an act; raise as `refresh_keysets`."""
        refresh_once(self, agency)

    @property
    def state(self) -> State:
        """The state as this act sees it."""
        return self.changes.state

    def signer(self, suite: str) -> SignerSet:
        """Return the own keys that sign in `suite` now; raise SealingError where there are none, KeysetEndedError."""
        self.require_live_keyset()
        keyset = self.directory.keyset(self.agency)
        rows = () if keyset is None else self._signing_rows(keyset, suite)
        held = {key.public.kid: key for key in self.session.ring.signing}
        keys = [held[row.kid] for row in rows if row.kid in held]
        if not keys or len(keys) != len(rows):
            raise SealingError(SealRefusal.SIGNER, suite, (self.agency,))
        return SignerSet(keys)

    def require_live_keyset(self) -> None:
        """Refuse to send under a keyset that has ended; raise KeysetEndedError."""
        keyset = self.directory.keyset(self.agency)
        if keyset is not None and self.now >= keyset.exp:
            raise KeysetEndedError(keyset.exp)

    def statement_suite(self) -> str:
        """Return PQ1 where the agency has PQ1 signing keys, else EC1."""
        keyset = self.directory.keyset(self.agency)
        return "PQ1" if keyset and self._signing_rows(keyset, "PQ1") else "EC1"

    def _signing_rows(self, keyset: Keyset, suite: str) -> tuple[KeyRow, ...]:
        revoked = frozenset(word.kid for word in self.directory.revocations(self.agency))
        return newest_signing_keys(keyset, suite, self.now, revoked)


@dataclass(frozen=True)
class HomeKeys:
    """The keys of this home, as `accord.following` asks for them; the actor is an officer's id, or None.

    The key file itself limits who may use them: no permission is checked here, and no reason is recorded.
    """

    act: Act

    def open_slice(
        self,
        verified: VerifiedSlice,
        blobs: Sequence[BlobFacts],
        *,
        actor: str | None,
        reason: str,
        seen: Seen,
        now: int,
    ) -> OpenedAlert:
        """Open a verified slice; raise OpeningError."""
        return open_alert(verified, keys=self.act.decryption_keys, blobs=blobs, seen=seen, now=now)

    def sign_statement(
        self,
        k: str,
        sub: SubjectRef | None,
        body: Mapping[str, Any],
        *,
        actor: str | None,
        reason: str,
        cp: CheckpointRef | None,
        now: int,
        exp: int | None = None,
    ) -> bytes:
        """Return a statement in the best suite of the own keys; raise SealingError, KeysetEndedError."""
        suite = self.act.statement_suite()
        return make_statement(
            k,
            iss=self.act.agency,
            signer=self.act.signer(suite),
            suite=suite,
            id=self.act.session.new_id(now),
            iat=now,
            exp=exp,
            nonce=os.urandom(16),
            sub=sub,
            act=actor,
            cp=cp,
            body=body,
        )


def uuid7_at(milliseconds: int, randomness: bytes) -> str:
    """Return a UUID of version 7 from a time and 10 random octets."""
    value = (milliseconds << 80) | int.from_bytes(randomness, "big")
    value = value & ~(0xF << 76) | (7 << 76)
    value = value & ~(0x3 << 62) | (2 << 62)
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
