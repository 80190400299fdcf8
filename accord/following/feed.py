# SPDX-License-Identifier: Apache-2.0
"""The agency's feed from the stored place on: in order, without a gap, restarted where the exchange has restarted it.

An exchange that was restored from a backup begins its feed anew: it is read from the beginning, once, and its consumer skips
items with a known digest.
"""

from __future__ import annotations

from typing import Final

from accord.calls.answers import FeedEntry, FeedPage
from accord.calls.errors import AnswerError, RefusedError
from accord.following.follower import Follower
from accord.following.records import FeedPlace

RESTARTED: Final = "feed-restarted"


class Feed:
    """One reading of the feed; `is_restarted` once it was restarted."""

    def __init__(self, follower: Follower, *, limit: int) -> None:
        self.is_restarted = False
        self._follower = follower
        self._limit = limit

    def next_page(self) -> FeedPage:
        """Return the items after the stored place, empty at the end; raise AnswerError, and the exchange's errors."""
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
        """Move on after all of this page was taken in."""
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
    """Require numbers without gaps: a hub that leaves one out hides something."""
    numbers = [item.number for item in items]
    if numbers != list(range(after + 1, after + 1 + len(items))):
        raise AnswerError("The hub's feed has a gap or runs backwards; nothing of this page was taken in.")
