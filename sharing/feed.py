# SPDX-License-Identifier: Apache-2.0
"""An agency's feed: numbered, gapless, only what has a receipt."""

from dataclasses import dataclass

from django.db import connection

from agencies.actors import Actor
from agencies.errors import AbsentError
from sharing.deliveries import find_delivery
from sharing.models import FeedItem

MAX_LIMIT = 500


@dataclass(frozen=True)
class FeedPage:
    """Items after a number, and the highest number there is."""

    items: list[FeedItem]
    head: int


def read_feed(actor: Actor, *, after: int = 0, limit: int = 100) -> FeedPage:
    """At most `limit` (1 to 500) items of the own agency's feed with a number above `after`."""
    head = _head(actor)
    if head <= after:
        # Items and head are written together: most polls end here.
        return FeedPage([], head)
    items = FeedItem.objects.visible_to(actor).filter(number__gt=after).order_by("number")
    page = list(items[: max(1, min(limit, MAX_LIMIT))])
    # Read after the page: a head that is older than an item of the page would be a contradiction.
    return FeedPage(page, _head(actor))


def _head(actor: Actor) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last FROM sharing_feedhead WHERE recipient = %s", [actor.agency_id])
        row = cursor.fetchone()
    return row[0] if row else 0


def resolve_reference(actor: Actor, reference: str) -> FeedItem:
    """The feed item that a mail's reference names, for its recipient only; raises `AbsentError`."""
    number = find_delivery(actor, reference).number
    found = FeedItem.objects.visible_to(actor).filter(number=number).first() if number else None
    if found is None:
        raise AbsentError
    return found
