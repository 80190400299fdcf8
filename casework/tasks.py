# SPDX-License-Identifier: Apache-2.0
"""Tasks about alerts and in cases, and questions that wait for the agency's answer, which are tasks by themselves.

    open <-> assigned -> done | dropped

- A question waits until the agency has answered it: nobody ticks it off. It gets a row when it is assigned for the first time,
  and the newest version of the question keeps who has it.
- Two officers who assign the same task at once: each says whom it was assigned to when they looked, and the second is refused.
- A task of an officer who is no longer active is open again, and its unit's lead finds it on the first page.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accord.document.rules import CLOSED
from accord.envelope.vocabulary import RED
from alerts.access import agency_of, lock_received
from alerts.boxes.state_words import held_text, is_past
from alerts.errors import StaleTagError
from alerts.models import Alert, ReceivedAlert
from alerts.peers.suspensions import mark_clocks
from alerts.projections.cards import Card
from alerts.replies.answers import still_to_answer
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.markings import is_within
from casework.access import (
    FARTHEST,
    Subject,
    check_not_red,
    checked_text,
    find_colleague,
    find_unit,
    lock_case,
    lock_task,
)
from casework.cases import about_of, cards_of
from casework.models import Case, Task, TaskKind, TaskState, Unit
from casework.units import own_units
from ledger.audit import record_event
from notices.assigned_tasks import tell_of_work
from officers.models import Officer
from vault.sealed_store import SealedStore, as_json, dataclass_of

SHOWN: Final = 100
"""Limit of a list, for tasks and for questions; those due first."""
ON_FIRST_PAGE: Final = 20
MINE, UNIT, ALL = "mine", "unit", "all"
BY_HAND: Final = tuple(kind for kind in TaskKind if kind is not TaskKind.ANSWER)
ANSWERING: Final = frozenset({Capability.ALERT_WRITE, Capability.ALERT_RELEASE})
"""A question is given to who has one of these: an answer is written, or checked and released."""


@dataclass(frozen=True)
class TaskText:
    """Content of a task. `result` says what came of it, once it has ended."""

    text: str = field(default="", repr=False)
    result: str = field(default="", repr=False)


TASKS: Final = SealedStore[TaskText](
    "task", lambda text: as_json({"text": text.text, "result": text.result}), dataclass_of(TaskText)
)


@dataclass(frozen=True)
class TaskRow:
    """Task in a list. A question that was never assigned has no `task`; `text` is None where it does not open.

    `due_at` is None for what has no time, and for a question while a suspension holds its answer back.
    """

    kind: TaskKind
    state: TaskState
    due_at: dt.datetime | None
    text: str | None = field(repr=False)
    task: Task | None = None
    subject: Subject | None = None
    card: Card | None = None
    result: str = field(default="", repr=False)

    @property
    def is_question(self) -> bool:
        return self.kind == TaskKind.ANSWER

    @property
    def is_received(self) -> bool:
        return isinstance(self.subject, ReceivedAlert)

    @property
    def frozen_since(self) -> dt.datetime | None:
        """Moment since which a suspension stops the clock of its question."""
        return (
            self.subject.frozen_since
            if self.is_question and isinstance(self.subject, ReceivedAlert)
            else None
        )

    @property
    def held_text(self) -> str:
        """Words about a suspension that holds back the answer to its question; else empty."""
        asked = self.subject if self.is_question else None
        if not isinstance(asked, ReceivedAlert) or asked.suspended_since is None:
            return ""
        return held_text(asked.suspended_since, runs=asked.runs_on)

    def is_overdue(self, now: dt.datetime) -> bool:
        return self.due_at is not None and self.due_at <= now


@dataclass(frozen=True)
class TaskList:
    """Tasks that wait, overdue ones first; `more`: others follow. `overdue` counts those shown."""

    rows: tuple[TaskRow, ...] = ()
    more: bool = False
    overdue: int = 0


@dataclass(frozen=True)
class Assignment:
    """Assignment of a task: an officer by public id, a unit, or neither, which opens it again."""

    officer: str = ""
    unit: UUID | None = None


# --- acts --------------------------------------------------------------------------------------------------


def create_task(
    officer: Officer,
    *,
    kind: str,
    text: str,
    case: Case | None = None,
    subject: Subject | None = None,
    to: Assignment = Assignment(),
    due_at: dt.datetime | None = None,
    now: dt.datetime,
) -> Task:
    """Make a task about an alert, in an open case, or both. Raises NotPermittedError, AbsentError, `InputError`."""
    require(officer, Capability.CASE_READ)
    if kind not in BY_HAND:
        raise InputError("kind", _("Kind: choose one."))
    if due_at is not None and not now < due_at <= now + FARTHEST:
        raise InputError("due_at", _("Due: choose a time that lies ahead, within five years."))
    if case is None and subject is None:
        raise InputError("subject", _("A task is about an alert or belongs to a case."))
    if subject is not None:
        check_not_red(subject)
    task = Task(
        agency=agency_of(officer), kind=kind, case=case, created_by=officer, created_at=now, due_at=due_at
    )
    for column, value in about_of(subject).items():
        setattr(task, column, value)
    task.sealed = TASKS.seal(task.agency_id, task.pk, TaskText(checked_text("text", text)))
    with transaction.atomic():
        if case is not None:
            task.case = lock_case(officer, case)
        _give(officer, task, to)
        task.save(force_insert=True)
        _record("task.created", officer, task, now, to=_named(task))
        _tell(officer, task, now)
    return task


def assign_task(
    officer: Officer, task: Task, to: Assignment, *, seen: str | None = None, now: dt.datetime
) -> Task:
    """Give a task to somebody else. `seen`: public id of whom the caller believes to have it, "" for nobody.

    Raises NotPermittedError, AbsentError, `InputError`, `StaleTagError` where somebody else has it by now.
    """
    require(officer, Capability.CASE_READ)
    with transaction.atomic():
        locked = _lock_open(officer, task)
        _assign(officer, locked, to, seen, now)
    return locked


def assign_answer(
    officer: Officer, received: ReceivedAlert, to: Assignment, *, seen: str | None = None, now: dt.datetime
) -> Task:
    """Give a question that waits for an answer to somebody; as `assign_task`."""
    require(officer, Capability.CASE_READ)
    check_not_red(received)
    with transaction.atomic():
        locked = lock_received(officer, received)
        if not ReceivedAlert.objects.visible_to(officer).filter(still_to_answer(now), pk=locked.pk).exists():
            raise InputError("subject", _("No answer is due here, or your agency has given it."))
        task = answer_tasks([locked]).get(locked.pk)
        if task is None:
            task = Task(agency=locked.agency, kind=TaskKind.ANSWER, created_by=officer, created_at=now)
            task.sealed = TASKS.seal(task.agency_id, task.pk, TaskText())
        task.received, task.due_at = locked, locked.answer_by
        _assign(officer, task, to, seen, now)
    return task


def end_task(officer: Officer, task: Task, *, outcome: str, result: str = "", now: dt.datetime) -> Task:
    """End a task as done or dropped. One of kind *answer* ends with its question. Raises as `assign_task`."""
    require(officer, Capability.CASE_READ)
    if outcome not in (TaskState.DONE, TaskState.DROPPED):
        raise InputError("outcome", _("Outcome: choose one."))
    words = checked_text("result", result) if result.strip() else ""
    with transaction.atomic():
        locked = _lock_open(officer, task)
        if locked.kind == TaskKind.ANSWER:
            raise InputError("outcome", _("This ends when your agency has sent its answer."))
        text = TASKS.open(locked.agency_id, locked.pk, locked.sealed).text
        locked.sealed = TASKS.seal(locked.agency_id, locked.pk, TaskText(text, words))
        locked.outcome, locked.ended_at = outcome, now
        locked.save(update_fields=["sealed", "outcome", "ended_at"])
        _record(f"task.{outcome}", officer, locked, now)
    return locked


def _lock_open(officer: Officer, task: Task) -> Task:
    locked = lock_task(officer, task)
    if locked.outcome:
        raise InputError("task", _("This task has ended."))
    return locked


def _assign(officer: Officer, task: Task, to: Assignment, seen: str | None, now: dt.datetime) -> None:
    """Give a task that is locked, or a question whose row is, to somebody, and save it."""
    if seen is not None and seen != _holder(task):
        raise StaleTagError
    before = _named(task)
    _give(officer, task, to)
    task.save()
    _record("task.assigned", officer, task, now, before=before, to=_named(task))
    if _named(task) != before:
        _tell(officer, task, now)


def _give(officer: Officer, task: Task, to: Assignment) -> None:
    """Set officer and unit of a task. An officer must see what it is about."""
    task.unit = find_unit_of(officer, to.unit)
    task.officer = find_colleague(officer, to.officer) if to.officer else None
    if isinstance(task.officer, Officer) and not sees(task.officer, task):
        raise InputError("officer", _("Officer: this colleague may not see what the task is about."))
    is_question = task.kind == TaskKind.ANSWER
    if is_question and isinstance(task.officer, Officer) and not task.officer.capabilities & ANSWERING:
        raise InputError("officer", _("Officer: this colleague may neither write nor release an answer."))


def _tell(officer: Officer, task: Task, now: dt.datetime) -> None:
    """Tell whom a task was given to: its officer, else the lead of its unit; nobody of what they did themselves."""
    told = task.assignee or (task.unit.lead if task.unit else None)
    if isinstance(told, Officer) and told != officer and sees(told, task):
        tell_of_work(told, task.pk, now=now)


def find_unit_of(officer: Officer, unit_id: UUID | None) -> Unit | None:
    """Return the unit of this id; None without one. Raises `InputError`."""
    try:
        return find_unit(officer, unit_id) if unit_id is not None else None
    except AbsentError:
        raise InputError("unit", _("Unit: choose one of the list.")) from None


def sees(officer: Officer, task: Task) -> bool:
    """Tell whether the officer may see the case and the alert of a task."""
    if Capability.CASE_READ not in officer.capabilities:
        return False
    wanted: list[QuerySet[Case] | QuerySet[ReceivedAlert] | QuerySet[Alert]] = []
    if task.case_id is not None:
        wanted.append(Case.objects.visible_to(officer).filter(pk=task.case_id))
    if task.received_id is not None:
        wanted.append(ReceivedAlert.objects.visible_to(officer).filter(pk=task.received_id))
    if task.alert_id is not None:
        wanted.append(Alert.objects.visible_to(officer).filter(pk=task.alert_id))
    return all(rows.exists() for rows in wanted)


def _holder(task: Task) -> str:
    return task.assignee.public_id if isinstance(task.assignee, Officer) else ""


def _named(task: Task) -> str:
    """Name whom a task is given to, for the audit."""
    holder = _holder(task)
    return f"officer:{holder}" if holder else f"unit:{task.unit_id}" if task.unit_id else ""


def _record(act: str, officer: Officer, task: Task, now: dt.datetime, **detail: object) -> None:
    """Record an act under the case of the task, else under its alert."""
    about = task.received or task.alert
    subject = str(task.case_id) if task.case_id else about.md if about else str(task.pk)
    record_event(
        act,
        actor=officer.audit_name,
        agency=task.agency_id,
        subject=subject,
        detail={"task": str(task.pk), "kind": task.kind, **detail},
        now=now,
    )


# --- lists -------------------------------------------------------------------------------------------------


def list_tasks(officer: Officer, *, whose: str = MINE, now: dt.datetime, limit: int = SHOWN) -> TaskList:
    """Return what waits, "mine", that of the officer's units ("unit"), or "all" that the officer may see; due first."""
    require(officer, Capability.CASE_READ)
    tasks = list(_waiting(officer, whose)[: limit + 1])
    questions = list(_questions(officer, whose, now)[: limit + 1])
    given = answer_tasks(questions)
    rows = [*open_tasks(officer, tasks, now=now), *_asked(officer, questions, given, now)]
    far = now + FARTHEST + FARTHEST
    rows.sort(key=lambda row: row.due_at or far)
    shown = tuple(rows[:limit])
    return TaskList(shown, len(rows) > limit, sum(row.is_overdue(now) for row in shown))


def first_tasks(officer: Officer, *, now: dt.datetime) -> list[TaskRow]:
    """Return the officer's own tasks that were made by hand, those due first, one more than `ON_FIRST_PAGE` at most."""
    return open_tasks(officer, list(own_tasks(officer)), now=now)


def own_tasks(officer: Officer) -> QuerySet[Task]:
    """Select what `first_tasks` returns; none for a role without cases."""
    return _waiting(officer, MINE)[: ON_FIRST_PAGE + 1]


def waits(now: dt.datetime) -> Q:
    """Return the condition: the task has not ended; one of kind *answer* ends with its question."""
    asked = Q(received__answered_at=None, received__withdrawn_at=None, received__keep__gt=now)
    closed = Q(received__replaced_by__question_change=CLOSED)
    return Q(outcome="") & (~Q(kind=TaskKind.ANSWER) | asked & ~closed)


def left_behind(officer: Officer, *, now: dt.datetime) -> int:
    """Count the tasks of officers who have left, in units that this officer leads; for an agency admin in all units."""
    if Capability.CASE_MANAGE not in officer.capabilities:
        return 0
    tasks = Task.objects.filter(waits(now), agency_id=officer.agency_id, officer__is_active=False)
    if Capability.OFFICER_MANAGE not in officer.capabilities:
        tasks = tasks.filter(officer__units__lead=officer)
    return tasks.distinct().count()


def tasks_of(officer: Officer, case: Case, *, now: dt.datetime) -> list[TaskRow]:
    """Return the tasks of a case that the officer may see, those that wait first."""
    rows = Task.objects.visible_to(officer).filter(case=case)
    ordered = rows.order_by(
        F("ended_at").desc(nulls_first=True), F("due_at").asc(nulls_last=True), "created_at"
    )
    return open_tasks(officer, list(_joined(ordered)[:SHOWN]), now=now)


def open_tasks(officer: Officer, tasks: Sequence[Task], *, now: dt.datetime) -> list[TaskRow]:
    """Return these tasks of the officer's agency with their content and the cards of their alerts."""
    texts = TASKS.open_many(officer.agency_id or "", [(row.pk, 1, row.sealed) for row in tasks])
    cards = cards_of(officer, (row.received or row.alert for row in tasks), now=now)
    mark_clocks((row.received for row in tasks if row.kind == TaskKind.ANSWER and row.received), now=now)
    return [
        TaskRow(
            kind=TaskKind(task.kind),
            state=_state_of(task),
            due_at=_due_at(task, now),
            text=text.text if text else None,
            task=task,
            subject=task.received or task.alert,
            card=cards.get(str(task.received_id or task.alert_id)),
            result=text.result if text else "",
        )
        for task, text in zip(tasks, texts, strict=True)
    ]


def _due_at(task: Task, now: dt.datetime) -> dt.datetime | None:
    asked = task.received if task.kind == TaskKind.ANSWER else None
    return task.due_at if asked is None else _answer_by(asked, now)


def _answer_by(asked: ReceivedAlert, now: dt.datetime) -> dt.datetime | None:
    """Return when the answer is due; None while a suspension stops its clock, or holds back what is overdue."""
    is_held = asked.suspended_since and (not asked.runs_on or is_past(asked.answer_by, now))
    return None if is_held else asked.answer_by


def _state_of(task: Task) -> TaskState:
    """Return the state of a task; one of kind *answer* has that of its question."""
    asked = task.received if task.kind == TaskKind.ANSWER else None
    if asked is not None and asked.answered_at is not None:
        return TaskState.DONE
    if asked is not None and (asked.withdrawn_at is not None or asked.replaced_by_id is not None):
        return TaskState.DROPPED
    return task.state


def answer_tasks(questions: Iterable[ReceivedAlert]) -> dict[UUID, Task]:
    """Return by question the row that says who has it: that of any version of the question, the newest first."""
    asked = list(questions)
    if not asked:
        return {}
    agency_id = asked[0].agency_id
    same = {(row.issuer_id, row.first_md or row.md): row.pk for row in asked}
    firsts = [first for _issuer, first in same]
    rows = Task.objects.filter(
        Q(received__first_md__in=firsts) | Q(received__in=asked), agency_id=agency_id, kind=TaskKind.ANSWER
    ).select_related("officer", "unit", "received")
    found: dict[UUID, Task] = {}
    for task in rows.order_by("received__version", "created_at"):
        assert task.received is not None
        pk = same.get((task.received.issuer_id, task.received.first_md or task.received.md))
        if pk is not None:
            found[pk] = task
    return found


def _asked(
    officer: Officer, questions: Sequence[ReceivedAlert], given: dict[UUID, Task], now: dt.datetime
) -> list[TaskRow]:
    cards = cards_of(officer, questions, now=now)
    mark_clocks(questions, now=now)
    return [
        TaskRow(
            kind=TaskKind.ANSWER,
            state=given[row.pk].state if row.pk in given else TaskState.OPEN,
            due_at=_answer_by(row, now),
            text="",
            task=given.get(row.pk),
            subject=row,
            card=cards.get(str(row.pk)),
        )
        for row in questions
    ]


def _waiting(officer: Officer, whose: str) -> QuerySet[Task]:
    """Select the tasks made by hand that wait."""
    rows = Task.objects.visible_to(officer).filter(outcome="").exclude(kind=TaskKind.ANSWER)
    return _joined(rows.filter(_whose(officer, whose))).order_by(
        F("due_at").asc(nulls_last=True), "created_at"
    )


def _questions(officer: Officer, whose: str, now: dt.datetime) -> QuerySet[ReceivedAlert]:
    """Select the questions that wait for an answer. One marked RED is for the officers whom it names: the inbox has it."""
    rows = ReceivedAlert.objects.visible_to(officer).filter(still_to_answer(now)).exclude(tlp=RED)
    if whose != ALL:
        given = Task.objects.filter(
            _whose(officer, whose),
            agency_id=officer.agency_id,
            kind=TaskKind.ANSWER,
            received__issuer=OuterRef("issuer"),
            received__first_md=OuterRef("first_md"),
        )
        rows = rows.filter(Exists(given))
    return rows.select_related("issuer", "agency").order_by("answer_by", "number")


def _whose(officer: Officer, whose: str) -> Q:
    if whose == MINE:
        return Q(officer=officer)
    if whose == UNIT:
        units = own_units(officer).values("pk")
        return Q(unit__in=units) | Q(case__unit__in=units) | Q(officer=officer)
    return Q()


def _joined(rows: QuerySet[Task]) -> QuerySet[Task]:
    return rows.select_related("officer", "unit", "case", "received__issuer", "received__agency", "alert")


def assignable(officer: Officer, subject: Subject | None = None, *, answers: bool = False) -> list[Officer]:
    """Return the colleagues who may act: on casework, on what is about this alert, `answers`: on the answer to it."""
    wanted = ANSWERING if answers else frozenset({Capability.CASE_READ})
    rows = Officer.objects.visible_to(officer).filter(is_active=True).select_related("agency__desk_policy")
    return [
        row
        for row in rows.order_by("full_name", "pk")
        if row.capabilities & wanted and (subject is None or _is_within(row, subject))
    ]


def _is_within(officer: Officer, subject: Subject) -> bool:
    floor = getattr(subject, "floor", "")
    return is_within(officer, tlp=subject.tlp, pri=subject.pri, lane=subject.lane, floor=floor)


def task_of_answer(officer: Officer, received: ReceivedAlert) -> Task | None:
    """Return who has this question, as a row; None where it was never assigned."""
    if Capability.CASE_READ not in officer.capabilities or received.reply_by is None:
        return None
    return answer_tasks([received]).get(received.pk)
