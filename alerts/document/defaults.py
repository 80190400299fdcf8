# SPDX-License-Identifier: Apache-2.0
"""What a new draft starts with: the table's defaults, dates counted from today, lane and purpose by kind."""

import datetime as dt
from typing import Any, Final

from alerts.document.fields import FIELDS

EXPIRES_AFTER: Final = dt.timedelta(days=90)
REVIEW_YEARS: Final = 3
LANE_AND_PURPOSE: Final = {
    "new_substance": ("science", "science"),
    "harm_cluster": ("public_health", "public_health"),
}


def years_after(day: dt.date, years: int) -> dt.date:
    """The same day `years` later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def defaults_for(alert_type: str | None, *, today: dt.date) -> dict[str, Any]:
    """Every field of a new draft of this kind; None stands for empty."""
    data: dict[str, Any] = {name: _plain(field.default) for name, field in FIELDS.items()}
    data["alert_type"] = alert_type
    data["recipient_reasons"] = {}
    data["expiry"] = (today + EXPIRES_AFTER).isoformat()
    data["review_date"] = years_after(today, REVIEW_YEARS).isoformat()
    lane, purpose = LANE_AND_PURPOSE.get(alert_type or "", (None, None))
    return data | {"lane": lane, "purpose": purpose}


def _plain(default: object) -> object:
    return list(default) if isinstance(default, tuple) else default
