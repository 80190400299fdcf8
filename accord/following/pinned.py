# SPDX-License-Identifier: Apache-2.0
"""The directory that a follower trusts: keysets of pinned roots, verified, logged, stored.

`PinnedDirectory` answers from the memory alone, so that stored objects can be verified offline.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from accord.envelope.keysets import Keyset, Revocation, newest_in_force, read_keyset, revocations_of
from accord.envelope.seal import Recipient
from accord.envelope.statements.checks import revocation_of
from accord.envelope.statements.form import parse_statement
from accord.envelope.tree.receipts import Receipt
from accord.following.ports import Clock, KeysetMemory
from accord.following.records import KeysetRecord, RevocationRecord

REMEMBERED: Final = 2048
"""Number of cached keysets, a few KiB each."""


class PinnedDirectory:
    """A `KeyDirectory` over the stored keysets, at one moment."""

    def __init__(self, memory: KeysetMemory, now: Clock) -> None:
        self._memory = memory
        self._now = now
        self._chains: dict[tuple[str, int], list[Keyset]] = {}

    def chain(self, agency: str) -> list[Keyset]:
        """Return every stored keyset, oldest version first; empty unless the chain contains the pinned root."""
        # A chain only grows: its length tells whether the cached chain is complete.
        records = self._memory.keysets(agency)
        place = agency, len(records)
        if place not in self._chains:
            self._chains[place] = [read_record(record) for record in records]
        chain, pin = self._chains[place], self._memory.pin_of(agency)
        return chain if pin in {keyset.root_fingerprint for keyset in chain} else []

    def keyset(self, agency: str) -> Keyset | None:
        """Return the newest keyset in force, or None."""
        return newest_in_force(self.chain(agency), self._now())

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        """Return the newest keyset that was in force at `log_time`, for the leaf of this index."""
        return newest_in_force(self.chain(agency), log_time, index=index)

    def revocations(self, agency: str) -> Sequence[Revocation]:
        """Return every logged revocation of the agency's keys, by a `revoke` or by a keyset in force."""
        stated = [
            revocation_of(parse_statement(record.jws.encode()).statement, record.log_time, index_of(record))
            for record in self._memory.revocations(agency)
        ]
        return revocations_of(self.chain(agency), stated, now=self._now())

    def recipient(self, agency: str) -> Recipient | None:
        """Return the agency in the form that sealing takes, or None while no keyset of a pinned root is stored."""
        keyset = self.keyset(agency)
        if keyset is None:
            return None
        revoked = frozenset(word.kid for word in self.revocations(agency))
        return Recipient(keyset, keyset.root_fingerprint, keyset.version, revoked)


def kept_chain(memory: KeysetMemory, agency: str) -> list[Keyset]:
    """Return every stored keyset of an agency, oldest version first, whatever root is pinned."""
    return [read_record(record) for record in memory.keysets(agency)]


def read_record(record: KeysetRecord) -> Keyset:
    """Return the keyset of a record, which was verified when the record was made; the same octets are parsed once."""
    return _read(record.jws, record.log_time, index_of(record), record.succession)


@lru_cache(maxsize=REMEMBERED)
def _read(jws: str, log_time: int, index: int | None, succession: str) -> Keyset:
    return read_keyset(jws.encode(), log_time=log_time, log_index=index, succession=succession)


def index_of(record: KeysetRecord | RevocationRecord) -> int | None:
    """Return the leaf by whose receipt a stored keyset or revocation was proved at its log time."""
    return Receipt.parse(record.receipt).index_at(record.log_time)
