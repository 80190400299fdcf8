# SPDX-License-Identifier: Apache-2.0
"""Following directory and ledger for one agency of this desk, over the exchange's public API."""

import logging
from collections.abc import Iterable
from datetime import datetime

from accord.calls.errors import ClientError
from accord.envelope.errors import EnvelopeError
from accord.envelope.keysets import newest_in_force, read_keyset
from accord.following.follower import DirectoryFollower, Follower
from accord.following.keysets import LEDGER_FAILURES, follow_keyset, refresh_many
from accord.following.pinned import kept_chain
from peers.exchange import exchange_of
from peers.feed_memory import FeedMemory
from peers.freshness import freshness_in
from peers.memory import PeerMemory

log = logging.getLogger(__name__)


def follower_of(memory: PeerMemory, *, now: datetime) -> DirectoryFollower:
    """Return a follower with this memory, at this moment."""
    exchange = exchange_of(memory.reader)
    return DirectoryFollower(memory.reader, memory, exchange, clock=int(now.timestamp()))


def feed_follower_of(memory: FeedMemory, *, now: datetime) -> Follower:
    """Return a follower that can also take in statements and the feed."""
    return Follower(memory.reader, memory, exchange_of(memory.reader), clock=int(now.timestamp()))


def follow_keysets(memory: PeerMemory, agencies: Iterable[str], *, now: datetime) -> dict[str, EnvelopeError]:
    """Take in newer keys of these agencies; return the failures by agency. Not inside a transaction.

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


def follow_ledger(memory: PeerMemory, *, now: datetime) -> None:
    """Take in the newest checkpoint of the ledger where the last one seen is no longer new. Not inside a transaction.

    An exchange that does not show its log changes nothing. Raises VerificationError where it is not the log seen
    before, and NotBoundError for an altered row.
    """
    if not freshness_in(memory, now=now).is_to_be_asked(now):
        return
    try:
        follower_of(memory, now=now).log.see_newest()
    except ClientError as trouble:
        log.warning("the exchange does not show its log to %s: %s", memory.reader, type(trouble).__name__)
        return
    memory.write()


def follow_own_waiting(memory: PeerMemory, *, now: datetime) -> None:
    """Take in a keyset of the reader's own that is logged and not in force yet: a recovered root that waits.

    Call it after `follow_keysets`, which takes in only what is in force; raises as that. A keyset that does not verify
    is left out.
    """
    follower, own = follower_of(memory, now=now), memory.reader
    chain = kept_chain(memory, own)
    standing = newest_in_force(chain, follower.now)
    next_one = follower.exchange.keyset(own, standing.version + 1) if standing else None
    if next_one is None or next_one.receipt is None:
        return
    try:
        if read_keyset(next_one.keyset).od not in {keyset.od for keyset in chain}:
            follow_keyset(follower, own, next_one)
    except EnvelopeError as failure:
        if getattr(failure, "failure", None) in LEDGER_FAILURES:
            raise
        log.error("a keyset of %s that waits does not verify: %s", own, failure.code)
        return
    memory.write()
