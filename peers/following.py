# SPDX-License-Identifier: Apache-2.0
"""Following directory and ledger for one agency of this desk, over the exchange's public API."""

from collections.abc import Iterable
from datetime import datetime

from accord.envelope.errors import EnvelopeError
from accord.following.follower import DirectoryFollower, Follower
from accord.following.keysets import refresh_many
from peers.exchange import exchange_of
from peers.feed_memory import FeedMemory
from peers.memory import PeerMemory


def follower_of(memory: PeerMemory, *, now: datetime) -> DirectoryFollower:
    """The follower with this memory, at this moment."""
    exchange = exchange_of(memory.reader)
    return DirectoryFollower(memory.reader, memory, exchange, clock=int(now.timestamp()))


def feed_follower_of(memory: FeedMemory, *, now: datetime) -> Follower:
    """As `follower_of`, with what statements and the feed need."""
    return Follower(memory.reader, memory, exchange_of(memory.reader), clock=int(now.timestamp()))


def follow_keysets(memory: PeerMemory, agencies: Iterable[str], *, now: datetime) -> dict[str, EnvelopeError]:
    """Take in what is newer of these agencies' keys; what failed, by agency. Not inside a transaction.

    Raises VerificationError where the ledger is not the one seen before, NotBoundError for an altered row, and
    `accord.calls.errors.ClientError`.
    """
    agencies = set(agencies)
    memory.preload(agencies)
    for agency in agencies:
        memory.drop_other_roots(agency)
    follower = follower_of(memory, now=now)
    follower.log.compare_waiting()
    failed = refresh_many(follower, agencies, anew=memory.troubles)
    memory.write()
    memory.note_troubles(agencies, {agency: str(failure.code) for agency, failure in failed.items()})
    return failed
