# SPDX-License-Identifier: Apache-2.0
"""Times at which the officers of an answering agency are told that its answer waits, kept to its calendar.

Flash and urgent questions, and those to be answered within eight hours, are told of at any hour; routine ones while the agency
works. A reminder that would come too late by that goes out before the agency closes.
"""

from datetime import datetime
from typing import Final

from accord.answer_times import first_telling
from alerts.document.choices import ANSWER_WITHIN
from alerts.models import ReceivedAlert
from officers.calendars import working_time_of

AT_ANY_HOUR: Final = ANSWER_WITHIN["urgent_direct"]


def first_reminder(received: ReceivedAlert, *, now: datetime) -> datetime | None:
    """Return when somebody is first told that the answer waits; None for one that was due long before."""
    due = received.answer_by
    at = None if due is None else first_telling(now, due)
    if at is None or due is None:
        return None
    later = told_from(received, at)
    if later < due or at >= due:
        return later
    work = working_time_of(received.agency)
    earlier = at if work is None else work.last_before(at)
    return earlier if earlier > now else later


def told_from(received: ReceivedAlert, at: datetime) -> datetime:
    """Return the first time from `at` on at which the agency's officers may be told of this question."""
    due = received.answer_by
    if received.pri != "routine" or due is None or due - received.iat <= AT_ANY_HOUR:
        return at
    work = working_time_of(received.agency)
    return at if work is None else work.next_from(at)
