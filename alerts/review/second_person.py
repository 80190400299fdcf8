# SPDX-License-Identifier: Apache-2.0
"""Second persons: nobody takes an alert from draft to sent alone.

- Authors are everybody who saved a revision, the last person who submitted it, and, for a system's revisions, everybody who
  issued or rotated its API key; and every account attributed to one of these persons (`officers.attribution`).
- Validating needs a person who is no author. So does releasing under four eyes, which is the default; without them an
  author may release what somebody else has validated.
- An agency may let one releaser alone send a flash alert; a review afterwards by a person who is no author is then due
  within a day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils.translation import gettext as _

from alerts.errors import SecondPersonNeededError
from alerts.models import Alert
from alerts.states import Move
from callers.markings import is_within
from officers.attribution import attributed_to, counts_as, independent_of
from officers.deskkeys import issuers_of
from officers.errors import NobodyToReleaseError
from officers.models import Officer
from officers.policy_in_force import policy_of
from officers.releasers import releasers_of

SECOND_LOOK_WITHIN: Final = timedelta(hours=24)
CLIENT: Final = "client:"


@dataclass(frozen=True)
class Allowed:
    """Permission. `alone`: only because a flash alert may be sent by one releaser."""

    alone: bool = False


@dataclass(frozen=True)
class Denied:
    reason: str


def authors_of(alert: Alert, *, submitter: Officer | None = None) -> frozenset[str]:
    """Return the audit names of the authors; `submitter` is who would submit it now, in place of the last one."""
    names = {alert.created_by, *alert.revisions.values_list("author", flat=True)}
    last = submitter or alert.submitted_by
    if isinstance(last, Officer):
        names.add(last.audit_name)
    return attributed_to(names.union(*(issuers_of(name) for name in names if name.startswith(CLIENT))))


def may_validate(officer: Officer, alert: Alert) -> Allowed | Denied:
    """Decide whether this officer may validate the alert as a second person."""
    return _validating(officer, alert, authors_of(alert))


def may_release(officer: Officer, alert: Alert) -> Allowed | Denied:
    """Decide whether this officer may send the alert, by the rules on second persons alone."""
    return _releasing(officer, alert, authors_of(alert))


def require_second_person(officer: Officer, alert: Alert, move: Move) -> Allowed:
    """Raise `SecondPersonNeededError` when the officer may not make this move."""
    verdict = may_validate(officer, alert) if move is Move.VALIDATE else may_release(officer, alert)
    if isinstance(verdict, Denied):
        raise SecondPersonNeededError(move.value)
    return verdict


def who_could_release(alert: Alert, *, submitter: Officer | None = None) -> list[Officer]:
    """Return who could send the alert once it is validated, in the duty list's order; nobody if nobody could validate it.

    `submitter` is who would submit it now.
    """
    writers = authors_of(alert, submitter=submitter)
    able = [
        officer
        for officer in releasers_of([alert.agency_id])
        if is_within(officer, tlp=alert.tlp, pri=alert.pri, lane=alert.lane)
    ]
    others = independent_of(able, writers)
    if not others and not _one_may_send(alert):
        return []
    return others if policy_of(alert.agency).four_eyes and not _one_may_send(alert) else able


def require_releaser(alert: Alert, *, submitter: Officer) -> None:
    """Raise `NobodyToReleaseError` where nobody could send the alert, were it submitted by this officer now."""
    if not who_could_release(alert, submitter=submitter):
        raise NobodyToReleaseError


def second_persons_for(alert: Alert) -> list[Officer]:
    """Return who could release the alert and did not write it, in the duty list's order."""
    return independent_of(who_could_release(alert), authors_of(alert))


def _validating(officer: Officer, alert: Alert, writers: Iterable[str]) -> Allowed | Denied:
    if not _has_written(officer, writers):
        return Allowed()
    if _one_may_send(alert):
        return Allowed(alone=True)
    return Denied(
        _("You wrote or submitted this alert, or gave the key that wrote it: somebody else checks it.")
    )


def _releasing(officer: Officer, alert: Alert, writers: Iterable[str]) -> Allowed | Denied:
    if not _has_written(officer, writers):
        return Allowed()
    checker = alert.validated_by
    if not policy_of(alert.agency).four_eyes and not (
        isinstance(checker, Officer) and _has_written(checker, writers)
    ):
        return Allowed()
    if _one_may_send(alert):
        return Allowed(alone=True)
    return Denied(
        _("You wrote or submitted this alert, or gave the key that wrote it: somebody else sends it.")
    )


def _has_written(officer: Officer, writers: Iterable[str]) -> bool:
    return not counts_as(officer).isdisjoint(writers)


def _one_may_send(alert: Alert) -> bool:
    return policy_of(alert.agency).flash_single_releaser and alert.pri == "flash"
