# SPDX-License-Identifier: Apache-2.0
"""Decisions on changes of power: a second person agrees, somebody who was told stops them, or they apply after their delay."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from callers.actors import Actor, SystemActor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from officers.accounts import store_enabled, store_roles
from officers.identity import give_powers_back, settle_identity
from officers.models import Officer
from officers.policy import store_asked_policy
from officers.power_rows import PowerChange
from officers.powers import (
    Cause,
    Kind,
    Outcome,
    can_be_stopped,
    due_at,
    may_agree,
    may_stop,
    record_power,
    settle,
)
from officers.restores import holds_back
from peers.models import Agency

CLOCK: Final = SystemActor("power-changes")
"""Actor that applies a change that nobody stopped in time."""


def agree_to_change(officer: Officer, change_id: UUID, *, now: datetime) -> PowerChange:
    """Agree as a second person, and apply the change. Raises AbsentError, NotPermittedError, InputError."""
    require(officer, Capability.POWER_DECIDE)
    with transaction.atomic():
        change = _lock_waiting(officer, change_id)
        change.require_bound()
        if not may_agree(officer, change, now=now):
            raise InputError(
                "agree",
                _(
                    "Somebody else has to agree: neither who asked, nor whom they invited or whose factors they reset."
                ),
            )
        if change.kind == Kind.IDENTITY:
            settle_identity(change, officer, now=now)
            change.refresh_from_db()
        else:
            _apply(officer, change, now)
            settle(change, Outcome.AGREED, officer, now=now)
        record_power("power.agreed", officer, change, now)
    return change


def stop_change(officer: Officer, change_id: UUID, *, now: datetime) -> PowerChange:
    """Stop a change as somebody who was told, or take it back as who asked. Raises AbsentError, NotPermittedError, InputError."""
    require(officer, Capability.POWER_DECIDE)
    with transaction.atomic():
        change = _lock_waiting(officer, change_id)
        if not may_stop(officer, change, now=now):
            raise InputError("stop", _("Only who asked, or was told by mail, stops this."))
        is_own = officer.pk == change.asked_by_id
        settle(change, Outcome.DROPPED if is_own else Outcome.STOPPED, officer, now=now)
        record_power("power.dropped" if is_own else "power.stopped", officer, change, now)
    return change


def apply_due_change(
    change_id: UUID, *, told_at: datetime, told: Sequence[Officer], now: datetime
) -> PowerChange | None:
    """Apply a change whose delay has passed since `told_at`; return None where it has not, or the change may not be applied.

    A change is dropped where its asker may not ask any more, or where it was overtaken. One that came back with a
    backup waits until the agency has reviewed the restore.
    """
    with transaction.atomic():
        change = _locked(PowerChange.objects.filter(pk=change_id))
        if change is None or change.outcome != Outcome.WAITING or change.delay_hours is None:
            return None
        if now < due_at(change, told_at, told) or not can_be_stopped(change, told):
            return None
        if holds_back(change):
            return None
        change.require_bound()
        try:
            _require_may_still_ask(change)
            _apply(CLOCK, change, now)
        except InputError:
            settle(change, Outcome.DROPPED, CLOCK, now=now)
            record_power("power.dropped", CLOCK, change, now)
            return None
        settle(change, Outcome.APPLIED, CLOCK, now=now)
        record_power("power.applied", CLOCK, change, now)
    return change


def _lock_waiting(officer: Officer, change_id: UUID) -> PowerChange:
    change = _locked(PowerChange.objects.filter(pk=change_id, agency_id=officer.agency_id))
    if change is None:
        raise AbsentError
    if change.outcome != Outcome.WAITING:
        raise InputError("change", _("Somebody has decided on this already."))
    return change


def _locked(rows: QuerySet[PowerChange]) -> PowerChange | None:
    """Lock the agency, as every change of its officers does, then the row."""
    found = rows.first()
    if found is None:
        return None
    Agency.objects.select_for_update().get(pk=found.agency_id)
    locked = PowerChange.objects.select_for_update(of=("self",)).select_related(
        "agency", "officer", "asked_by"
    )
    return locked.get(pk=found.pk)


def _require_may_still_ask(change: PowerChange) -> None:
    if change.cause == Cause.MACHINE_RESET:
        return
    asked_by = change.asked_by
    needed = Capability.AGENCY_MANAGE if change.kind == Kind.POLICY else Capability.OFFICER_MANAGE
    if asked_by is not None and needed not in asked_by.capabilities | _of_keeper(asked_by):
        raise InputError("change", _("Who asked for this may not ask for it any more."))


def _of_keeper(officer: Officer) -> frozenset[Capability]:
    """Return the capability with which a keeper may still ask: a keeper enrols an agency's first admin."""
    operates = Capability.DESK_KEEP in officer.capabilities
    return frozenset({Capability.OFFICER_MANAGE}) if operates else frozenset()


def _apply(actor: Actor, change: PowerChange, now: datetime) -> None:
    if change.kind == Kind.POLICY:
        store_asked_policy(actor, change, now=now)
        return
    assert change.officer_id is not None
    locked = Officer.objects.select_for_update(of=("self",)).get(pk=change.officer_id)
    match change.kind:
        case Kind.ROLES:
            store_roles(actor, locked, list(change.changes["roles"]), now=now)
        case Kind.ENABLE:
            store_enabled(actor, locked, now=now)
        case Kind.IDENTITY:
            give_powers_back(locked)
