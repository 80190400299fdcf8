# SPDX-License-Identifier: Apache-2.0
"""Second persons: nobody takes an alert from draft to sent alone.

- Authors are everybody who saved a revision, the last person who submitted it, and, for a system's revisions, everybody who
  issued or rotated its API key; and every account attributed to one of these persons (`officers.attribution`).
- Validating needs a person who is no author. So does releasing under four eyes, which is the default; without them an
  author may release what somebody else has validated.
- An agency may let one releaser alone send an answer that is a code without text or files, never for RED.
- An agency may let one releaser alone send a flash alert; a review afterwards by a person who is no author is then due
  within a day.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from alerts.errors import SecondPersonNeededError
from alerts.models import Alert, AlertRevision
from alerts.red_readers import is_red
from alerts.states import AlertState, Move
from callers.markings import is_within
from officers.attribution import attributed_to, counts_as, independent_of, independent_of_each
from officers.deskkeys import issuers_of, issuers_of_each
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
    able = _within(releasers_of([alert.agency_id]), alert)
    return _could_send(alert, able, independent_of(able, writers))


def who_acts_next(alerts: Collection[Alert]) -> dict[UUID, list[Officer]]:
    """Return by id who could check a submitted alert or send a checked one, in the duty list's order.

    All are of one agency. The number of queries does not grow with the alerts.
    """
    if not alerts:
        return {}
    releasers = releasers_of({alert.agency_id for alert in alerts})
    others = independent_of_each(releasers, _writers_of_each(alerts))
    return {alert.pk: _next_of(alert, releasers, others[alert.pk]) for alert in alerts}


def require_releaser(alert: Alert, *, submitter: Officer) -> None:
    """Raise `NobodyToReleaseError` where nobody could send the alert, were it submitted by this officer now."""
    if not who_could_release(alert, submitter=submitter):
        raise NobodyToReleaseError


def second_persons_for(alert: Alert) -> list[Officer]:
    """Return who could release the alert and did not write it, in the duty list's order."""
    return independent_of(who_could_release(alert), authors_of(alert))


def _next_of(alert: Alert, releasers: Collection[Officer], others: Collection[Officer]) -> list[Officer]:
    able = _within(releasers, alert)
    independent = [officer for officer in able if officer in others]
    if alert.state == AlertState.SUBMITTED:
        return able if _one_may_send(alert) else independent
    return _could_send(alert, able, independent)


def _could_send(alert: Alert, able: list[Officer], others: list[Officer]) -> list[Officer]:
    """Return who could send it once it is validated; `others` are those of the able who did not write it."""
    if _one_may_send(alert):
        return able
    return able if others and not policy_of(alert.agency).four_eyes else others


def _within(releasers: Iterable[Officer], alert: Alert) -> list[Officer]:
    """Return those who may see an alert of this marking."""
    return [
        officer for officer in releasers if is_within(officer, tlp=alert.tlp, pri=alert.pri, lane=alert.lane)
    ]


def _writers_of_each(alerts: Collection[Alert]) -> dict[UUID, set[str]]:
    """Return the audit names of each alert's authors, by its id, before `officers.attribution` extends them."""
    writers = {alert.pk: {alert.created_by} for alert in alerts}
    saved = AlertRevision.objects.filter(alert__in=writers).order_by()
    for alert_id, author in saved.values_list("alert_id", "author").distinct():
        writers[alert_id].add(author)
    for alert in alerts:
        if isinstance(alert.submitted_by, Officer):
            writers[alert.pk].add(alert.submitted_by.audit_name)
    systems = {name for names in writers.values() for name in names if name.startswith(CLIENT)}
    issuers = issuers_of_each(systems)
    return {pk: names.union(*(issuers[name] for name in names & systems)) for pk, names in writers.items()}


def _validating(officer: Officer, alert: Alert, writers: Iterable[str]) -> Allowed | Denied:
    if not _has_written(officer, writers):
        return Allowed()
    if _one_may_send(alert):
        return Allowed(alone=not _one_may_answer(alert))
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
        return Allowed(alone=not _one_may_answer(alert))
    return Denied(
        _("You wrote or submitted this alert, or gave the key that wrote it: somebody else sends it.")
    )


def _has_written(officer: Officer, writers: Iterable[str]) -> bool:
    return not counts_as(officer).isdisjoint(writers)


def _one_may_send(alert: Alert) -> bool:
    """Tell whether the agency's policy lets one person send it; never what answers or replaces a RED alert."""
    if is_red(alert.tlp) and alert.kind != "alert":
        return False
    is_flash = policy_of(alert.agency).flash_single_releaser and alert.pri == "flash"
    return is_flash or _one_may_answer(alert)


def _one_may_answer(alert: Alert) -> bool:
    """Tell whether one person may send it as an answer without text or files, after which no second look is due."""
    return alert.is_bare_code and policy_of(alert.agency).bare_code_single_releaser
