# SPDX-License-Identifier: Apache-2.0
"""Casework in JSON: cases, what is put into them, tasks, notes, units and hand-over, by the services of the pages."""

import uuid
from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_received
from alerts.boxes.search import TEXT_AT_MOST as SEARCH_AT_MOST
from alerts.models import ReceivedAlert
from alerts.receiving.opening import MAX_CASE_CHARS
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from callers.idempotency import Outcome, idempotent, repeatable
from callers.reading import read_body, read_query
from casework.access import TEXT_AT_MOST, find_case, find_subject, find_task, find_unit
from casework.cases import (
    TITLE_AT_MOST,
    CaseFacts,
    add_item,
    change_case,
    close_case,
    items_of,
    list_cases,
    open_case,
    open_cases,
    remove_item,
    reopen_case,
    review_case,
)
from casework.handing_over import hand_over, work_of
from casework.models import Case, CaseAccess, CaseState, Task, TaskKind, TaskState
from casework.notes import notes_on, write_note
from casework.search import CasesFound, search_cases
from casework.tasks import (
    ALL,
    BY_HAND,
    MINE,
    UNIT,
    Assignment,
    TaskRow,
    assign_answer,
    assign_task,
    create_task,
    end_task,
    list_tasks,
    open_tasks,
    tasks_of,
)
from casework.timeline import timeline_of
from casework.units import NAME_AT_MOST, list_units, save_unit
from desk.alerts.serializers import CardOut
from desk.web.api import CREATED
from desk.web.api_answers import AgencyView, PageQuery, named_list
from officers.models import Officer

Found = TypeVar("Found")
_PEOPLE_AT_MOST: Final = 500
_PERSON: Final = 22


class CasesQuery(PageQuery):
    """A selection of cases."""

    whose = s.ChoiceField(["unit", "mine", "review"], required=False, default="unit")
    state = s.ChoiceField(CaseState.choices, required=False, default="", allow_blank=True)


class CaseIn(s.Serializer[Any]):
    """The facts of a case. `named` are ids of officers, for access `named` alone."""

    number = s.CharField(max_length=MAX_CASE_CHARS)
    title = s.CharField(max_length=TITLE_AT_MOST)
    summary = s.CharField(max_length=TEXT_AT_MOST, required=False, default="", allow_blank=True)
    unit = s.UUIDField()
    access = s.ChoiceField(CaseAccess.choices, required=False, default=CaseAccess.UNIT)
    named = s.ListField(
        child=s.CharField(max_length=_PERSON), required=False, default=list, max_length=_PEOPLE_AT_MOST
    )
    review_on = s.DateField()


class CaseOut(s.Serializer[Any]):
    """A case; its texts are empty if its record does not open (`is_damaged`)."""

    id = s.UUIDField(source="case.pk")
    number = s.CharField(source="card.number")
    title = s.CharField(source="card.title")
    summary = s.CharField(source="card.summary")
    closed_for = s.CharField(source="card.closed_for")
    is_damaged = s.BooleanField(source="card.is_damaged")
    state = s.ChoiceField(CaseState.choices, source="case.state")
    unit = s.UUIDField(source="case.unit_id")
    officer = s.CharField(source="case.officer.public_id")
    access = s.ChoiceField(CaseAccess.choices, source="case.access")
    review_on = s.DateField(source="case.review_on")
    opened_at = s.DateTimeField(source="case.opened_at")
    changed_at = s.DateTimeField(source="case.changed_at")


class CasesOut(s.Serializer[Any]):
    items = CaseOut(many=True)
    next = s.CharField(allow_null=True)


class CasesFoundOut(s.Serializer[Any]):
    """Cases that were found, at most 50; `is_exact`: by the number."""

    items = CaseOut(many=True, source="rows")
    is_exact = s.BooleanField()


class ItemOut(s.Serializer[Any]):
    """An alert in a case; `is_gone`: its content was deleted, as its time was over."""

    id = s.UUIDField(source="item.pk")
    received = s.UUIDField(source="item.received_id", allow_null=True)
    alert = s.UUIDField(source="item.alert_id", allow_null=True)
    card = CardOut(allow_null=True)
    is_gone = s.BooleanField()
    added_by = s.CharField(source="item.added_by.public_id")
    added_at = s.DateTimeField(source="item.added_at")


class NoteOut(s.Serializer[Any]):
    """A note; `text` is null if it does not open."""

    id = s.UUIDField(source="note.pk")
    text = s.CharField(allow_null=True)
    author = s.CharField(source="note.author.public_id")
    at = s.DateTimeField(source="note.at")
    supersedes = s.UUIDField(source="note.supersedes_id", allow_null=True)
    is_superseded = s.BooleanField()


class NotesOut(s.Serializer[Any]):
    items = NoteOut(many=True)


class TaskOut(s.Serializer[Any]):
    """A task. One of kind `answer` is a question that waits; its `id` is null until it was assigned."""

    id = s.UUIDField(source="task.pk", allow_null=True, default=None)
    kind = s.ChoiceField(TaskKind.choices)
    state = s.ChoiceField(TaskState.choices)
    text = s.CharField(allow_null=True)
    result = s.CharField()
    due_at = s.DateTimeField(allow_null=True)
    frozen_since = s.DateTimeField(allow_null=True, help_text="Since when a suspension stops its clock.")
    case = s.UUIDField(source="task.case_id", allow_null=True, default=None)
    received = s.SerializerMethodField()
    alert = s.SerializerMethodField()
    card = CardOut(allow_null=True)
    officer = s.CharField(source="task.assignee.public_id", allow_null=True, default=None)
    unit = s.UUIDField(source="task.unit_id", allow_null=True, default=None)

    def get_received(self, row: TaskRow) -> uuid.UUID | None:
        """The received alert that it is about."""
        return row.subject.pk if isinstance(row.subject, ReceivedAlert) else None

    def get_alert(self, row: TaskRow) -> uuid.UUID | None:
        """The own alert that it is about."""
        return row.subject.pk if row.subject and not isinstance(row.subject, ReceivedAlert) else None


class TasksQuery(s.Serializer[Any]):
    whose = s.ChoiceField([MINE, UNIT, ALL], required=False, default=MINE)


class TasksOut(s.Serializer[Any]):
    """Tasks, 100 at most, those due first; `overdue` counts those among them, `more`: others follow."""

    items = TaskOut(many=True, source="rows")
    overdue = s.IntegerField()
    more = s.BooleanField()


class ActOut(s.Serializer[Any]):
    """Act of one officer, done `times` in a row, the last time `at`; `who` as in the audit."""

    act = s.CharField()
    who = s.CharField()
    at = s.DateTimeField()
    times = s.IntegerField()


class CaseShownOut(CaseOut):
    """A case with all that the officer may see of it."""

    alerts = ItemOut(many=True)
    tasks = TaskOut(many=True)
    notes = NoteOut(many=True)
    timeline = ActOut(many=True)


class SearchCasesIn(s.Serializer[Any]):
    text = s.CharField(max_length=SEARCH_AT_MOST)


class CloseIn(s.Serializer[Any]):
    reason = s.CharField(max_length=TEXT_AT_MOST)


class ReviewIn(s.Serializer[Any]):
    """The next review; null deletes the notes of a closed case."""

    next_on = s.DateField(allow_null=True)


class ItemIn(s.Serializer[Any]):
    """A received alert, or one that the agency sent, by its id."""

    subject = s.UUIDField()


class NoteIn(s.Serializer[Any]):
    """A note; `supersedes` is the one that it corrects."""

    text = s.CharField(max_length=TEXT_AT_MOST)
    supersedes = s.UUIDField(required=False, allow_null=True, default=None)


class AssignIn(s.Serializer[Any]):
    """Assignment; neither officer nor unit opens it again.

    `seen` is the id of the officer who had it when it was read, "" for nobody: 412 if that is somebody else by now.
    """

    officer = s.CharField(max_length=_PERSON, required=False, default="", allow_blank=True)
    unit = s.UUIDField(required=False, allow_null=True, default=None)
    seen = s.CharField(max_length=_PERSON, required=False, allow_blank=True, allow_null=True, default=None)


class TaskIn(s.Serializer[Any]):
    """A task about an alert (`subject`), in a case, or both."""

    kind = s.ChoiceField([kind.value for kind in BY_HAND])
    text = s.CharField(max_length=TEXT_AT_MOST)
    case = s.UUIDField(required=False, allow_null=True, default=None)
    subject = s.UUIDField(required=False, allow_null=True, default=None)
    officer = s.CharField(max_length=_PERSON, required=False, default="", allow_blank=True)
    unit = s.UUIDField(required=False, allow_null=True, default=None)
    due_at = s.DateTimeField(required=False, allow_null=True, default=None)


class EndIn(s.Serializer[Any]):
    outcome = s.ChoiceField([TaskState.DONE.value, TaskState.DROPPED.value])
    result = s.CharField(max_length=TEXT_AT_MOST, required=False, default="", allow_blank=True)


class UnitIn(s.Serializer[Any]):
    """A unit; `lead` and `members` are ids of officers, "" for no lead."""

    name = s.CharField(max_length=NAME_AT_MOST)
    lead = s.CharField(max_length=_PERSON, required=False, default="", allow_blank=True)
    members = s.ListField(child=s.CharField(max_length=_PERSON), max_length=_PEOPLE_AT_MOST)


class UnitOut(s.Serializer[Any]):
    id = s.UUIDField(source="pk")
    name = s.CharField()
    lead = s.CharField(source="lead.public_id", allow_null=True, default=None)
    people = s.IntegerField()


class UnitsOut(s.Serializer[Any]):
    items = UnitOut(many=True)


class HandOverIn(s.Serializer[Any]):
    to = s.CharField(max_length=_PERSON, help_text="Id of the successor.")


class WorkOut(s.Serializer[Any]):
    """Numbers of tasks and cases that an officer has."""

    tasks = s.IntegerField()
    cases = s.IntegerField()
    drafts = s.IntegerField()
    units = s.IntegerField()


class CaseworkView(AgencyView):
    """Common answers of casework."""

    capability: ClassVar[Any] = Capability.CASE_READ

    def made(self, do: Callable[[], Case | Task]) -> uuid.UUID:
        """Do the act once per `Idempotency-Key`, and return the id of what it made."""

        def run() -> Outcome:
            return Outcome(CREATED, str(do().pk))

        return uuid.UUID(idempotent(self.request, self.actor, run, now=self.now).resource)

    def named(self, field: str, find: Callable[[Officer, uuid.UUID], Found], row_id: uuid.UUID) -> Found:
        """Return what a member of the body names; raises `InputError` for what is absent or of others."""
        try:
            return find(self.officer, row_id)
        except AbsentError:
            raise InputError(field, _("Choose one that you may see.")) from None

    def answer_case(self, case_id: uuid.UUID, code: int = 200) -> Response:
        case = find_case(self.officer, case_id)
        (row,) = open_cases(self.officer, [case])
        shown = {
            **CaseOut(row).data,
            "alerts": ItemOut(items_of(self.officer, case, now=self.now), many=True).data,
            "tasks": TaskOut(tasks_of(self.officer, case, now=self.now), many=True).data,
            "notes": NoteOut(notes_on(self.officer, case), many=True).data,
            "timeline": ActOut(timeline_of(self.officer, case), many=True).data,
        }
        return self.answer(shown, code)

    def answer_task(self, task_id: uuid.UUID, code: int = 200) -> Response:
        (row,) = open_tasks(self.officer, [find_task(self.officer, task_id)], now=self.now)
        return self.answer(TaskOut(row).data, code)

    def answer_units(self, code: int = 200) -> Response:
        return self.answer({"items": UnitOut(list_units(self.officer), many=True).data}, code)


class CasesView(CaseworkView):
    capability: ClassVar[Any] = {"GET": Capability.CASE_READ, "POST": Capability.CASE_MANAGE}

    @extend_schema(operation_id="cases_list", parameters=[CasesQuery], responses={200: CasesOut})
    def get(self, request: Request) -> Response:
        """List the cases that the officer may see, the last changed first."""
        query = read_query(CasesQuery, request)
        listed = named_list("cases", query)
        page = list_cases(
            self.officer,
            whose=query["whose"],
            state=query["state"],
            cursor=self.place_in(listed, query),
            limit=query["limit"],
            now=self.now,
        )
        return self.page(listed, CaseOut(page.rows, many=True).data, page.next)

    @extend_schema(operation_id="cases_open", request=CaseIn, responses={201: CaseShownOut})
    def post(self, request: Request) -> Response:
        """Open a case in a unit that the officer belongs to; the officer is in charge of it."""
        facts = CaseFacts(**read_body(CaseIn, request))
        return self.answer_case(self.made(lambda: open_case(self.officer, facts, now=self.now)), CREATED)


class SearchCasesView(CaseworkView):
    @extend_schema(operation_id="cases_search", request=SearchCasesIn, responses={200: CasesFoundOut})
    def post(self, request: Request) -> Response:
        """Find cases by their exact number, else by words of their texts and notes; one event of the audit."""
        text = read_body(SearchCasesIn, request)["text"]

        def search() -> CasesFound:
            return search_cases(self.officer, text, now=self.now)

        return Response(CasesFoundOut(repeatable(request, self.actor, search, now=self.now)).data)


class CaseView(CaseworkView):
    capability: ClassVar[Any] = {"GET": Capability.CASE_READ, "PUT": Capability.CASE_MANAGE}

    @extend_schema(operation_id="cases_read", responses={200: CaseShownOut})
    def get(self, request: Request, case_id: uuid.UUID) -> Response:
        """Read a case with its alerts, tasks, notes, and who did what, as far as the officer may see it."""
        return self.answer_case(case_id)

    @extend_schema(operation_id="cases_change", request=CaseIn, responses={200: CaseShownOut})
    def put(self, request: Request, case_id: uuid.UUID) -> Response:
        """Change the facts of an open case."""
        facts, case = CaseFacts(**read_body(CaseIn, request)), find_case(self.officer, case_id)
        self.act(lambda: change_case(self.officer, case, facts, now=self.now))
        return self.answer_case(case_id)


class CloseView(CaseworkView):
    capability: ClassVar[Any] = Capability.CASE_MANAGE

    @extend_schema(operation_id="cases_close", request=CloseIn, responses={200: CaseShownOut})
    def post(self, request: Request, case_id: uuid.UUID) -> Response:
        """Close a case for a reason."""
        body, case = read_body(CloseIn, request), find_case(self.officer, case_id)
        self.act(lambda: close_case(self.officer, case, **body, now=self.now))
        return self.answer_case(case_id)


class ReopenView(CaseworkView):
    capability: ClassVar[Any] = Capability.CASE_MANAGE

    @extend_schema(operation_id="cases_reopen", request=None, responses={200: CaseShownOut})
    def post(self, request: Request, case_id: uuid.UUID) -> Response:
        """Open a closed case again."""
        case = find_case(self.officer, case_id)
        self.act(lambda: reopen_case(self.officer, case, now=self.now))
        return self.answer_case(case_id)


class ReviewView(CaseworkView):
    capability: ClassVar[Any] = Capability.CASE_MANAGE

    @extend_schema(operation_id="cases_review", request=ReviewIn, responses={200: CaseShownOut})
    def post(self, request: Request, case_id: uuid.UUID) -> Response:
        """Keep the notes of a case until a later review, or delete those of a closed one."""
        body, case = read_body(ReviewIn, request), find_case(self.officer, case_id)
        self.act(lambda: review_case(self.officer, case, **body, now=self.now))
        return self.answer_case(case_id)


class ItemsView(CaseworkView):
    @extend_schema(operation_id="cases_add", request=ItemIn, responses={200: CaseShownOut})
    def post(self, request: Request, case_id: uuid.UUID) -> Response:
        """Put an alert into an open case; it opens the alert to nobody."""
        body, case = read_body(ItemIn, request), find_case(self.officer, case_id)
        self.act(
            lambda: add_item(
                self.officer, case, self.named("subject", find_subject, body["subject"]), now=self.now
            )
        )
        return self.answer_case(case_id)


class ItemView(CaseworkView):
    @extend_schema(operation_id="cases_remove", responses={200: CaseShownOut})
    def delete(self, request: Request, case_id: uuid.UUID, item_id: uuid.UUID) -> Response:
        """Take an alert out of an open case."""
        case = find_case(self.officer, case_id)
        self.act(lambda: remove_item(self.officer, case, item_id, now=self.now))
        return self.answer_case(case_id)


class CaseNotesView(CaseworkView):
    @extend_schema(operation_id="cases_note", request=NoteIn, responses={200: CaseShownOut})
    def post(self, request: Request, case_id: uuid.UUID) -> Response:
        """Write a note on an open case, or correct one."""
        body, case = read_body(NoteIn, request), find_case(self.officer, case_id)
        self.act(lambda: write_note(self.officer, case, **body, now=self.now))
        return self.answer_case(case_id)


class AlertNotesView(CaseworkView):
    @extend_schema(operation_id="alert_notes", responses={200: NotesOut})
    def get(self, request: Request, subject_id: uuid.UUID) -> Response:
        """List the notes of the agency on an alert, received or sent."""
        return self.shown(subject_id)

    @extend_schema(operation_id="alert_note", request=NoteIn, responses={200: NotesOut})
    def post(self, request: Request, subject_id: uuid.UUID) -> Response:
        """Write a note on an alert, or correct one; it is read by those who may read the alert."""
        body, subject = read_body(NoteIn, request), find_subject(self.officer, subject_id)
        self.act(lambda: write_note(self.officer, subject, **body, now=self.now))
        return self.shown(subject_id)

    def shown(self, subject_id: uuid.UUID) -> Response:
        notes = notes_on(self.officer, find_subject(self.officer, subject_id))
        return self.answer({"items": NoteOut(notes, many=True).data})


class TasksView(CaseworkView):
    @extend_schema(operation_id="tasks_list", parameters=[TasksQuery], responses={200: TasksOut})
    def get(self, request: Request) -> Response:
        """List what waits, overdue first: the officer's own, that of the officer's units, or all."""
        query = read_query(TasksQuery, request)
        return self.answer(TasksOut(list_tasks(self.officer, whose=query["whose"], now=self.now)).data)

    @extend_schema(operation_id="tasks_create", request=TaskIn, responses={201: TaskOut})
    def post(self, request: Request) -> Response:
        """Make a task."""
        body = read_body(TaskIn, request)
        return self.answer_task(self.made(lambda: self._create(body)), CREATED)

    def _create(self, body: dict[str, Any]) -> Task:
        return create_task(
            self.officer,
            kind=body["kind"],
            text=body["text"],
            case=self.named("case", find_case, body["case"]) if body["case"] else None,
            subject=self.named("subject", find_subject, body["subject"]) if body["subject"] else None,
            to=Assignment(body["officer"], body["unit"]),
            due_at=body["due_at"],
            now=self.now,
        )


class TaskView(CaseworkView):
    @extend_schema(operation_id="tasks_read", responses={200: TaskOut})
    def get(self, request: Request, task_id: uuid.UUID) -> Response:
        """Read a task."""
        return self.answer_task(task_id)


class AssignView(CaseworkView):
    @extend_schema(operation_id="tasks_assign", request=AssignIn, responses={200: TaskOut})
    def post(self, request: Request, task_id: uuid.UUID) -> Response:
        """Give a task to an officer or a unit, or open it again."""
        body, task = read_body(AssignIn, request), find_task(self.officer, task_id)
        self.act(lambda: assign_task(self.officer, task, _to(body), seen=body["seen"], now=self.now))
        return self.answer_task(task_id)


class AssignAnswerView(CaseworkView):
    @extend_schema(operation_id="received_assign", request=AssignIn, responses={201: TaskOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Give a question that waits for an answer to an officer or a unit."""
        body, received = read_body(AssignIn, request), find_received(self.officer, received_id)
        return self.answer_task(
            self.made(
                lambda: assign_answer(self.officer, received, _to(body), seen=body["seen"], now=self.now)
            ),
            CREATED,
        )


class EndView(CaseworkView):
    @extend_schema(operation_id="tasks_end", request=EndIn, responses={200: TaskOut})
    def post(self, request: Request, task_id: uuid.UUID) -> Response:
        """End a task as done or dropped, and say what came of it; a question ends with its answer alone."""
        body, task = read_body(EndIn, request), find_task(self.officer, task_id)
        self.act(lambda: end_task(self.officer, task, **body, now=self.now))
        return self.answer_task(task_id)


class UnitsView(CaseworkView):
    capability: ClassVar[Any] = {"GET": Capability.CASE_READ, "POST": Capability.OFFICER_MANAGE}

    @extend_schema(operation_id="units_list", responses={200: UnitsOut})
    def get(self, request: Request) -> Response:
        """List the units of the agency; `people` counts active members."""
        return self.answer_units()

    @extend_schema(operation_id="units_make", request=UnitIn, responses={201: UnitsOut})
    def post(self, request: Request) -> Response:
        """Make a unit."""
        body = read_body(UnitIn, request)
        self.act(lambda: save_unit(self.officer, None, **body, now=self.now), code=CREATED)
        return self.answer_units(CREATED)


class UnitView(CaseworkView):
    capability: ClassVar[Any] = Capability.OFFICER_MANAGE

    @extend_schema(operation_id="units_change", request=UnitIn, responses={200: UnitsOut})
    def put(self, request: Request, unit_id: uuid.UUID) -> Response:
        """Change name, lead and members of a unit."""
        body, unit = read_body(UnitIn, request), find_unit(self.officer, unit_id)
        self.act(lambda: save_unit(self.officer, unit, **body, now=self.now))
        return self.answer_units()


class HandOverView(CaseworkView):
    capability: ClassVar[Any] = Capability.CASE_MANAGE

    @extend_schema(operation_id="officers_work", responses={200: WorkOut})
    def get(self, request: Request, public_id: str) -> Response:
        """Count what an officer has: for an agency admin, or the lead of a unit of the officer."""
        return self.shown(public_id)

    @extend_schema(operation_id="officers_hand_over", request=HandOverIn, responses={200: WorkOut})
    def post(self, request: Request, public_id: str) -> Response:
        """Hand over all of it in one act; answers what the officer has left."""
        body = read_body(HandOverIn, request)
        self.act(lambda: hand_over(self.officer, public_id, to=body["to"], now=self.now))
        return self.shown(public_id)

    def shown(self, public_id: str) -> Response:
        _person, work = work_of(self.officer, public_id, now=self.now)
        return self.answer(WorkOut(work).data)


def _to(body: dict[str, Any]) -> Assignment:
    return Assignment(body["officer"], body["unit"])


_C: Final = "cases/<uuid:case_id>"
urlpatterns = [
    path("cases", CasesView.as_view(), name="cases-list"),
    path("cases/search", SearchCasesView.as_view(), name="cases-search"),
    path(_C, CaseView.as_view(), name="cases-one"),
    path(f"{_C}/close", CloseView.as_view(), name="cases-close"),
    path(f"{_C}/reopen", ReopenView.as_view(), name="cases-reopen"),
    path(f"{_C}/review", ReviewView.as_view(), name="cases-review"),
    path(f"{_C}/items", ItemsView.as_view(), name="cases-items"),
    path(f"{_C}/items/<uuid:item_id>", ItemView.as_view(), name="cases-item"),
    path(f"{_C}/notes", CaseNotesView.as_view(), name="cases-notes"),
    path("about/<uuid:subject_id>/notes", AlertNotesView.as_view(), name="about-notes"),
    path("tasks", TasksView.as_view(), name="tasks-list"),
    path("tasks/<uuid:task_id>", TaskView.as_view(), name="tasks-one"),
    path("tasks/<uuid:task_id>/assign", AssignView.as_view(), name="tasks-assign"),
    path("tasks/<uuid:task_id>/end", EndView.as_view(), name="tasks-end"),
    path("alerts/received/<uuid:received_id>/assign", AssignAnswerView.as_view(), name="received-assign"),
    path("units", UnitsView.as_view(), name="units-list"),
    path("units/<uuid:unit_id>", UnitView.as_view(), name="units-one"),
    path("officers/<str:public_id>/hand-over", HandOverView.as_view(), name="officers-hand-over"),
]
