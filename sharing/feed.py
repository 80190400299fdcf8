# SPDX-License-Identifier: Apache-2.0
"""An agency's feed: numbered without gaps, holding only what has a receipt.

Numbers count within an epoch. A hub whose database was restored begins a new epoch, since it gives numbers that were given
after the backup a second time: a reader with a position of another epoch reads from the beginning and compares by digest.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from callers.actors import Actor, ApiClient
from callers.errors import AbsentError
from callers.limits import FEED_ITEMS
from sharing.deliveries import find_delivery
from sharing.errors import FeedRestartedError
from sharing.models import FeedItem, FeedMark

MAX_LIMIT: Final = FEED_ITEMS
FIRST_EPOCH: Final = "0"
"""The epoch of a hub that was never restored: there a number needs no epoch."""
_LOOK: Final = """
SELECT (SELECT epoch FROM sharing_feedmark), (SELECT last FROM sharing_feedhead WHERE recipient = %(agency)s),
    (SELECT after FROM sharing_feedread
    WHERE agency_id = %(agency)s AND epoch = coalesce((SELECT epoch FROM sharing_feedmark), '0'))
"""
_NOTE: Final = """
INSERT INTO sharing_feedread AS known (agency_id, epoch, after, moved_at) VALUES (%(agency)s, %(epoch)s, %(after)s, %(now)s)
ON CONFLICT (agency_id) DO UPDATE SET epoch = excluded.epoch, after = excluded.after, moved_at = excluded.moved_at
WHERE known.epoch <> excluded.epoch OR known.after < excluded.after
"""


@dataclass(frozen=True)
class FeedState:
    """The feed's epoch, its highest number in that epoch, and how far a system is known to have read."""

    epoch: str
    head: int
    read: int


@dataclass(frozen=True)
class FeedPage:
    """Items after a number, the highest number, and the epoch of both."""

    items: list[FeedItem]
    head: int
    epoch: str


def read_feed(actor: Actor, *, epoch: str | None = None, after: int = 0, limit: int = 100) -> FeedPage:
    """Return at most `limit` (1 to 500) items of the actor's agency's feed with a number above `after`.

    Raises as `look_at_feed`.
    """
    return read_page(actor, read_feed_state(actor, epoch=epoch, after=after), after=after, limit=limit)


def read_feed_state(actor: Actor, *, epoch: str | None, after: int) -> FeedState:
    """Return how far the feed of the actor's agency has come; with `after` and a limit it determines a page completely.

    Raises `FeedRestartedError` where `after` is no position of this feed: a number of another epoch, one without its epoch
    after a restore, or one beyond the head.
    """
    state = _look(actor)
    _require_place(epoch, after, state)
    return state


def note_read(actor: Actor, state: FeedState, *, after: int, now: datetime) -> None:
    """Record that a system of the agency has read its feed up to `after`, if it moved on (`sharing.waiting`)."""
    if after <= state.read or not isinstance(actor, ApiClient):
        return
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"agency": actor.agency_id, "epoch": state.epoch, "after": after, "now": now})


def read_page(actor: Actor, state: FeedState, *, after: int, limit: int) -> FeedPage:
    """Return at most `limit` items above `after`, of a feed whose state was read before."""
    if state.head <= after:
        # Items and head are written together, so that most polls end here.
        return FeedPage([], state.head, state.epoch)
    items = FeedItem.objects.visible_to(actor).filter(number__gt=after).order_by("number")
    page = list(items[: max(1, min(limit, MAX_LIMIT))])
    # Read after the page, so that the head is never older than an item of the page.
    return FeedPage(page, _look(actor).head, state.epoch)


def parse_place(place: str) -> tuple[str | None, int]:
    """Parse a position in a feed, written `epoch.number`; a number alone has no epoch."""
    epoch, _stop, number = place.rpartition(".")
    return epoch or None, int(number)


def begin_epoch(epoch: str, *, now: datetime) -> None:
    """Begin a new epoch after a restore, so that no earlier position is continued. `epoch`: up to 16 of 0-9 a-z.

    Transaction numbers mean nothing on another server: every delivery counts as changed by this transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sharing_delivery SET changed = pg_current_xact_id()::text::bigint")
    FeedMark.objects.update_or_create(
        pk=1, defaults={"epoch": epoch}, create_defaults={"epoch": epoch, "beat": now}
    )


def last_beat() -> datetime | None:
    """Return the last sign of life of a sequencer; in a restored database, the last one before its backup."""
    return FeedMark.objects.values_list("beat", flat=True).first()


def _require_place(epoch: str | None, after: int, state: FeedState) -> None:
    if epoch is None:
        epoch = state.epoch if after == 0 else FIRST_EPOCH
    if epoch != state.epoch or after > state.head:
        raise FeedRestartedError


def _look(actor: Actor) -> FeedState:
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, {"agency": actor.agency_id})
        epoch, head, read = cursor.fetchone()
    return FeedState(epoch or FIRST_EPOCH, head or 0, read or 0)


def present_epoch() -> str:
    """Return the epoch in which numbers are given now."""
    return FeedMark.objects.values_list("epoch", flat=True).first() or FIRST_EPOCH


def resolve_reference(actor: Actor, reference: str) -> FeedItem:
    """Return the feed item that a mail's reference names, for its recipient only; raise `AbsentError`."""
    number = find_delivery(actor, reference).number
    found = FeedItem.objects.visible_to(actor).filter(number=number).first() if number else None
    if found is None:
        raise AbsentError
    return found
