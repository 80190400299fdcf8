# SPDX-License-Identifier: Apache-2.0
"""Who counts as the second person.

Nobody validates what they wrote. Whether somebody may release it is the agency's policy: four eyes, which is
the default, says no. An agency may let one releaser alone send a flash alert; a second look is then due within
a day. Everybody who saved a revision has written the alert.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils.translation import gettext as _

from agencies.ceilings import is_within
from agencies.models import Officer
from alerts.errors import SecondPersonNeededError
from alerts.models import Alert
from alerts.revisions import writers_of
from alerts.states import Move
from sharing.notices.queueing import releasers_of

SECOND_LOOK_WITHIN: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Allowed:
    """`alone`: only because a flash alert may go out by one releaser."""

    alone: bool = False


@dataclass(frozen=True)
class Denied:
    reason: str


def may_validate(officer: Officer, alert: Alert) -> Allowed | Denied:
    """Whether this officer counts as second eyes on the alert."""
    if officer.audit_name not in writers_of(alert):
        return Allowed()
    if _one_may_send(alert):
        return Allowed(alone=True)
    return Denied(_("You wrote this alert: somebody else checks it."))


def may_release(officer: Officer, alert: Alert) -> Allowed | Denied:
    """Whether this officer may send the alert, as far as persons go."""
    if officer.audit_name not in writers_of(alert):
        return Allowed()
    if not alert.agency.four_eyes:
        return Allowed()
    if _one_may_send(alert):
        return Allowed(alone=True)
    return Denied(_("You wrote this alert: somebody else sends it."))


def require_second_person(officer: Officer, alert: Alert, move: Move) -> Allowed:
    """Raises `SecondPersonNeededError` when the officer is not one for this move."""
    verdict = may_validate(officer, alert) if move is Move.VALIDATE else may_release(officer, alert)
    if isinstance(verdict, Denied):
        raise SecondPersonNeededError(move.value)
    return verdict


def second_persons_for(alert: Alert) -> list[Officer]:
    """Who may release the alert and did not write it; the duty list's order."""
    writers = writers_of(alert)
    return [
        officer
        for officer in releasers_of([alert.agency_id])
        if officer.audit_name not in writers
        and is_within(officer, tlp=alert.tlp, pri=alert.pri, lane=alert.lane)
    ]


def _one_may_send(alert: Alert) -> bool:
    return alert.agency.flash_single_releaser and alert.pri == "flash"
