# SPDX-License-Identifier: Apache-2.0
"""Retention of audit events: as long as the newest logged change of an agency's policy says.

The events themselves hold the period, not a row that anybody could change; policy changes are never pruned.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from ledger.models import HUB_LEVEL, AuditEvent

KEEP_DAYS: Final = (365, 3650)
DEFAULT_KEEP_DAYS: Final = 1095
POLICY_CHANGED: Final = "policy.changed"
KEEP: Final = "audit_keep_days"


def keep_in_force(agency: str) -> timedelta:
    """Return how long an agency's events are kept, by its logged policy; the hub's own are kept at least a year."""
    if agency == HUB_LEVEL:
        return timedelta(days=KEEP_DAYS[0])
    changes = AuditEvent.objects.filter(act=POLICY_CHANGED, agency=agency, detail__has_key=KEEP)
    newest = changes.order_by("-seq").values_list("detail", flat=True).first()
    return keep_of(newest) or timedelta(days=DEFAULT_KEEP_DAYS)


def keep_of(detail: Mapping[str, Any] | None) -> timedelta | None:
    """Return the retention period that a change of policy set; None where the change is about something else."""
    said = (detail or {}).get(KEEP)
    days = said.get("after") if isinstance(said, Mapping) else None
    least, most = KEEP_DAYS
    if not isinstance(days, int) or isinstance(days, bool):
        return None
    return timedelta(days=min(max(days, least), most))
