# SPDX-License-Identifier: Apache-2.0
"""Changes of deliveries: what became of an agency's own envelopes since it last asked, with nothing ever skipped.

Each delivery names the transaction that last changed it. Transactions commit in another order than their numbers, so a reader's
position is not a number: it records which transactions had ended when it read. The next reading returns what all other
transactions have changed; a change that was uncommitted then comes once it is committed, however late.

Transaction numbers mean something only on one timeline of one database server. A position of another server, of another
timeline (after a failover or a point-in-time recovery) or of another feed epoch is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from django.db import connection
from django.db.models import Q, QuerySet

from accord.envelope.encoding import b64u, sha256
from callers.actors import Actor
from callers.limits import CHANGED_DELIVERIES
from sharing.deliveries import FACTS, OWN
from sharing.errors import FeedRestartedError
from sharing.feed import FIRST_EPOCH
from sharing.models import Delivery

MOST_CHANGES: Final = CHANGED_DELIVERIES
MOST_OPEN: Final = 16
"""The most open transactions that a position names; those beyond count as open, so their changes may come twice."""
_EPOCH_CHARS: Final = 16
_LOOK: Final = """
SELECT
    (SELECT epoch FROM sharing_feedmark),
    (SELECT system_identifier FROM pg_control_system()),
    substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
    pg_current_snapshot()::text,
    pg_current_xact_id_if_assigned()::text::bigint
"""


@dataclass(frozen=True)
class Ended:
    """The transactions that have ended: all below `low`, and those below `high` except `under_way`."""

    low: int = 0
    high: int = 0
    under_way: tuple[int, ...] = ()

    def __str__(self) -> str:
        return ":".join(str(number) for number in (self.low, self.high, *self._from_low()))

    @classmethod
    def parse(cls, text: str) -> Self:
        low, high, *under_way = map(int, text.split(":"))
        return cls(low, high, tuple(low + number for number in under_way))

    @classmethod
    def of_snapshot(cls, snapshot: str) -> Self:
        """Parse PostgreSQL's `xmin:xmax:xip,xip`; truncate it where many transactions are open."""
        low, high, listed = snapshot.split(":")
        under_way = [int(number) for number in listed.split(",") if number]
        if len(under_way) > MOST_OPEN:
            high = str(under_way[MOST_OPEN])
        return cls(int(low), int(high), tuple(under_way[:MOST_OPEN]))

    def without(self, number: int) -> Self:
        """Return this set with one more transaction still under way."""
        return replace(self, under_way=tuple(sorted({*self.under_way, number})))

    def others_changed(self) -> Q:
        """Match rows last changed by a transaction that had not ended."""
        return Q(changed__gte=self.low) & (Q(changed__gte=self.high) | Q(changed__in=self.under_way))

    def they_changed(self) -> Q:
        """Match rows last changed by a transaction that had ended."""
        return Q(changed__lt=self.high) & ~Q(changed__in=self.under_way)

    def _from_low(self) -> list[int]:
        return [number - self.low for number in self.under_way]


@dataclass(frozen=True)
class Place:
    """A reader's position: it has every change made by the transactions that had ended `before`.

    While a reading has more pages, `until` holds the transactions that had ended when it began, and `last` the last row
    returned.
    """

    epoch: str
    before: Ended = Ended()
    until: Ended | None = None
    last: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        whole = [self.epoch, str(self.before)]
        return "|".join(
            whole if self.until is None else [*whole, str(self.until), "{}:{}".format(*self.last)]
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        epoch, before, *reading = text.split("|")
        if not reading:
            return cls(epoch, Ended.parse(before))
        changed, row = map(int, reading[1].split(":"))
        return cls(epoch, Ended.parse(before), Ended.parse(reading[0]), (changed, row))


@dataclass(frozen=True)
class Changes:
    """Facts about deliveries, the position after them, and whether this reading has more."""

    items: Sequence[Mapping[str, Any]]
    next: str
    more: bool


def read_changes(actor: Actor, *, since: str = "", limit: int = MOST_CHANGES) -> Changes:
    """Return at most `limit` (1 to 500) deliveries of the agency's own envelopes changed since a position, "" for all.

    Raises `FeedRestartedError` for a position of another epoch, server or timeline. Without news the position is returned
    unchanged.
    """
    epoch, ended, reader = _look()
    place = Place.parse(since) if since else Place(epoch)
    if place.epoch != epoch:
        raise FeedRestartedError
    until = place.until or ended
    limit = max(1, min(limit, MOST_CHANGES))
    rows = list(_rows(actor, place, until, reader)[: limit + 1])
    items = rows[:limit]
    if len(rows) > limit:
        last = (items[-1]["changed"], items[-1]["pk"])
        return Changes(items, str(replace(place, until=until, last=last)), True)
    is_news = items or place.until is not None
    return Changes(items, str(Place(epoch, until)) if is_news else since, False)


def _rows(actor: Actor, place: Place, until: Ended, reader: int | None) -> QuerySet[Delivery, dict[str, Any]]:
    changed, row = place.last
    # Changes by the reader's own transaction are visible to it, and are returned again next time.
    wanted = place.before.others_changed() & (until.they_changed() | Q(changed=reader))
    after = Q(changed__gte=changed) & (Q(changed__gt=changed) | Q(pk__gt=row))
    own: QuerySet[Delivery] = Delivery.objects.originated_by(actor)
    found = own.filter(wanted, after) if OWN & actor.capabilities else own.none()
    rows: QuerySet[Delivery, dict[str, Any]] = found.order_by("changed", "pk").values(
        "pk", "changed", "envelope_id", *FACTS
    )
    return rows


def _look() -> tuple[str, Ended, int | None]:
    """Return the epoch, the ended transactions, and the number of the reader's own transaction where it has one."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK)
        epoch, server, course, snapshot, reader = cursor.fetchone()
    name = f"{epoch or FIRST_EPOCH}.{server}.{course}"
    ended = Ended.of_snapshot(snapshot)
    return b64u(sha256(name.encode()))[:_EPOCH_CHARS], ended.without(reader) if reader else ended, reader
