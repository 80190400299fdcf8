# SPDX-License-Identifier: Apache-2.0
"""Duty list: whom an agency calls, in order, and the deputy of each. Only the order counts, not the numbers."""

from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from callers.actors import Actor
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from officers.accounts import lock_to_manage, record_about
from officers.models import Officer


class DutyMove(StrEnum):
    UP = "up"
    DOWN = "down"
    ADD = "add"
    REMOVE = "remove"


def duty_list(actor: Actor) -> list[Officer]:
    """Return the actor's colleagues on duty, the first to be called first, each with the deputy."""
    return list(_on_duty(Officer.objects.visible_to(actor)).select_related("agency", "deputy"))


def on_duty(agency_id: str) -> list[Officer]:
    """Return the active officers on an agency's duty list, the first to be called first."""
    return list(_on_duty(Officer.objects.filter(agency_id=agency_id, is_active=True)))


def move_on_duty_list(actor: Actor, officer: Officer, move: str, *, now: datetime) -> list[Officer]:
    """Move one officer a place up or down, to the end, or off the list; return the list.

    A move that does not change the order, such as up from the first place, does nothing. Admins may move themselves,
    since a place gives no right. Raises AbsentError, NotPermittedError, InputError.
    """
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        listed = list(
            _on_duty(Officer.objects.filter(agency_id=locked.agency_id)).select_for_update(of=("self",))
        )
        before = [row.public_id for row in listed]
        wanted = _moved(listed, locked, _known(move))
        if [row.public_id for row in wanted] != before:
            _renumber(listed, wanted)
            after = [row.public_id for row in wanted]
            record_about("duty.changed", actor, locked, now, before=before, after=after)
    return wanted


def name_deputy(actor: Actor, officer: Officer, deputy: Officer | None, *, now: datetime) -> Officer:
    """Set whom to call when this officer is away, or None. It gives no right. Raises as `lock_to_manage`, InputError."""
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        if deputy is not None:
            _check_deputy(locked, deputy)
        if locked.deputy_id != (deputy.pk if deputy else None):
            locked.deputy = deputy
            locked.save(update_fields=["deputy"])
            record_about(
                "officer.deputy_named", actor, locked, now, deputy=deputy.audit_name if deputy else ""
            )
    return locked


def _on_duty(rows: QuerySet[Officer]) -> QuerySet[Officer]:
    return rows.filter(duty_rank__isnull=False).order_by("duty_rank", "full_name", "pk")


def _known(move: str) -> DutyMove:
    try:
        return DutyMove(move)
    except ValueError:
        raise InputError("move", _("Choose up, down, add or remove.")) from None


def _moved(listed: list[Officer], officer: Officer, move: DutyMove) -> list[Officer]:
    others = [row for row in listed if row.pk != officer.pk]
    place = next((n for n, row in enumerate(listed) if row.pk == officer.pk), None)
    if move is DutyMove.REMOVE:
        return others
    if move is DutyMove.ADD:
        return listed if place is not None else [*others, _fit_for_duty(officer)]
    if place is None:
        raise InputError("move", _("Only who stands on the duty list moves in it."))
    wanted = max(place - 1, 0) if move is DutyMove.UP else min(place + 1, len(others))
    return [*others[:wanted], listed[place], *others[wanted:]]


def _fit_for_duty(officer: Officer) -> Officer:
    if Capability.ALERT_READ not in officer.capabilities:
        raise InputError("move", _("Only active officers who read alerts go on the duty list."))
    return officer


def _renumber(before: list[Officer], wanted: list[Officer]) -> None:
    kept = {row.pk for row in wanted}
    gone = [row for row in before if row.pk not in kept]
    for row in gone:
        row.duty_rank = None
    for place, row in enumerate(wanted, 1):
        row.duty_rank = place
    Officer.objects.bulk_update([*gone, *wanted], ["duty_rank"])


def _check_deputy(officer: Officer, deputy: Officer) -> None:
    if deputy.agency_id != officer.agency_id:
        raise AbsentError
    if deputy.pk == officer.pk or not deputy.is_active:
        raise InputError("deputy", _("Deputy: choose another active officer."))
