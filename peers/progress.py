# SPDX-License-Identifier: Apache-2.0
"""Progress of this desk in its agencies' feeds: up to which moment its pages are complete, and how much waits.

It has totals and times only, so that whoever runs the desk may know them without seeing any agency's rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Max, Min, Q, Sum

from peers.models import FeedCursor

LATE_AFTER: Final = timedelta(minutes=2)
ASKED_EVERY: Final = timedelta(seconds=20)
"""Least time between notes that the feed had nothing new."""
CLOCK_WARNED: Final = timedelta(minutes=2)
CLOCK_WRONG: Final = timedelta(minutes=5)
"""Limit beyond which signed objects are refused: they must be logged within that much of the time they state."""


@dataclass(frozen=True)
class Depth:
    """Items that the desk has not taken yet (heads of feeds minus places), in how many feeds, and since when the oldest waits.

    `asked_at`: when the feed that was not asked for longest was last asked for. `clock_ahead`: by how much this
    machine's clock is ahead of the exchange's (behind: negative), None where it stated no time.
    """

    items: int
    feeds: int
    since: datetime | None
    asked_at: datetime | None
    clock_ahead: timedelta | None = None

    def is_late(self, now: datetime) -> bool:
        """Tell whether something has waited too long, or a feed was not asked for."""
        return any(at is not None and now - at > LATE_AFTER for at in (self.since, self.asked_at))


def desk_depth() -> Depth:
    """Return the present totals over every feed that was begun."""
    behind = Q(head__gt=F("number"))
    found = FeedCursor.objects.aggregate(
        items=Sum(F("head") - F("number"), filter=behind),
        feeds=Count("pk", filter=behind),
        since=Min("behind_since", filter=behind),
        asked_at=Min("asked_at"),
        most=Max("clock_ahead_secs"),
        least=Min("clock_ahead_secs"),
    )
    ahead = [timedelta(seconds=secs) for secs in (found["most"], found["least"]) if secs is not None]
    return Depth(
        int(found["items"] or 0),
        found["feeds"],
        found["since"],
        found["asked_at"],
        max(ahead, key=abs, default=None),
    )


def ahead_secs(said: int | None, now: datetime) -> int | None:
    """Return by how many seconds this machine's clock is ahead of the exchange's; None where the exchange stated no time."""
    return None if said is None else int(now.timestamp()) - said


def note_progress(
    reader: str, number: int, head: int, *, clock_ahead_secs: int | None, now: datetime
) -> None:
    """Note how late the desk is, which has taken a feed up to `number` of `head`; nothing is decided by it."""
    is_behind = head > number
    rows = FeedCursor.objects.filter(reader=reader)
    known = rows.values_list("head", "asked_at", "behind_since").first()
    if known is None:
        return
    before, asked_at, behind_since = known
    is_news = head != before or is_behind != (behind_since is not None)
    if is_news or asked_at is None or not now - ASKED_EVERY < asked_at <= now:
        since = (behind_since or now) if is_behind else None
        rows.update(head=head, asked_at=now, behind_since=since, clock_ahead_secs=clock_ahead_secs)
