# SPDX-License-Identifier: Apache-2.0
"""Hand-over of all that an officer has to a successor, in one act: tasks, cases, drafts, and the units that the officer leads.

An agency admin does it for everybody, a lead for the members of the own unit. What the successor may not see is not handed over:
a case stops the act, a task is open again.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alerts.drafting.handing_over import drafts_within, hand_over_drafts
from callers.capabilities import Capability, require
from callers.errors import InputError
from casework.access import find_colleague
from casework.models import Case, CaseAccess, Task, Unit, nothing_hidden
from casework.tasks import sees, waits
from ledger.audit import record_event
from notices.assigned_tasks import tell_of_work
from officers.accounts import officer_for
from officers.models import Officer


@dataclass(frozen=True)
class Work:
    """Numbers of what an officer has: tasks that wait, cases in charge of, drafts; and the units that the officer leads."""

    tasks: int = 0
    cases: int = 0
    drafts: int = 0
    units: int = 0

    @property
    def is_none(self) -> bool:
        return not (self.tasks or self.cases or self.drafts or self.units)


def may_hand_over(actor: Officer, person: Officer) -> bool:
    """Tell whether the actor may hand over this colleague's work: an agency admin, the lead of a unit of theirs, or themselves."""
    if Capability.CASE_MANAGE not in actor.capabilities:
        return False
    leads = Unit.objects.visible_to(actor).filter(lead=actor, members=person)
    return _for_all(actor, person) or leads.exists()


def work_of(actor: Officer, public_id: str, *, now: datetime) -> tuple[Officer, Work]:
    """Return a colleague and what there is to hand over, counted as far as the actor may see it. Raises NotPermittedError, AbsentError, `InputError`."""
    require(actor, Capability.CASE_MANAGE)
    person = officer_for(actor, public_id)
    if not may_hand_over(actor, person):
        raise InputError("officer", _("Ask the lead of this officer's unit, or an agency admin."))
    work = Work(
        tasks=_tasks(person, now).filter(nothing_hidden(actor)).count(),
        cases=_cases(actor, person).count(),
        drafts=drafts_within(actor, person).count(),
        units=_units(actor, person).count(),
    )
    return person, work


def hand_over(actor: Officer, public_id: str, *, to: str, now: datetime) -> Work:
    """Give all work of a colleague to `to`, by public id; return what went over, for no page to show. Raises as `work_of`."""
    with transaction.atomic():
        person, _work = work_of(actor, public_id, now=now)
        successor = find_colleague(actor, to, "to")
        if successor.pk == person.pk:
            raise InputError("to", _("Officer: choose somebody else."))
        done = Work(
            units=_hand_over_units(actor, person, successor),
            cases=_hand_over_cases(actor, person, successor),
            tasks=_hand_over_tasks(person, successor, now),
            drafts=hand_over_drafts(person, successor),
        )
        record_event(
            "officer.work_handed_over",
            actor=actor.audit_name,
            agency=person.agency_id or "",
            subject=person.audit_name,
            detail={
                "to": successor.audit_name,
                "tasks": done.tasks,
                "cases": done.cases,
                "drafts": done.drafts,
                "units": done.units,
            },
            now=now,
        )
        if successor != actor:
            tell_of_work(successor, person.pk, now=now)
    return done


def _tasks(person: Officer, now: datetime) -> QuerySet[Task]:
    return Task.objects.filter(waits(now), officer=person)


def _cases(actor: Officer, person: Officer) -> QuerySet[Case]:
    """Select the cases that a colleague is in charge of; for a lead those of the units that the actor leads."""
    rows = Case.objects.filter(officer=person)
    return rows if _for_all(actor, person) else rows.filter(unit__lead=actor)


def _units(actor: Officer, person: Officer) -> QuerySet[Unit]:
    rows = Unit.objects.filter(lead=person)
    return rows if Capability.OFFICER_MANAGE in actor.capabilities else rows.none()


def _for_all(actor: Officer, person: Officer) -> bool:
    return Capability.OFFICER_MANAGE in actor.capabilities or actor.pk == person.pk


def _hand_over_units(actor: Officer, person: Officer, to: Officer) -> int:
    units = list(_units(actor, person).select_for_update())
    if units and Capability.CASE_MANAGE not in to.capabilities:
        raise InputError("to", _("Officer: choose somebody whose roles can lead the unit too."))
    for unit in units:
        unit.lead = to
        unit.save(update_fields=["lead"])
        unit.members.add(to)
    return len(units)


def _hand_over_cases(actor: Officer, person: Officer, to: Officer) -> int:
    cases = list(_cases(actor, person).select_related("unit").select_for_update(of=("self",)))
    belongs = set(to.units.values_list("pk", flat=True))
    if Capability.CASE_READ not in to.capabilities or any(case.unit_id not in belongs for case in cases):
        raise InputError("to", _("Officer: choose somebody of the units to which the cases belong."))
    for case in cases:
        case.officer = to
        case.save(update_fields=["officer"])
        if case.access == CaseAccess.NAMED:
            case.named.add(to)
    return len(cases)


def _hand_over_tasks(person: Officer, to: Officer, now: datetime) -> int:
    rows = _tasks(person, now).select_related("received", "alert", "case")
    tasks = list(rows.select_for_update(of=("self",)))
    for task in tasks:
        task.officer = to if sees(to, task) else None
        task.save(update_fields=["officer"])
    return sum(task.officer is not None for task in tasks)
