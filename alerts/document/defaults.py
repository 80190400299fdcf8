# SPDX-License-Identifier: Apache-2.0
"""Start values of a new draft: the table's defaults, dates counted from today, lane and purpose by kind."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from alerts.document.fields import EMPTY, FIELDS, Field, is_asked

EXPIRES_AFTER: Final = dt.timedelta(days=90)
REVIEW_YEARS: Final = 3
KEPT_DAYS_AT_MOST: Final = 3652
"""Days from today to the last possible day of review: its end is within the ten years of the profile."""
LANE_AND_PURPOSE: Final = {
    "new_substance": ("science", "science"),
    "harm_cluster": ("public_health", "public_health"),
    "seizure": ("enforcement", "investigate"),
    "suspicious_order": ("trade", "regulatory_control"),
    "legal_status_change": ("science", "science"),
    "peer_review": ("science", "science"),
    "profile_query": ("science", "science"),
    "profile_answer": ("science", "science"),
    "profile_details": ("science", "science"),
}
"""Lane and purpose by kind. A request for information may be about anything: its author chooses."""

DATED: Final = frozenset({"expiry", "review_date"})


def years_after(day: dt.date, years: int) -> dt.date:
    """Return the same day `years` later, in the year 9999 at most; 29 February becomes 1 March."""
    year = min(day.year + years, dt.MAXYEAR)
    try:
        return day.replace(year=year)
    except ValueError:
        return dt.date(year, 3, 1)


def defaults_for(alert_type: str | None, *, today: dt.date) -> dict[str, Any]:
    """Return every field of a new draft of this kind; None stands for empty."""
    asked = {"alert_type": alert_type}
    data: dict[str, Any] = {name: _default(field, asked) for name, field in FIELDS.items()}
    data["alert_type"] = alert_type
    data["recipient_reasons"] = {}
    data["expiry"] = (today + EXPIRES_AFTER).isoformat()
    data["review_date"] = years_after(today, REVIEW_YEARS).isoformat()
    lane, purpose = LANE_AND_PURPOSE.get(alert_type or "", (None, None))
    return data | {"lane": lane, "purpose": purpose}


def follow_kind(before: Mapping[str, Any], values: Mapping[str, Any], *, today: dt.date) -> dict[str, Any]:
    """Return the further changes when the kind of a draft is changed: fields that still had the old kind's default."""
    old, new = before.get("alert_type"), values.get("alert_type", before.get("alert_type"))
    if new == old or not (new is None or isinstance(new, str)):
        return {}
    stood, stands = defaults_for(old, today=today), defaults_for(new, today=today)
    return {
        name: value
        for name, value in stands.items()
        if name not in values and name not in DATED and _is_same(before.get(name), stood[name])
    }


def _is_same(value: object, default: object) -> bool:
    return value == default or (value in EMPTY and default in EMPTY)


def _default(field: Field, data: Mapping[str, Any]) -> object:
    """Return the field's default, or its empty value where the kind does not ask for the field."""
    default = field.default if is_asked(field, data) else _nothing(field.default)
    return list(default) if isinstance(default, tuple) else default


def _nothing(default: object) -> object:
    return () if isinstance(default, tuple) else None
