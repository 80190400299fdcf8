# SPDX-License-Identifier: Apache-2.0
"""Clock of this process, and the only place where the program reads the time.

Services take the time as an argument; views, tasks and commands read it here. `CLOCK_OFFSET_SECONDS` shifts it for
tests over real processes that last a day or a week; outside development it is refused when the settings are read.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings


def now() -> datetime:
    """Return the machine's time plus the offset, in UTC."""
    return datetime.now(UTC) + offset()


def offset() -> timedelta:
    """Return the offset of this process's clock; zero outside development."""
    return timedelta(seconds=settings.CLOCK_OFFSET_SECONDS)
