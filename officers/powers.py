# SPDX-License-Identifier: Apache-2.0
"""Changes of power that one admin cannot make alone: how they are asked for, who is told, who may decide.

- Disabling, taking a role away and a stricter policy count at once and are not here.
- A role of `POWERS`, an account enabled again and a weaker policy wait for a second admin, or for `DELAY_HOURS` from
  the first delivered notice and past the quiet hours of those told; anyone told may stop them.
- A notice to somebody who cannot stop the change, disabled or without powers until confirmed, does not start the delay.
- Whoever was admin within the last day still counts as an admin here: nobody becomes the only one by removing others.
- Before an agency's first release nothing waits, since nobody is there yet who could agree. For an agency that releases
  elsewhere the first alert that comes in counts.

`officers.deciding` applies what was asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import QuerySet

from callers.actors import Actor
from callers.capabilities import POWERS, Capability, Role
from ledger.audit import record_event
from officers.attribution import independent_of, is_independent
from officers.models import Officer
from officers.power_rows import PowerChange
from officers.quiet_hours import end_of_quiet
from peers.models import Agency

Kind, Cause, Outcome = PowerChange.Kind, PowerChange.Cause, PowerChange.Outcome
DELAY_HOURS: Final = 24
MACHINE_DELAY_HOURS: Final = 72
"""Delay after a keeper has reset an admin's factors on the machine: nobody of the agency was asked."""
ADMIN_COUNTS_FOR: Final = timedelta(hours=24)
_ENDED: Final = (Outcome.DROPPED, Outcome.STOPPED)
CONFIRMERS: Final = frozenset({Role.AGENCY_ADMIN, Role.RELEASER})


def must_wait(agency: Agency) -> bool:
    """Tell whether changes of power wait: from the agency's first release on. Raises NotBoundError."""
    agency.require_bound()
    return agency.first_release_at is not None


def ask_for_change(
    actor: Actor,
    agency: Agency,
    kind: PowerChange.Kind,
    *,
    officer: Officer | None = None,
    changes: Mapping[str, Any],
    before: Mapping[str, Any],
    now: datetime,
) -> PowerChange:
    """Create a change that waits, in the caller's transaction, agency locked; an equal one that waits is returned instead."""
    waiting = PowerChange.objects.filter(agency=agency, kind=kind, officer=officer, outcome=Outcome.WAITING)
    asked_by = actor if isinstance(actor, Officer) else None
    same = waiting.filter(changes=changes, asked_by=asked_by).first()
    if same is not None:
        return same
    drop_waiting(actor, waiting, now=now)
    change = PowerChange.objects.create(
        agency=agency,
        kind=kind,
        officer=officer,
        changes=dict(changes),
        before=dict(before),
        asked_by=asked_by,
        asked_at=now,
        delay_hours=DELAY_HOURS,
    )
    record_power("power.asked", actor, change, now)
    return change


def drop_waiting(actor: Actor, waiting: Iterable[PowerChange], *, now: datetime) -> None:
    """Drop waiting changes, which are then not applied. In the caller's transaction."""
    for change in waiting:
        settle(change, Outcome.DROPPED, actor, now=now)
        record_power("power.dropped", actor, change, now)


def drop_of_officer(
    actor: Actor,
    officer: Officer,
    *,
    kinds: Sequence[PowerChange.Kind] = (Kind.ROLES, Kind.ENABLE),
    now: datetime,
) -> None:
    """Drop the waiting changes of an officer whose rights change otherwise."""
    rows = PowerChange.objects.filter(officer=officer, kind__in=kinds)
    drop_waiting(actor, rows.filter(outcome=Outcome.WAITING), now=now)


def drop_asked_by(actor: Actor, officer: Officer, *, now: datetime) -> None:
    """Drop what an officer asked for who is no longer an admin."""
    rows = PowerChange.objects.filter(asked_by=officer, outcome=Outcome.WAITING)
    drop_waiting(actor, rows.exclude(kind=Kind.IDENTITY), now=now)


def settle(change: PowerChange, outcome: PowerChange.Outcome, actor: Actor, *, now: datetime) -> None:
    """Store the outcome of a change. One that was altered outside the program can still be ended, and applies nothing."""
    change.outcome, change.decided_at = outcome, now
    change.decided_by = actor if isinstance(actor, Officer) else None
    if outcome in _ENDED and not change.is_bound:
        ended = PowerChange.objects.filter(pk=change.pk)
        ended.update(outcome=outcome, decided_at=now, decided_by=change.decided_by)
        return
    change.save(update_fields=["outcome", "decided_at", "decided_by"])


def waiting_changes(actor: Actor) -> QuerySet[PowerChange]:
    """Select the waiting changes of the actor's own agency, which all its officers may see, the oldest first."""
    rows = PowerChange.objects.filter(agency_id=actor.agency_id, outcome=Outcome.WAITING)
    found = rows.select_related("agency", "officer__agency", "asked_by").order_by("asked_at", "pk")
    return found if Capability.OFFICER_READ in actor.capabilities and actor.agency_id else found.none()


def waiting_kinds(officers: Iterable[Officer]) -> dict[UUID, frozenset[str]]:
    """Return the kinds of changes that wait for each of these officers, in one query."""
    found: dict[UUID, frozenset[str]] = {officer.pk: frozenset() for officer in officers}
    rows = PowerChange.objects.filter(officer__in=list(found), outcome=Outcome.WAITING)
    for officer_id, kind in rows.values_list("officer_id", "kind"):
        found[officer_id] |= {kind}
    return found


# --- people --------------------------------------------------------------------------------------------------


def counts_as_admin(officer: Officer, *, now: datetime) -> bool:
    """Tell whether an active officer is an admin, or was within the last day."""
    was = officer.admin_until is not None and now - officer.admin_until < ADMIN_COUNTS_FOR
    return officer.is_active and (was or Role.AGENCY_ADMIN in officer.roles)


def second_admins(officer: Officer, agency: Agency, *, now: datetime) -> list[Officer]:
    """Return the other officers who count as admins, can sign in and are independent, by name."""
    able = _active(agency).exclude(pk=officer.pk).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    rows = able.filter(powers_withheld_at=None).order_by("full_name")
    admins = [row for row in rows if counts_as_admin(row, now=now)]
    return independent_of(admins, [officer.audit_name])


def may_agree(officer: Officer, change: PowerChange, *, now: datetime) -> bool:
    """Tell whether this officer may agree to this change as a second person."""
    if officer.agency_id != change.agency_id or Capability.POWER_DECIDE not in officer.capabilities:
        return False
    if not is_independent(officer, _behind(change)):
        return False
    if change.cause == Cause.MACHINE_RESET:
        return True
    if change.kind == Kind.IDENTITY and CONFIRMERS & set(officer.roles):
        return True
    return counts_as_admin(officer, now=now)


def may_stop(officer: Officer, change: PowerChange, *, now: datetime) -> bool:
    """Tell whether this officer was told of it or asked for it; a change without a delay cannot be stopped."""
    if officer.agency_id != change.agency_id or Capability.POWER_DECIDE not in officer.capabilities:
        return False
    if change.delay_hours is None:
        return False
    return officer.pk == change.asked_by_id or officer in told_of(change, now=now)


def told_of(change: PowerChange, *, now: datetime) -> list[Officer]:
    """Return who is told of a waiting change: whoever has a power, and former admins of the last day.

    Persons who count as the one who asked are left out, since a notice to them warns nobody. Where nobody is left who
    can stop it, every other active officer is told, too; in an agency of one person that person.
    """
    active = list(_active(change.agency))
    wanted = active if change.cause == Cause.MACHINE_RESET else [o for o in active if _hears(o, change, now)]
    recent = Officer.objects.to_tell().filter(
        agency=change.agency, is_active=False, admin_until__gt=now - ADMIN_COUNTS_FOR
    )
    told = independent_of([*wanted, *recent], _behind(change))
    if can_be_stopped(change, told):
        return told
    own = {change.asked_by_id, change.officer_id if change.kind == Kind.IDENTITY else None}
    others = [row for row in active if row.pk not in own and row not in told]
    return [*told, *others] or active


def can_be_stopped(change: PowerChange, told: Iterable[Officer]) -> bool:
    """Tell whether anybody told can stop the change; a reset on the machine proceeds where all are without powers."""
    if change.cause == Cause.MACHINE_RESET:
        return any(officer.is_active for officer in told)
    return any(Capability.POWER_DECIDE in officer.capabilities for officer in told)


def _hears(officer: Officer, change: PowerChange, now: datetime) -> bool:
    if change.kind == Kind.IDENTITY:
        return bool(CONFIRMERS & set(officer.roles)) or counts_as_admin(officer, now=now)
    return bool(POWERS & set(officer.roles)) or counts_as_admin(officer, now=now)


def due_at(change: PowerChange, told_at: datetime, told: Sequence[Officer]) -> datetime:
    """Return when a change with a delay applies, if first told at `told_at`; never within quiet hours of those told."""
    assert change.delay_hours is not None
    due = max(told_at, change.asked_at) + timedelta(hours=change.delay_hours)
    latest = due + timedelta(days=1)
    while ends := [end for row in told if (end := end_of_quiet(row, due)) is not None]:
        if max(ends) >= latest:
            return latest
        due = max(ends)
    return due


def _behind(change: PowerChange) -> list[str]:
    """Return the persons behind the change: who asked, and the person who is to be confirmed."""
    people = [change.asked_by] + ([change.officer] if change.kind == Kind.IDENTITY else [])
    return [row.audit_name for row in people if row is not None]


def _active(agency: Agency) -> QuerySet[Officer]:
    rows = Officer.objects.to_tell().filter(agency=agency, is_active=True, invited_email="")
    return rows.order_by("full_name", "pk")


def record_power(act: str, actor: Actor, change: PowerChange, now: datetime) -> None:
    """Audit what happened to a change, about the officer or the policy that it concerns."""
    asked = change.asked_by.audit_name if change.asked_by else ""
    facts = {"kind": change.kind, "cause": change.cause, "asked_by": asked, **change.changes}
    record_event(
        act,
        actor=actor.audit_name,
        agency=change.agency_id,
        subject=change.officer.audit_name if change.officer else f"policy:{change.agency_id}",
        detail={name: value for name, value in facts.items() if value != ""},
        now=now,
    )
