# SPDX-License-Identifier: Apache-2.0
"""The directory that a follower trusts: keysets of pinned roots, verified, logged, kept.

`PinnedDirectory` answers from the memory alone, so that what was read once can be verified without a network.
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
"""Keysets, a few KiB each."""


class PinnedDirectory:
    """A `KeyDirectory` over what is kept, at one moment."""

    def __init__(self, memory: KeysetMemory, now: Clock) -> None:
        self._memory = memory
        self._now = now
        self._chains: dict[tuple[str, int], list[Keyset]] = {}

    def chain(self, agency: str) -> list[Keyset]:
        """Every kept keyset, oldest version first; empty unless a root is pinned that the chain contains."""
        # A chain only grows: its length tells whether what was read before is still all of it.
        records = self._memory.keysets(agency)
        place = agency, len(records)
        if place not in self._chains:
            self._chains[place] = [read_record(record) for record in records]
        chain, pin = self._chains[place], self._memory.pin_of(agency)
        return chain if pin in {keyset.root_fingerprint for keyset in chain} else []

    def keyset(self, agency: str) -> Keyset | None:
        """The newest keyset in force, or None."""
        return newest_in_force(self.chain(agency), self._now())

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        """The newest keyset that was in force at `log_time`, for the leaf of this index."""
        return newest_in_force(self.chain(agency), log_time, index=index)

    def revocations(self, agency: str) -> Sequence[Revocation]:
        """Every logged revocation of the agency's keys, by a `revoke` or by a keyset in force."""
        stated = [
            revocation_of(parse_statement(record.jws.encode()).statement, record.log_time, index_of(record))
            for record in self._memory.revocations(agency)
        ]
        return revocations_of(self.chain(agency), stated, now=self._now())

    def recipient(self, agency: str) -> Recipient | None:
        """The agency as sealing wants it, or None while no keyset of a pinned root is kept."""
        keyset = self.keyset(agency)
        if keyset is None:
            return None
        revoked = frozenset(word.kid for word in self.revocations(agency))
        return Recipient(keyset, keyset.root_fingerprint, keyset.version, revoked)


def kept_chain(memory: KeysetMemory, agency: str) -> list[Keyset]:
    """Every kept keyset of an agency, oldest version first, whatever root is pinned."""
    return [read_record(record) for record in memory.keysets(agency)]


def read_record(record: KeysetRecord) -> Keyset:
    """The keyset of a record, which was verified when the record was made; the same octets are read once."""
    return _read(record.jws, record.log_time, index_of(record), record.succession)


@lru_cache(maxsize=REMEMBERED)
def _read(jws: str, log_time: int, index: int | None, succession: str) -> Keyset:
    return read_keyset(jws.encode(), log_time=log_time, log_index=index, succession=succession)


def index_of(record: KeysetRecord | RevocationRecord) -> int | None:
    """The leaf by whose receipt a kept keyset or revocation was proved at its log time."""
    return Receipt.parse(record.receipt).index_at(record.log_time)
