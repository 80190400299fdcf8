# SPDX-License-Identifier: Apache-2.0
"""Seconds of signed objects as moments that can be shown and calculated with anywhere.

The profile allows seconds up to the end of the year 9999, where `datetime` ends too. The last two days before that are treated
as one moment, so that every zone and a day's addition still fit.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from accord.envelope.encoding import MAX_TIME

LATEST_SHOWN: Final = MAX_TIME - 2 * 24 * 3600


def moment_of(seconds: int) -> datetime:
    """Return the moment, in UTC; clamp it to the range that can be shown."""
    return datetime.fromtimestamp(min(max(seconds, 0), LATEST_SHOWN), tz=UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    """Return the moment, or None where no time is given."""
    return None if seconds is None else moment_of(seconds)
