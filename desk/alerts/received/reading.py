# SPDX-License-Identifier: Apache-2.0
"""Reason that an officer gave for opening an alert, kept for half an hour so that a page can be shown again.

The session holds the alert's id, the reason and the case number that the officer typed, nothing of the alert. Every
display is an opening of its own in the audit, under that reason.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest

SESSION_KEY: Final = "reading"
OPEN_FOR: Final = timedelta(minutes=30)
AT_MOST: Final = 50


@dataclass(frozen=True)
class Reading:
    """Reason for reading, its case number, and until when it is valid."""

    reason: str
    reference: str
    until: datetime


def remember_reading(
    request: HttpRequest, alert_id: uuid.UUID, reason: str, reference: str, *, now: datetime
) -> Reading:
    """Keep the reason for this alert, and return it; of more than fifty the oldest is dropped."""
    kept = dict(request.session.get(SESSION_KEY, {}))
    kept.pop(str(alert_id), None)
    kept[str(alert_id)] = [reason, reference, (now + OPEN_FOR).isoformat()]
    request.session[SESSION_KEY] = dict(list(kept.items())[-AT_MOST:])
    return Reading(reason, reference, now + OPEN_FOR)


def reading_of(request: HttpRequest, alert_id: uuid.UUID, *, now: datetime) -> Reading | None:
    """Return the reason while it is valid; None: then the page asks again."""
    row = request.session.get(SESSION_KEY, {}).get(str(alert_id))
    if row is None:
        return None
    reading = Reading(row[0], row[1], datetime.fromisoformat(row[2]))
    return reading if reading.until > now else None


def forget_reading(request: HttpRequest, alert_id: uuid.UUID) -> None:
    kept = dict(request.session.get(SESSION_KEY, {}))
    if kept.pop(str(alert_id), None) is not None:
        request.session[SESSION_KEY] = kept
