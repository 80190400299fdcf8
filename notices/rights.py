# SPDX-License-Identifier: Apache-2.0
"""Decision whether a notice may be sent, made when it is sent and not when it was queued, from what this desk knows.

Officer and row are read within the second before each mail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from callers.capabilities import Capability
from callers.markings import is_within
from notices import api_keys, key_endings, power_changes
from notices.models import Notification
from notices.states import (
    API_KEY_OCCASIONS,
    HANDED_IN_OCCASIONS,
    KEY_OCCASIONS,
    POWER_OCCASIONS,
    Cause,
    Occasion,
)
from officers.quiet_hours import stays_quiet
from officers.visibility import without_sign_in

ROUTINE: Final = "routine"
READ_AHEAD: Final = 10
STAYS_FRESH: Final = timedelta(seconds=1)
_WITHOUT_ALERT: Final = (
    *KEY_OCCASIONS,
    *API_KEY_OCCASIONS,
    *POWER_OCCASIONS,
    Occasion.REPUDIATED,
    *HANDED_IN_OCCASIONS,
    Occasion.RELEASE_WAITS,
    Occasion.CONTROL_CHANGED,
    Occasion.DESK_WARNING,
    Occasion.RED_WAITS,
    Occasion.ANSWERS_MISSING,
    Occasion.TASK_ASSIGNED,
    Occasion.AGREEMENTS_CHANGED,
    Occasion.COMMITMENT_DUE,
    Occasion.EMERGENCY,
)
_QUIET: Final = (Occasion.ALERT, Occasion.ANSWER_DUE)
"""Occasions that wait for the end of an officer's quiet hours, where the alert is routine; work that was given always does."""
_NEEDED: Final[Mapping[str, Capability]] = {
    **dict.fromkeys(KEY_OCCASIONS, Capability.KEY_MANAGE),
    **dict.fromkeys(API_KEY_OCCASIONS, Capability.APIKEY_MANAGE),
    Occasion.DESK_WARNING: Capability.DESK_KEEP,
    Occasion.POLICY_WEAKENED: Capability.ALERT_RELEASE,
    Occasion.REOPENED: Capability.OFFICER_READ,
    Occasion.RELEASE_WAITS: Capability.ALERT_RELEASE,
    Occasion.CONTROL_CHANGED: Capability.SCIENCE_READ,
    Occasion.TASK_ASSIGNED: Capability.CASE_READ,
    Occasion.AGREEMENTS_CHANGED: Capability.AGENCY_MANAGE,
    Occasion.EMERGENCY: Capability.OFFICER_READ,
}
"""Capability needed on an occasion; any other occasion is about an alert and needs the right to read alerts."""


def reason_to_withhold(notice: Notification, *, now: datetime) -> Cause | None:
    """Return why a freshly read notice must not be sent now; None if it may."""
    officer = notice.officer
    if notice.withheld:
        return Cause(notice.withheld)
    if notice.occasion == Occasion.KEY_ENDING:
        return key_endings.objection(notice, now=now)
    if notice.occasion == Occasion.POWER_ASKED:
        return power_changes.objection(notice, now=now)
    needed = _NEEDED.get(notice.occasion, Capability.ALERT_READ)
    if officer.agency_id != notice.recipient_id or needed not in officer.capabilities:
        return Cause.NO_RIGHT
    if notice.occasion == Occasion.API_KEY_ENDING and api_keys.is_settled(notice):
        return Cause.SETTLED
    if not notice.reference and notice.occasion not in _WITHOUT_ALERT:
        return Cause.NO_RIGHT
    if notice.occasion == Occasion.TASK_ASSIGNED and stays_quiet(officer, now=now):
        return Cause.QUIET
    if not (notice.reference or notice.about):
        return None
    if not is_within(officer, tlp=notice.tlp, pri=notice.pri, lane=notice.lane):
        return Cause.NO_RIGHT
    is_routine = notice.occasion in _QUIET and notice.pri == ROUTINE
    return Cause.QUIET if is_routine and stays_quiet(officer, now=now) else None


@dataclass
class FreshNotices:
    """Reader of a connection's rows with all that the decision needs, `READ_AHEAD` at a time.

    What is older than `STAYS_FRESH` is read again, so that a slow mail server does not make a decision outdated.
    """

    rows: Sequence[Notification]
    _read: dict[UUID, Notification] = field(default_factory=dict)
    _read_at: datetime | None = None

    def read(self, position: int, *, now: datetime) -> Notification:
        """Return the row at this position of the connection."""
        key = self.rows[position].pk
        if self._read_at is None or now - self._read_at > STAYS_FRESH or key not in self._read:
            self._read = _as_they_stand(self.rows[position : position + READ_AHEAD])
            self._read_at = now
        return self._read[key]


def _as_they_stand(rows: Sequence[Notification]) -> dict[UUID, Notification]:
    return (
        Notification.objects.select_related("officer__agency__desk_policy", "recipient")
        .defer(*without_sign_in("officer"))
        .in_bulk([row.pk for row in rows])
    )
