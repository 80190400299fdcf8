# SPDX-License-Identifier: Apache-2.0
"""Find unread items in feeds and mail the agency's contact points about them.

A desk or a system that fails at night must not go unnoticed. An item waits from its number until a system of its agency has
read past it. After `FLASH_WAITS`, or else `WAITS`, each contact point is mailed once: for the first item that waits, and once
more if a flash comes to wait behind it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from agencies.models import ContactPoint
from callers.directory import AgencyStatus
from sharing.feed import present_epoch
from sharing.models import ContactMail

FLASH_WAITS: Final = timedelta(minutes=2)
WAITS: Final = timedelta(minutes=10)
LOOKED_BACK: Final = 1000
"""Items from the head on among which a flash is looked for; an earlier one was mailed about already."""

_PLACES: Final = """
SELECT head.recipient, head.last, coalesce(read.after, 0) AS after
FROM sharing_feedhead AS head
LEFT JOIN sharing_feedread AS read ON read.agency_id = head.recipient AND read.epoch = %(epoch)s
"""
_WAITING: Final = f"""
SELECT place.recipient, first.number, first.numbered_at, flash.number, flash.numbered_at
FROM ({_PLACES}) AS place
JOIN agencies_agency AS agency ON agency.id = place.recipient AND agency.status <> %(entering)s
JOIN sharing_feeditem AS first ON first.recipient = place.recipient AND first.number = place.after + 1
LEFT JOIN LATERAL (
    SELECT item.number, item.numbered_at FROM sharing_feeditem AS item
    JOIN sharing_envelope AS envelope ON envelope.md = item.d AND envelope.pri = 'flash'
    WHERE item.recipient = place.recipient AND item.what = 'envelope'
        AND item.number > greatest(place.after, place.last - %(looked_back)s)
    ORDER BY item.number LIMIT 1
) AS flash ON true
WHERE EXISTS (SELECT FROM agencies_contactpoint WHERE agency_id = place.recipient)
    AND (first.numbered_at <= %(before)s OR flash.numbered_at <= %(flash_before)s)
"""  # noqa: S608 - of the text above
_DEPTH: Final = f"SELECT last - after, after FROM ({_PLACES}) AS place WHERE recipient = %(agency)s"  # noqa: S608


@dataclass(frozen=True)
class Waiting:
    """The item that has waited too long for one agency: the first one, or the first flash."""

    agency: str
    number: int
    since: datetime
    is_flash: bool


def find_waiting(*, now: datetime) -> list[Waiting]:
    """Return the agencies with contact points for which something has waited too long; one row each, a flash before all else."""
    asked: dict[str, Any] = {
        "epoch": present_epoch(),
        "entering": AgencyStatus.ENTERING,
        "looked_back": LOOKED_BACK,
        "before": now - WAITS,
        "flash_before": now - FLASH_WAITS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, asked)
        rows = cursor.fetchall()
    found = []
    for agency, number, since, flash, flash_since in rows:
        if flash is not None and flash_since <= now - FLASH_WAITS:
            found.append(Waiting(agency, flash, flash_since, True))
        else:
            found.append(Waiting(agency, number, since, False))
    return found


def queue_contact_mails(*, now: datetime) -> int:
    """Queue a mail to each contact point where something has waited too long; return how many are new."""
    epoch, queued = present_epoch(), 0
    for waiting in find_waiting(now=now):
        # A mail about this item or a later one has told the agency already; for a flash only a mail about a flash counts.
        told = ContactMail.objects.filter(agency=waiting.agency, epoch=epoch, number__gte=waiting.number)
        if told.filter(is_flash=True).exists() if waiting.is_flash else told.exists():
            continue
        addresses = ContactPoint.objects.filter(agency=waiting.agency).values_list("address", flat=True)
        rows = [
            ContactMail(
                agency_id=waiting.agency,
                address=address,
                epoch=epoch,
                number=waiting.number,
                is_flash=waiting.is_flash,
                waits_since=waiting.since,
                queued_at=now,
                not_before=now,
            )
            for address in addresses
        ]
        queued += len(ContactMail.objects.bulk_create(rows, ignore_conflicts=True))
    return queued


def items_waiting(agency: str) -> tuple[int, int]:
    """Return how many items of an agency's feed are unread, and the number up to which they were read."""
    with connection.cursor() as cursor:
        cursor.execute(_DEPTH, {"epoch": present_epoch(), "agency": agency})
        row = cursor.fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


LATE_AFTER: Final = timedelta(minutes=2)


def late_since(*, now: datetime) -> datetime | None:
    """Return since when the oldest overdue mail to a contact point waits; None while none is overdue."""
    due = Q(state=ContactMail.State.QUEUED) | Q(state=ContactMail.State.SENDING)
    rows = ContactMail.objects.filter(due, queued_at__lt=now - LATE_AFTER).order_by("queued_at")
    return rows.values_list("queued_at", flat=True).first()
