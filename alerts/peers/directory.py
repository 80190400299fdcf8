# SPDX-License-Identifier: Apache-2.0
"""Keys of peers as one agency's desk trusts them: fetched over the exchange's API and verified by the agency's own pins.

- `refresh` asks the exchange and verifies; all else answers from the kept rows, each bound to the agency.
- A peer with any failure is unknown here, and `refused` has the cause: a keyset that does not follow, a root to which the
  pinned one does not lead, a row that was changed or is gone.
- A revocation that the book has and the rows lack still counts, and `hidden` names the peer.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import takewhile
from typing import Final

from accord.envelope import keysets as envelope
from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.statements.checks import revocation_of
from accord.envelope.statements.form import parse_statement
from accord.following.follower import trusted_now
from accord.following.log import KeptLog
from accord.following.pinned import index_of, kept_chain
from alerts.errors import KeysetUnreadableError
from alerts.peers.pins import Book, Pin, Revoked, read_book, summed_up
from callers.errors import NotBoundError
from peers.exchange import exchange_of
from peers.feed_memory import FeedMemory, StatementSubjects
from peers.following import follow_keysets, follow_ledger, follow_own_waiting
from peers.freshness import Freshness, freshness_in
from vault.errors import SealBrokenError
from vault.own_keys import own_root

PINS_ALTERED: Final = "pins-altered"
KEYSETS_ALTERED: Final = "keysets-altered"
LEDGER_ALTERED: Final = "seen-ledger-altered"
REVOCATION_MISSING: Final = "revocation-missing"


class VerifiedDirectory:
    """`KeyDirectory` for one agency, at one moment; keeps what it has read."""

    def __init__(self, reader: str, now: datetime, *, subjects: StatementSubjects | None = None) -> None:
        self.reader = reader
        self.refused: dict[str, str] = {}
        self.hidden: dict[str, str] = {}
        self.memory = FeedMemory(reader, self._pinned_root, now=now, subjects=subjects)
        self._now = now
        self._book: Book | None = None
        self._chains: dict[str, tuple[envelope.Keyset, ...]] = {}
        self._said: dict[str, list[envelope.Revocation]] = {}
        self._fresh: set[str] = set()
        self._raised: dict[str, str] = {}
        self._logs: dict[bool, KeptLog] = {}

    @property
    def alarms(self) -> dict[str, str]:
        """Causes of failures, by peer."""
        return self.hidden | self.refused

    def take_alarms(self) -> dict[str, str]:
        """Return the failures that no earlier call returned, by peer."""
        new = {peer: cause for peer, cause in self.alarms.items() if self._raised.get(peer) != cause}
        self._raised |= new
        return new

    @property
    def known(self) -> list[str]:
        """Peers with a pinned root whose keys were read and trusted."""
        pins = self.book.pins
        return [peer for peer, chain in self._chains.items() if chain and peer in pins and pins[peer].root]

    @property
    def book(self) -> Book:
        """Pins of the reader; empty where the book does not open, and then every peer is refused."""
        if self._book is None:
            try:
                self._book = read_book(self.reader)
            except SealBrokenError:
                self._book = Book(self.reader, revision=-1)
        return self._book

    def use_book(self, book: Book) -> None:
        """Use the book as it was just changed; the change must leave the pinned roots as they were."""
        self._book = book

    def refresh(self, agencies: Iterable[str]) -> None:
        """Ask the exchange, once, for newer keys of these agencies, and keep what verifies. Not inside a transaction.

        Raises VerificationError where the ledger is not the one seen before, and `accord.calls.errors.ClientError`.
        """
        if self.book.revision < 0:
            return
        asked = [agency for agency in set(agencies) - self._fresh if self._is_kept_whole(agency)]
        if not asked:
            return
        follow_keysets(self.memory, asked, now=self._now)
        self._fresh |= set(asked)
        for agency in asked:
            self.refused.pop(agency, None)
            self.hidden.pop(agency, None)
            self._chains.pop(agency, None)

    def refresh_own(self) -> None:
        """Ask for the reader's own keys, and for a recovered root of its own that waits; raises as `refresh`."""
        self.refresh([self.reader])
        if self.book.revision >= 0 and self.reader not in self.refused:
            follow_own_waiting(self.memory, now=self._now)
            self._chains.pop(self.reader, None)

    def preload(self, agencies: Iterable[str]) -> None:
        """Read what is kept of these agencies, with two statements, besides the book's."""
        wanted = set(agencies) - self._chains.keys()
        self.memory.preload(wanted)
        for agency in wanted:
            self._chains[agency] = self._trusted(agency)

    def keyset(self, agency: str) -> envelope.Keyset | None:
        """Return the newest keyset in force, or None."""
        return envelope.newest_in_force(self._chain(agency), self._seconds)

    def keyset_logged_before(
        self, agency: str, log_time: int, index: int | None = None
    ) -> envelope.Keyset | None:
        """Return the keyset that was in force at `log_time` (seconds), for the leaf of this index."""
        if log_time > self._seconds:
            return self.keyset(agency)
        return envelope.newest_in_force(self._chain(agency), log_time, index=index)

    def revocations(self, agency: str) -> Sequence[envelope.Revocation]:
        """Return every logged revocation of a key of the agency."""
        return envelope.revocations_of(self._chain(agency), self._said[agency], now=self._seconds)

    def revokers(self, agencies: Collection[str]) -> set[str]:
        """Return the agencies that may have revoked a key, by rows or book; all signatures of the others are in force."""
        if not agencies:
            return set()
        pins = self.book.pins
        booked = {agency for agency in agencies if agency in pins and pins[agency].revoked}
        return booked | self.memory.revokers(agencies)

    def see_ledger(self) -> None:
        """Ask for the ledger's newest checkpoint, if the one seen is old; raises as `peers.following.follow_ledger`."""
        follow_ledger(self.memory, now=self._now)

    @property
    def freshness(self) -> Freshness:
        """Age of the ledger as the reader has seen it; raises NotBoundError."""
        return freshness_in(self.memory, now=self._now)

    def require_readable(self, agency: str) -> None:
        """Raise KeysetUnreadableError where a check of the agency failed: then nothing of it is judged anew."""
        self.preload([agency])
        if agency in self.refused:
            raise KeysetUnreadableError(agency)

    def log(self, *, is_away: bool) -> KeptLog:
        """Return the ledger as the reader has seen it; while the exchange `is_away`, proofs are not asked for."""
        if is_away not in self._logs:
            exchange = None if is_away else exchange_of(self.reader)
            self._logs[is_away] = KeptLog(self.memory, exchange, lambda: self._seconds)
        return self._logs[is_away]

    def seen(self, agency: str) -> Pin | None:
        """Return the agency's pin updated by what was seen now: its version never falls, its root stays."""
        keyset, pin = self.keyset(agency), self.book.pins.get(agency, Pin())
        if keyset is None:
            return None
        root = pin.root or keyset.root_fingerprint
        revoked = summed_up((*pin.revoked, *_kept_form(self._said[agency])))
        return replace(pin, root=root, version=max(pin.version, keyset.version), revoked=revoked)

    def root_change(self, agency: str) -> envelope.Keyset | None:
        """Return the keyset by which another root took the place of the pinned one: a recovery, if there was one, else the newest.

        None while the pinned root is in force.
        """
        chain = envelope.in_force(self._chain(agency), self._seconds)
        pinned = self._pinned_root(agency)
        after = list(takewhile(lambda keyset: keyset.root_fingerprint != pinned, reversed(chain)))
        changes = [keyset for keyset in after if keyset.succession != envelope.SAME]
        return next(
            (keyset for keyset in changes if keyset.succession == envelope.RECOVERED),
            next(iter(changes), None),
        )

    @property
    def _seconds(self) -> int:
        """Present time in seconds; the ledger's newest time where this machine's clock lags a little."""
        clock = int(self._now.timestamp())
        return clock if self._is_ledger_altered else trusted_now(clock, self.memory.newest_log_time())

    @cached_property
    def _is_ledger_altered(self) -> bool:
        """Tell whether the kept ledger was changed or deleted past the program: then none of its times counts."""
        try:
            self.memory.newest_log_time()
        except NotBoundError:
            return True
        return False

    def _chain(self, agency: str) -> tuple[envelope.Keyset, ...]:
        if agency not in self._chains:
            self.preload([agency])
        return self._chains[agency]

    def _pinned_root(self, agency: str) -> str:
        pinned = self.book.pins.get(agency, Pin()).root
        return pinned or (own_root(agency) if agency == self.reader else "")

    def _is_kept_whole(self, agency: str) -> bool:
        """Tell whether none of its rows was altered; no new rows are fetched over altered ones, which they could hide."""
        try:
            self.memory.keysets(agency)
        except NotBoundError:
            self.refused[agency] = KEYSETS_ALTERED
            return False
        return True

    def _trusted(self, agency: str) -> tuple[envelope.Keyset, ...]:
        # A refused peer's revocations in the book still count: a signature that they void never looks in force.
        self._said[agency] = self._booked(agency, {})
        if self.book.revision < 0:
            self.refused[agency] = PINS_ALTERED
        elif self._is_ledger_altered:
            self.refused[agency] = LEDGER_ALTERED
        elif agency in self.memory.troubles:
            self.refused[agency] = self.memory.troubles[agency]
        if agency in self.refused or not self._is_kept_whole(agency):
            return ()
        chain = tuple(kept_chain(self.memory, agency))
        try:
            _check_whole(agency, chain)
            self._check_pin(agency, chain)
        except EnvelopeError as failure:
            self.refused[agency] = str(failure.code)
            return ()
        said = [
            revocation_of(parse_statement(record.jws.encode()).statement, record.log_time, index_of(record))
            for record in self.memory.revocations(agency)
        ]
        self._said[agency] = [*said, *self._missing(agency, said)]
        return chain

    def _missing(self, agency: str, words: Sequence[envelope.Revocation]) -> list[envelope.Revocation]:
        """Return the revocations that the book has and the rows lack."""
        missing = self._booked(agency, {word.kid: word for word in _kept_form(words)})
        if missing:
            self.hidden[agency] = REVOCATION_MISSING
        return missing

    def _booked(self, agency: str, shown: Mapping[str, Revoked]) -> list[envelope.Revocation]:
        """Return the book's revocations that `shown` does not cover."""
        kept = self.book.pins.get(agency, Pin()).revoked
        return [
            envelope.Revocation(agency, word.kid, word.since, None, "", word.log_time, word.index)
            for word in kept
            if word.kid not in shown or not shown[word.kid].covers(word)
        ]

    def _check_pin(self, agency: str, chain: Sequence[envelope.Keyset]) -> None:
        pin = self.book.pins.get(agency)
        if pin is None or not pin.root or not (chain or pin.version):
            # Nobody has compared yet, or nothing was fetched yet.
            return
        if all(keyset.root_fingerprint != pin.root for keyset in chain):
            raise VerificationError(Failure.KEYSET_ROOT, agencies=(agency,))
        newest = envelope.newest_in_force(chain, self._seconds)
        if newest is None or newest.version < pin.version:
            raise VerificationError(Failure.KEYSET_CHAIN, "an older version than seen before", (agency,))


def _check_whole(agency: str, chain: Sequence[envelope.Keyset]) -> None:
    """Refuse rows that are not one chain from its first version on: a missing one may have revoked a key."""
    ods = {keyset.od for keyset in chain}
    beginnings = [keyset for keyset in chain if keyset.prev not in ods]
    if chain and (len(beginnings) != 1 or beginnings[0].prev is not None):
        raise VerificationError(Failure.KEYSET_CHAIN, "a version is missing", (agency,))


def _kept_form(words: Iterable[envelope.Revocation]) -> tuple[Revoked, ...]:
    return summed_up(
        Revoked(word.kid, word.since, word.log_time, -1 if word.index is None else word.index)
        for word in words
    )
