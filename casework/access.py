# SPDX-License-Identifier: Apache-2.0
"""Access of officers to casework, and what its services check alike. Absent and not visible answer alike, `AbsentError`."""

import datetime as dt
import uuid
from typing import Final, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from alerts.access import find_alert, find_received, today_of
from alerts.document.characters import hidden_characters
from alerts.models import Alert, ReceivedAlert
from alerts.red_readers import is_red
from alerts.states import SENT
from callers.errors import AbsentError, InputError
from callers.rows import one_of
from casework.models import Case, CaseState, Task, Unit
from officers.models import Officer

Row = TypeVar("Row", bound=Model)
Subject = ReceivedAlert | Alert
"""Alert that a note, a task or an item of a case is about: received, or own and sent."""
TEXT_AT_MOST: Final = 4_000
FARTHEST: Final = dt.timedelta(days=5 * 366)
"""Latest date of a review and of a task."""


def find_case(officer: Officer, case_id: uuid.UUID) -> Case:
    beside = ("agency", "unit__lead", "officer")
    return _only(Case.objects.visible_to(officer).select_related(*beside).filter(pk=case_id))


def lock_case(officer: Officer, case: Case, *, open_only: bool = True) -> Case:
    """Return the case, locked to the end of the transaction; raises `InputError` where it is closed and must be open."""
    rows = Case.objects.visible_to(officer).select_related("unit", "officer")
    locked = _only(rows.select_for_update(of=("self",)).filter(pk=case.pk))
    if open_only and locked.state != CaseState.OPEN:
        raise InputError("case", _("This case is closed: reopen it first."))
    return locked


def find_unit(officer: Officer, unit_id: uuid.UUID) -> Unit:
    return _only(Unit.objects.visible_to(officer).select_related("lead").filter(pk=unit_id))


def find_task(officer: Officer, task_id: uuid.UUID) -> Task:
    beside = ("case", "officer", "unit", "created_by", "received__issuer", "received__agency", "alert")
    return _only(Task.objects.visible_to(officer).select_related(*beside).filter(pk=task_id))


def lock_task(officer: Officer, task: Task) -> Task:
    rows = Task.objects.visible_to(officer).select_related("officer", "case", "received", "alert")
    return _only(rows.select_for_update(of=("self",)).filter(pk=task.pk))


def find_subject(officer: Officer, subject_id: uuid.UUID) -> Subject:
    """Return the received or the own sent alert with this id. One marked RED has no casework (`InputError`)."""
    try:
        found: Subject = find_received(officer, subject_id)
    except AbsentError:
        found = find_alert(officer, subject_id)
        if found.state not in SENT:
            raise AbsentError from None
    check_not_red(found)
    return found


def check_not_red(subject: Subject) -> None:
    if is_red(subject.tlp, getattr(subject, "floor", "")):
        text = _("An alert marked RED stays with the officers it names: it goes into no case, task or note.")
        raise InputError("subject", text)


def find_colleague(officer: Officer, public_id: str, field: str = "officer") -> Officer:
    """Return an active officer of the own agency; raises `InputError` for anybody else."""
    found = one_of(Officer.objects.visible_to(officer).filter(public_id=public_id, is_active=True))
    if found is None:
        raise InputError(field, _("Officer: choose an active officer of your agency."))
    return found


def checked_text(field: str, text: str, *, at_most: int = TEXT_AT_MOST, lines: bool = True) -> str:
    """Return the text as it is kept; raises `InputError` where it is empty, too long, or holds control marks."""
    words = text.strip() if lines else " ".join(text.split())
    if not words:
        raise InputError(field, _("Write something here."))
    if len(words) > at_most or hidden_characters(words, lines=lines):
        text = _("Use up to %(most)s characters, without control or direction marks.")
        raise InputError(field, text % {"most": at_most})
    return words


def checked_day(field: str, day: dt.date, officer: Officer, now: dt.datetime) -> dt.date:
    today = today_of(officer, now)
    if not today < day <= today + FARTHEST:
        raise InputError(field, _("Choose a day after today, within five years."))
    return day


def _only(rows: "QuerySet[Row]") -> Row:
    row = one_of(rows)
    if row is None:
        raise AbsentError
    return row
