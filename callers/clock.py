# SPDX-License-Identifier: Apache-2.0
"""The time of day of this process: the one place where the program asks for it.

Services take the time as an argument; views, tasks and commands ask here. `CLOCK_OFFSET_SECONDS` moves it for trials
over real processes that last a day or a week; outside development it is refused when the settings are read.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings


def now() -> datetime:
    """Return the machine's time, moved by the offset, in UTC."""
    return datetime.now(UTC) + offset()


def offset() -> timedelta:
    """Return by how much this process's time is moved; nothing outside development."""
    return timedelta(seconds=settings.CLOCK_OFFSET_SECONDS)
