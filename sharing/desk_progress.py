# SPDX-License-Identifier: Apache-2.0
"""How far the hub's own desk has taken the agencies' feeds: what its pages can show, and what waits for it.

Totals and times only, so that whoever runs the hub may know them without seeing any agency's rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from callers.directory import AgencyStatus
from sharing.feed import present_epoch
from sharing.models import DeskCursor

LATE_AFTER: Final = timedelta(minutes=2)

_DEPTH: Final = """
SELECT coalesce(sum(behind.last - behind.after), 0), count(*), min(coalesce(envelope.received_at, statement.received_at))
FROM (
    SELECT head.recipient, head.last, coalesce(place.after, 0) AS after
    FROM sharing_feedhead head
    JOIN agencies_agency agency ON agency.id = head.recipient AND agency.status <> %s
    LEFT JOIN sharing_deskcursor place ON place.agency_id = head.recipient AND place.epoch = %s
    WHERE head.last > coalesce(place.after, 0)
) behind
LEFT JOIN sharing_feeditem item ON item.recipient = behind.recipient AND item.number = behind.after + 1
LEFT JOIN sharing_envelope envelope ON envelope.md = item.d
LEFT JOIN sharing_statement statement ON statement.od = item.d
"""


@dataclass(frozen=True)
class Depth:
    """What the desk has not taken yet: feed heads minus cursors, in how many feeds, and since when the oldest waits."""

    items: int
    feeds: int
    since: datetime | None

    def is_late(self, now: datetime) -> bool:
        return self.since is not None and now - self.since > LATE_AFTER


def desk_depth() -> Depth:
    """As it stands now, over every agency that is not still entering."""
    with connection.cursor() as cursor:
        cursor.execute(_DEPTH, [AgencyStatus.ENTERING, present_epoch()])
        items, feeds, since = cursor.fetchone()
    return Depth(int(items), feeds, since)


def reached(agency_ids: Iterable[str]) -> dict[str, int]:
    """By agency, the number up to which the desk can show its feed; an agency it has not begun with is missing."""
    places = present_places().filter(agency_id__in=set(agency_ids))
    return dict(places.values_list("agency_id", "after"))


def present_places() -> QuerySet[DeskCursor]:
    """The desk's places in the feeds as they are numbered now; one from before a restore is none."""
    return DeskCursor.objects.filter(epoch=present_epoch())
