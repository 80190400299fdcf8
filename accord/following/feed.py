# SPDX-License-Identifier: Apache-2.0
"""The agency's feed from the kept place on: in order, without a gap, begun anew where the exchange has begun it anew.

An exchange that was restored from a backup begins its feed anew: it is read from the beginning, once, and what is known
by its digest is passed over by whoever takes it in.
"""

from __future__ import annotations

from typing import Final

from accord.calls.answers import FeedEntry, FeedPage
from accord.calls.errors import AnswerError, RefusedError
from accord.following.follower import Follower
from accord.following.records import FeedPlace

RESTARTED: Final = "feed-restarted"


class Feed:
    """One reading of the feed; `is_restarted` once it was begun anew."""

    def __init__(self, follower: Follower, *, limit: int) -> None:
        self.is_restarted = False
        self._follower = follower
        self._limit = limit

    def next_page(self) -> FeedPage:
        """What comes after the kept place, empty at the end; raises AnswerError, and what the exchange raises."""
        try:
            page = self._page_after(self._follower.memory.place())
        except RefusedError as refused:
            if refused.slug != RESTARTED or self.is_restarted:
                raise
            self.is_restarted, page = True, self._first_page()
        memory = self._follower.memory
        memory.keep_place(FeedPlace(page.epoch, memory.place().number))
        return page

    def go_on_after(self, page: FeedPage) -> None:
        """All of this page was taken in: the next one follows it."""
        self._follower.memory.keep_place(FeedPlace(page.epoch, page.items[-1].number))

    def _page_after(self, place: FeedPlace) -> FeedPage:
        page = self._follower.exchange.inbox(after=str(place), limit=self._limit)
        if place.epoch and page.epoch not in ("", place.epoch):
            raise AnswerError(
                "The hub's feed is another one without a word; nothing of this page was taken in."
            )
        _require_order(page.items, place.number)
        return page

    def _first_page(self) -> FeedPage:
        page = self._follower.exchange.inbox(after="0", limit=self._limit)
        _require_order(page.items, 0)
        self._follower.memory.begin_anew(self._follower.memory.place(), page.epoch)
        return page


def _require_order(items: tuple[FeedEntry, ...], after: int) -> None:
    """Numbers have no gaps: a hub that leaves one out hides something."""
    numbers = [item.number for item in items]
    if numbers != list(range(after + 1, after + 1 + len(items))):
        raise AnswerError("The hub's feed has a gap or runs backwards; nothing of this page was taken in.")
