# SPDX-License-Identifier: Apache-2.0
"""Units of an agency and who belongs to them; an agency admin keeps them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from alerts.access import agency_of
from callers.capabilities import Capability, require
from callers.errors import InputError
from callers.names import check_name
from casework.access import checked_text, find_colleague, find_unit
from casework.models import Unit
from ledger.audit import record_event
from officers.models import Officer

NAME_AT_MOST: Final = 60


def list_units(officer: Officer) -> QuerySet[Unit]:
    """Return the units of the agency, each with `people`, the number of its active members."""
    require(officer, Capability.CASE_READ)
    active = Count("members", filter=Q(members__is_active=True))
    return (
        Unit.objects.visible_to(officer).select_related("lead").annotate(people=active).order_by("name", "pk")
    )


def own_units(officer: Officer) -> QuerySet[Unit]:
    """Return the units that the officer belongs to."""
    return Unit.objects.visible_to(officer).filter(members=officer)


def save_unit(
    actor: Officer,
    unit: Unit | None,
    *,
    name: str,
    lead: str = "",
    members: Iterable[str],
    now: datetime,
) -> Unit:
    """Make or change a unit; `lead` and `members` are public ids, a lead belongs to the unit.

    Raises NotPermittedError, AbsentError, `InputError` (also for a lead whose roles cannot lead).
    """
    require(actor, Capability.OFFICER_MANAGE)
    agency = agency_of(actor)
    people = {public_id: find_colleague(actor, public_id, "members") for public_id in members}
    head = find_colleague(actor, lead, "lead") if lead else None
    if head is not None and Capability.CASE_MANAGE not in head.capabilities:
        raise InputError("lead", _("Lead: choose an author, a releaser or an agency admin."))
    with transaction.atomic():
        row = Unit(agency=agency) if unit is None else find_unit(actor, unit.pk)
        row.name, row.lead = checked_text("name", name, at_most=NAME_AT_MOST, lines=False), head
        _check_name(actor, row)
        row.save()
        row.members.set({*people.values(), *([head] if head else [])})
        record_event(
            "unit.made" if unit is None else "unit.changed",
            actor=actor.audit_name,
            agency=agency.pk,
            subject=str(row.pk),
            detail={"name": row.name, "lead": head.public_id if head else "", "members": len(people)},
            now=now,
        )
    return row


def _check_name(actor: Officer, row: Unit) -> None:
    try:
        check_name(row.name)
    except ValidationError as refused:
        raise InputError("name", " ".join(refused.messages)) from None
    others = Unit.objects.visible_to(actor).exclude(pk=row.pk)
    if others.filter(name__iexact=row.name).exists():
        raise InputError("name", _("Name: another unit has it."))
