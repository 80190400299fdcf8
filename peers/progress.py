# SPDX-License-Identifier: Apache-2.0
"""How far this desk has taken its agencies' feeds: what its pages can show, and what waits for it.

Totals and times only, so that whoever runs the desk may know them without seeing any agency's rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Max, Min, Q, Sum

from peers.models import FeedCursor

LATE_AFTER: Final = timedelta(minutes=2)
CLOCK_WARNED: Final = timedelta(minutes=2)
CLOCK_WRONG: Final = timedelta(minutes=5)
"""What is signed must be logged within so much of the time it states."""


@dataclass(frozen=True)
class Depth:
    """What the desk has not taken yet: heads of feeds minus places, in how many feeds, and since when the oldest waits.

    `asked_at`: when the feed was last asked for that was asked longest ago. `clock_ahead`: by how much this machine's clock
    is ahead of the exchange's, as far as that said its time; behind it is below nought.
    """

    items: int
    feeds: int
    since: datetime | None
    asked_at: datetime | None
    clock_ahead: timedelta | None = None

    def is_late(self, now: datetime) -> bool:
        """Tell whether something waits too long, or a feed is not asked for."""
        return any(at is not None and now - at > LATE_AFTER for at in (self.since, self.asked_at))


def desk_depth() -> Depth:
    """As it stands now, over every feed that was begun."""
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
    """By how much this machine's clock is ahead of the exchange's, which said its time in seconds; None where it said none."""
    return None if said is None else int(now.timestamp()) - said
