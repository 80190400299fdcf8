# SPDX-License-Identifier: Apache-2.0
"""Start values of a new draft: the table's defaults, dates counted from today, the lane by kind, purpose and handling by lane."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from accord.document.rules import years_after
from alerts.document.fields import EMPTY, FIELDS, Field, is_asked
from alerts.document.kinds import ASKING

EXPIRES_AFTER: Final = dt.timedelta(days=90)
REVIEW_YEARS: Final = 3
KEPT_DAYS_AT_MOST: Final = 3652
"""Days from today to the last possible day of review: its end is within the ten years of the profile."""
LANES: Final = {
    "new_substance": "science",
    "harm_cluster": "public_health",
    "seizure": "enforcement",
    "suspicious_order": "trade",
    "legal_status_change": "science",
    "peer_review": "science",
    "profile_query": "science",
    "profile_answer": "science",
    "profile_details": "science",
}
"""Lane by kind. A request for information may be about anything: its author chooses."""
PURPOSES: Final = {
    "enforcement": "investigate",
    "science": "science",
    "public_health": "public_health",
    "trade": "regulatory_control",
}
"""Purpose by lane, unless another one is chosen."""
POLICE_LANES: Final = frozenset({"enforcement", "trade"})
"""Lanes in which an alert bears a handling code; H0 is preset there alone."""

DATED: Final = frozenset({"expiry", "review_date"})


def defaults_for(alert_type: str | None, *, today: dt.date) -> dict[str, Any]:
    """Return every field of a new draft of this kind; None stands for empty."""
    asked = {"alert_type": alert_type}
    data: dict[str, Any] = {name: _default(field, asked) for name, field in FIELDS.items()}
    data["alert_type"] = alert_type
    data["request_priority"] = "normal" if alert_type in ASKING else None
    data["recipient_reasons"] = {}
    data["expiry"] = (today + EXPIRES_AFTER).isoformat()
    data["review_date"] = years_after(today, REVIEW_YEARS).isoformat()
    lane = LANES.get(alert_type or "")
    return data | {"lane": lane} | _of_lane(lane)


def new_fields(values: Mapping[str, Any], alert_type: str | None = None, *, today: dt.date) -> dict[str, Any]:
    """Return every field of a new draft with these values; what follows its lane is that of the lane chosen."""
    start = defaults_for(values.get("alert_type") or alert_type, today=today)
    return start | follow_choices(start, values, today=today) | dict(values)


def follow_choices(before: Mapping[str, Any], values: Mapping[str, Any], *, today: dt.date) -> dict[str, Any]:
    """Return the further changes when the kind or the lane of a draft is changed.

    With the kind change the fields that still had the old kind's default; with the lane its purpose, and a handling that
    was the old lane's.
    """
    follows = _follow_kind(before, values, today=today)
    old = before.get("lane")
    lane = values.get("lane", follows.get("lane", old))
    if lane == old or not (lane is None or isinstance(lane, str)):
        return follows
    of_lane = _of_lane(lane)
    if not _is_same(before.get("handling"), _of_lane(old)["handling"]):
        del of_lane["handling"]
    return follows | {name: value for name, value in of_lane.items() if name not in values}


def _of_lane(lane: object) -> dict[str, Any]:
    """Return what a lane presets."""
    return {"purpose": PURPOSES.get(str(lane)), "handling": ["H0"] if lane in POLICE_LANES else []}


def _follow_kind(before: Mapping[str, Any], values: Mapping[str, Any], *, today: dt.date) -> dict[str, Any]:
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
