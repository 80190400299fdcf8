# SPDX-License-Identifier: Apache-2.0
"""One page of an agency's feed with what its items need, fetched before they are taken, in few calls."""

from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from accord.calls.answers import FeedEntry, StatementAnswer
from accord.calls.errors import ClientError
from accord.envelope.errors import EnvelopeError
from accord.following.follower import Follower
from alerts.models import AwaitedEnvelope, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.feed_items import ENVELOPE, STATEMENT
from alerts.receiving.feed_statements import refresh_keys
from alerts.receiving.held_envelopes import Held, fetch_ahead, held_envelopes
from alerts.receiving.page_facts import PageFacts


@dataclass(frozen=True)
class Page:
    """Facts about a page's items before they are taken: alerts that are here or awaited, statements fetched for it."""

    here: Set[str] = frozenset()
    awaited: Mapping[str, AwaitedEnvelope] = field(default_factory=dict)
    held: Mapping[str, Held] = field(default_factory=dict, repr=False)
    statements: Mapping[str, StatementAnswer] = field(default_factory=dict)

    def is_new(self, item: FeedEntry) -> bool:
        """Tell whether the item is an alert that was just fetched for the first time."""
        return item.d in self.held and item.d not in self.here and item.d not in self.awaited


def ask_ahead(
    items: Sequence[FeedEntry],
    follower: Follower,
    peers: VerifiedDirectory,
    facts: PageFacts,
    *,
    now: datetime,
) -> Page:
    """Fetch what the items of a page need; `facts` learn of them. What is missing then is asked for alone.

    Raises ExchangeAwayError: without the newest keys nothing of the page can be judged.
    """
    agency_id = peers.reader
    named = [item for item in items if item.what == ENVELOPE]
    mds = [item.d for item in named]
    here = set(ReceivedAlert.objects.filter(agency=agency_id, md__in=mds).values_list("md", flat=True))
    awaited = {row.md: row for row in AwaitedEnvelope.objects.filter(agency=agency_id, md__in=mds)}
    refresh_keys(peers, follower, {item.iss for item in items if item.iss})
    missing = [md for md in mds if md not in here]
    with suppress(ClientError):
        fetch_ahead(agency_id, missing, now=now)
    held = held_envelopes(agency_id, missing, now=now)
    facts.learn(mds, [item.id for item in named])
    statements = _statements(follower, [item.d for item in items if item.what == STATEMENT])
    return Page(here, awaited, held, statements)


def _statements(follower: Follower, ods: Sequence[str]) -> dict[str, StatementAnswer]:
    """Return those of these statements that are not held, as the exchange gives them; fetch the proofs for their receipts."""
    found = {}
    for od in ods:
        with suppress(ClientError, EnvelopeError):
            if follower.memory.statement(od) is None:
                found[od] = follower.exchange.statement(od)
    follower.log.ask_ahead([one.receipt.checkpoint for one in found.values() if one.receipt])
    return found
