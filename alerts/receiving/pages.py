# SPDX-License-Identifier: Apache-2.0
"""One page of an agency's feed with what its items need, fetched before they are taken, in few calls."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import QuerySet

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

T = TypeVar("T")


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


class PagesAhead:
    """The pages of one run over a long feed: the next page's envelopes are fetched while one is filed.

    They are fetched and kept in a thread with a database connection of its own. Leaving waits for what is on the way.
    """

    def __init__(self, agency_id: str, *, now: datetime) -> None:
        self._agency_id, self._now = agency_id, now
        self._coming: dict[int, Future[dict[str, Held]]] = {}
        self._pool: Executor | None = None

    def __enter__(self) -> "PagesAhead":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def fetch(self, items: Sequence[FeedEntry]) -> None:
        """Begin to fetch the envelopes that these items name."""
        if items:
            self._pool = self._pool or OwnThread()
            self._coming[items[0].number] = self._pool.submit(self._fetched, _mds_of(items))

    def held(self, items: Sequence[FeedEntry], filed: Set[str]) -> dict[str, Held]:
        """Return the envelopes of a page's alerts that are not filed, fetched if they were not here; waits for those on the way."""
        mds = [md for md in _mds_of(items) if md not in filed]
        coming, fetched = self._coming.pop(items[0].number, None), dict[str, Held]()
        with suppress(ClientError):
            fetched = coming.result() if coming else fetch_ahead(self._agency_id, mds, now=self._now)
        rest = [md for md in mds if md not in fetched]
        return fetched | (held_envelopes(self._agency_id, rest, now=self._now) if rest else {})

    def _fetched(self, mds: Sequence[str]) -> dict[str, Held]:
        filed = set(_filed(self._agency_id, mds))
        return fetch_ahead(self._agency_id, [md for md in mds if md not in filed], now=self._now)


class OwnThread(ThreadPoolExecutor):
    """One thread; its database connection is closed after each piece of work."""

    def __init__(self) -> None:
        super().__init__(1, thread_name_prefix="pages-ahead")

    def submit(self, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Have the thread do the work."""
        return super().submit(_then_disconnect, work, *args, **kwargs)


def _then_disconnect(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    try:
        return work(*args, **kwargs)
    finally:
        connection.close()


def _filed(agency_id: str, mds: Sequence[str]) -> QuerySet[ReceivedAlert, str]:
    return ReceivedAlert.objects.filter(agency=agency_id, md__in=mds).values_list("md", flat=True)


def _mds_of(items: Iterable[FeedEntry]) -> list[str]:
    return [item.d for item in items if item.what == ENVELOPE]


def ask_ahead(
    items: Sequence[FeedEntry],
    follower: Follower,
    peers: VerifiedDirectory,
    facts: PageFacts,
    *,
    ahead: PagesAhead,
) -> Page:
    """Fetch what the items of a page need; `facts` learn of them. What is missing then is asked for alone.

    Raises ExchangeAwayError: without the newest keys nothing of the page can be judged.
    """
    agency_id, mds = peers.reader, _mds_of(items)
    here = set(_filed(agency_id, mds))
    awaited = {row.md: row for row in AwaitedEnvelope.objects.filter(agency=agency_id, md__in=mds)}
    refresh_keys(peers, follower, {item.iss for item in items if item.iss})
    held = ahead.held(items, here)
    facts.learn(mds, [item.id for item in items if item.what == ENVELOPE])
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
