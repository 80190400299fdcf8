# SPDX-License-Identifier: Apache-2.0
"""Decide whether a notice may still go out: when it is sent, not when it was queued.

The officer and the delivery are read within the second before each mail. What policy says of a delivery is the same for all its
officers; it is remembered for `REMEMBERED`, so that an alert to a thousand officers does not ask a thousand times.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from callers.capabilities import Capability
from callers.markings import is_within
from notices import api_keys, key_endings, power_changes
from notices.desk_first import is_shown
from notices.models import Notification
from notices.states import API_KEY_OCCASIONS, KEY_OCCASIONS, POWER_OCCASIONS, Cause, Occasion
from officers.models import Officer
from officers.quiet import stays_quiet
from officers.visibility import without_sign_in
from sharing.desk_progress import reached
from sharing.models import Delivery, Envelope
from sharing.policy import Denied, Terms, Verdict, judge_recipient
from sharing.recalls import recalls_that_count
from sharing.states import VISIBLE_STATES

ROUTINE: Final = "routine"
REMEMBERED: Final = timedelta(seconds=2)
READ_AHEAD: Final = 10
STAYS_FRESH: Final = timedelta(seconds=1)
_OF_WHAT_IS_KNOWN: Final = (Occasion.WITHDRAWN, Occasion.REPUDIATED, Occasion.REAFFIRMED)
"""What the agency has received is told on, whatever policy says of new flow."""
_WITHOUT_DELIVERY: Final = (
    *KEY_OCCASIONS,
    *API_KEY_OCCASIONS,
    *POWER_OCCASIONS,
    Occasion.REPUDIATED,
    Occasion.RELEASE_WAITS,
    Occasion.CONTROL_CHANGED,
)
_NEEDED: Final[Mapping[str, Capability]] = {
    **dict.fromkeys(KEY_OCCASIONS, Capability.KEY_MANAGE),
    **dict.fromkeys(API_KEY_OCCASIONS, Capability.APIKEY_MANAGE),
    Occasion.POLICY_WEAKENED: Capability.ALERT_RELEASE,
    Occasion.RELEASE_WAITS: Capability.ALERT_RELEASE,
    Occasion.CONTROL_CHANGED: Capability.SCIENCE_READ,
}
"""Every other occasion is about an alert and for who may read it."""


@dataclass
class RightsJudge:
    """Judges the notices of one connection."""

    _policy: dict[int, tuple[datetime, Verdict]] = field(default_factory=dict)

    def objection(self, notice: Notification, *, now: datetime) -> Cause | None:
        """Why a freshly read notice must not go out now; None if it may."""
        officer, delivery = notice.officer, notice.delivery
        if notice.occasion == Occasion.KEY_ENDING:
            return key_endings.objection(notice, now=now)
        if notice.occasion == Occasion.POWER_ASKED:
            return power_changes.objection(notice, now=now)
        needed = _NEEDED.get(notice.occasion, Capability.ALERT_READ)
        if officer.agency_id != notice.recipient_id or needed not in officer.capabilities:
            return Cause.NO_RIGHT
        if notice.occasion == Occasion.API_KEY_ENDING and api_keys.is_settled(notice):
            return Cause.SETTLED
        if delivery is None:
            return None if notice.occasion in _WITHOUT_DELIVERY else Cause.NO_RIGHT
        if delivery.state not in VISIBLE_STATES or not _may_see(officer, delivery.envelope):
            return Cause.NO_RIGHT
        if notice.occasion in _OF_WHAT_IS_KNOWN:
            return Cause.SETTLED if _is_needless_reminder(notice, delivery) else None
        if delivery.recalled_at is not None and recalls_that_count([delivery.envelope_id], now=now):
            return Cause.RECALLED
        if isinstance(self._flow(delivery, now), Denied):
            return Cause.FLOW_SUSPENDED
        is_routine = notice.occasion == Occasion.ALERT and delivery.envelope.pri == ROUTINE
        return Cause.QUIET if is_routine and stays_quiet(officer, now=now) else None

    def _flow(self, delivery: Delivery, now: datetime) -> Verdict:
        asked_at, verdict = self._policy.get(delivery.pk, (None, None))
        if asked_at is None or verdict is None or now - asked_at > REMEMBERED:
            envelope = delivery.envelope
            terms = Terms.of_envelope(envelope)
            verdict = judge_recipient(envelope.iss_id, delivery.recipient_id, terms, now=now)
            self._policy[delivery.pk] = (now, verdict)
        return verdict


def _is_needless_reminder(notice: Notification, delivery: Delivery) -> bool:
    """A reminder's subject is longer than a statement's id; nobody is reminded of what they have confirmed."""
    return "/" in notice.subject and delivery.recall_confirmed_at is not None


def _may_see(officer: Officer, envelope: Envelope) -> bool:
    return is_within(officer, tlp=envelope.tlp, pri=envelope.pri, lane=envelope.lane)


@dataclass
class FreshNotices:
    """Reads the rows of one connection as they stand, with everything the judgement needs: `READ_AHEAD` at a time.

    What is older than `STAYS_FRESH` is read again, so that a slow mail server makes no judgement old.
    """

    rows: Sequence[Notification]
    _read: dict[UUID, Notification] = field(default_factory=dict)
    _shown: dict[str, int] = field(default_factory=dict)
    _read_at: datetime | None = None

    def read(self, position: int, *, now: datetime) -> Notification:
        """The row at this place of the connection."""
        key = self.rows[position].pk
        if self._read_at is None or now - self._read_at > STAYS_FRESH or key not in self._read:
            self._read = _as_they_stand(self.rows[position : position + READ_AHEAD])
            self._shown = reached(row.recipient_id for row in self._read.values())
            self._read_at = now
        return self._read[key]

    def page_follows(self, notice: Notification) -> bool:
        """Tell whether a mail about a new alert goes out before the page that it leads to is there."""
        delivery = notice.delivery
        if notice.occasion != Occasion.ALERT or delivery is None:
            return False
        return not is_shown(delivery, self._shown)


def _as_they_stand(rows: Sequence[Notification]) -> dict[UUID, Notification]:
    return (
        Notification.objects.select_related("officer__agency__desk_policy", "recipient", "delivery__envelope")
        .defer("delivery__entry", "delivery__envelope__manifest", "delivery__envelope__jwe_head")
        .defer("delivery__envelope__origin_entry", "delivery__envelope__leaf_hashes")
        .defer(*without_sign_in("officer"))
        .in_bulk([row.pk for row in rows])
    )
