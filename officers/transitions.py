# SPDX-License-Identifier: Apache-2.0
"""Transition of an agency to new leadership: the steps in their order, each done as soon as the desk can see that it is.

It gives nobody a power: each step is an act that exists by itself. Only the last step, agreements and suspensions, is a person's
word, since no fact shows that somebody has gone through them.

| the transition | begin | look through | finish, one person | finish, another person |
|---|---|---|---|---|
| none | begins | refused | refused | refused |
| open | refused | noted | noted | noted, as the first |
| one has said that it is over | refused | noted | refused | ends |
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from callers.capabilities import Capability, Role, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from ledger.models import AuditEvent
from officers.attribution import is_independent
from officers.models import DeskKey, Officer, OfficerSession
from officers.transition_rows import Transition
from peers.models import Agency
from vault.own_keys import OwnKeyState

STEPS: Final = ("people", "gone", "root", "duty", "entry", "keys", "sessions", "agreements")
_SESSIONS_SEEN_WITHIN: Final = timedelta(days=1)
_LEADS: Final = Q(roles__contains=[Role.AGENCY_ADMIN]) | Q(roles__contains=[Role.KEY_OFFICER])


@dataclass(frozen=True)
class Step:
    """Step of a transition. `names`: whom it is about; `count`: how many things are still open."""

    code: str
    is_done: bool
    names: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True)
class TransitionState:
    """The agency's transition and its steps; `row` is None where there is none."""

    row: Transition | None
    steps: tuple[Step, ...] = ()


def transition_of(officer: Officer, *, now: datetime) -> TransitionState:
    """Return the open transition of the officer's agency; raises NotPermittedError, NotBoundError."""
    require(officer, Capability.AGENCY_MANAGE)
    row = Transition.objects.filter(agency=_agency_of(officer), ended_at=None).first()
    if row is None:
        return TransitionState(None)
    row.require_bound()
    return TransitionState(row, _steps(row, now))


@transaction.atomic
def begin_transition(officer: Officer, *, now: datetime) -> Transition:
    """Begin a transition, as an admin. Raises InputError where one is open."""
    agency, row = _enter(officer)
    if row is not None:
        raise InputError("verb", _("A transition is open already."))
    begun = Transition.objects.create(
        agency=agency,
        began_at=now,
        began_by=officer,
        root=_root_of(agency, now),
        people=sorted(_leaders(agency).values_list("public_id", flat=True)),
    )
    _record("agency.transition_begun", officer, agency, now)
    return begun


@transaction.atomic
def look_through(officer: Officer, *, now: datetime) -> None:
    """Note that the officer has gone through agreements and suspensions. Raises InputError where no transition is open."""
    agency, row = _open(officer)
    row.looked_by = officer
    row.save(update_fields=["looked_by"])
    _record("agency.transition_gone_through", officer, agency, now)


@transaction.atomic
def finish_transition(officer: Officer, *, now: datetime) -> Transition:
    """Say that the transition is over; the second person who says so ends it. Steps that are open then stand in the audit.

    Raises InputError where no transition is open, and for the same person twice.
    """
    agency, row = _open(officer)
    steps = [step.code for step in _steps(row, now) if not step.is_done]
    if row.first_by is None:
        row.first_by = officer
        row.save(update_fields=["first_by"])
        _record("agency.transition_end_asked", officer, agency, now, open=steps)
        return row
    if not is_independent(officer, [row.first_by.audit_name]):
        raise InputError("verb", _("You said so first: another admin says so too."))
    row.ended_at, row.ended_by = now, officer
    row.save(update_fields=["ended_at", "ended_by"])
    _record("agency.transition_ended", officer, agency, now, open=steps)
    return row


def _agency_of(officer: Officer) -> Agency:
    if officer.agency is None:
        raise AbsentError
    return officer.agency


def _enter(officer: Officer) -> tuple[Agency, Transition | None]:
    """Return the officer's agency, locked, and its open transition."""
    require(officer, Capability.AGENCY_MANAGE)
    agency = Agency.objects.select_for_update().get(pk=_agency_of(officer).pk)
    row = Transition.objects.filter(agency=agency, ended_at=None).first()
    if row is not None:
        row.require_bound()
    return agency, row


def _open(officer: Officer) -> tuple[Agency, Transition]:
    agency, row = _enter(officer)
    if row is None:
        raise InputError("verb", _("No transition is open."))
    return agency, row


def _steps(row: Transition, now: datetime) -> tuple[Step, ...]:
    leaders = list(_leaders(row.agency))
    came = [one.display_name for one in leaders if one.public_id not in row.people]
    stays = [one.display_name for one in leaders if one.public_id in row.people]
    root, said = _root_of(row.agency, now), _acts_since(row)
    keys = DeskKey.objects.filter(agency=row.agency, revoked_at=None, expires_at__gt=now)
    old_keys = keys.filter(created_at__lt=row.began_at).count()
    sessions = OfficerSession.objects.filter(
        officer__agency=row.agency,
        ended_at=None,
        signed_in_at__lt=row.began_at,
        seen_at__gte=now - _SESSIONS_SEEN_WITHIN,
    ).count()
    return (
        Step("people", bool(came), tuple(came)),
        Step("gone", not stays, tuple(stays)),
        Step("root", root not in ("", row.root)),
        Step("duty", "duty.changed" in said),
        Step("entry", "entry.stated" in said),
        Step("keys", not old_keys, count=old_keys),
        Step("sessions", not sessions, count=sessions),
        Step("agreements", row.looked_by is not None, (row.looked_by.display_name,) if row.looked_by else ()),
    )


def _leaders(agency: Agency) -> QuerySet[Officer]:
    """Select admins and key officers in service; whoever has not accepted the invitation is none yet."""
    return Officer.objects.filter(_LEADS, agency=agency, is_active=True, invited_email="").order_by(
        "full_name"
    )


def _root_of(agency: Agency, now: datetime) -> str:
    keyset = OwnKeyState(agency.pk, now).keyset
    return keyset.root_fingerprint if keyset else ""


def _acts_since(row: Transition) -> Collection[str]:
    acts = AuditEvent.objects.filter(
        agency=row.agency_id, act__in=("duty.changed", "entry.stated"), at__gte=row.began_at
    )
    return set(acts.values_list("act", flat=True))


def _record(act: str, officer: Officer, agency: Agency, now: datetime, **detail: object) -> None:
    record_event(act, actor=officer.audit_name, agency=agency.pk, subject=agency.pk, detail=detail, now=now)
