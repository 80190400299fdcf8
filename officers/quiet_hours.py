# SPDX-License-Identifier: Apache-2.0
"""Quiet hours: whether mail about a routine alert may be sent to a person now. Nothing else can be turned off or put off.

Officers on the duty list are told at once, whatever their own settings; so is everybody of an agency whose duty list is
empty, so that somebody is always told.
"""

import zoneinfo
from datetime import datetime, time, timedelta

from officers.models import Officer


def stays_quiet(officer: Officer, *, now: datetime) -> bool:
    """Tell whether a routine mail is not sent, or waits."""
    if officer.routine_mail and officer.quiet_from is None:
        return False
    return may_be_quiet(officer) and (not officer.routine_mail or end_of_quiet(officer, now) is not None)


def quiet_until(officer: Officer, *, now: datetime) -> datetime | None:
    """Return when a routine mail that waits may be sent; None where it is never sent or need not wait."""
    return end_of_quiet(officer, now) if officer.routine_mail else None


def may_be_quiet(officer: Officer) -> bool:
    """Tell whether the officer is not on duty, and somebody else of the agency is."""
    if officer.duty_rank is not None:
        return False
    on_duty = Officer.objects.filter(agency_id=officer.agency_id, is_active=True, duty_rank__isnull=False)
    return on_duty.exists()


def end_of_quiet(officer: Officer, now: datetime) -> datetime | None:
    """Return the next end of the quiet hours, if `now` is within them; they may extend over midnight."""
    begin, end = officer.quiet_from, officer.quiet_until
    if begin is None or end is None:
        return None
    zone = zoneinfo.ZoneInfo(officer.effective_timezone)
    local = now.astimezone(zone)
    if not _is_between(local.time(), begin, end):
        return None
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=zone)


def _is_between(at: time, begin: time, end: time) -> bool:
    return begin <= at < end if begin < end else at >= begin or at < end
