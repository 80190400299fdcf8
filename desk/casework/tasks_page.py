# SPDX-License-Identifier: Apache-2.0
"""Tasks as pages: the list, one task, and giving a question to a colleague."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from alerts.access import find_received
from alerts.errors import StaleTagError
from callers import clock
from callers.errors import InputError
from casework.access import Subject, find_case, find_subject, find_task
from casework.cases import CaseRow, add_item, cards_of, open_cases, own_cases
from casework.models import Case, Task
from casework.notes import write_note
from casework.tasks import (
    ALL,
    MINE,
    UNIT,
    assign_answer,
    assign_task,
    assignable,
    create_task,
    end_task,
    left_behind,
    list_tasks,
    open_tasks,
    task_of_answer,
)
from desk.casework.cases_page import corrects, may_open_case, no_case_text, note_means
from desk.casework.forms import (
    AddForm,
    AssignForm,
    EndForm,
    NoteForm,
    TaskForm,
    assign_choices,
    own_case_choices,
)
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import render_page, signed_in
from officers.models import Officer

HEADING_AT_MOST: Final = 120


def tasks(request: HttpRequest) -> HttpResponse:
    """List what waits for the officer, the officer's units, or anybody of the agency."""
    officer, now = signed_in(request), clock.now()
    lists = ((MINE, _("Mine")), (UNIT, _("My units")), (ALL, _("All")))
    whose = request.GET.get("whose", MINE)
    whose = whose if whose in dict(lists) else MINE
    return render_page(
        request,
        "casework/tasks",
        _("Tasks"),
        lists=lists,
        whose=whose,
        tasks=list_tasks(officer, whose=whose, now=now),
        left=left_behind(officer, now=now),
        shows_keys=True,
    )


def task(request: HttpRequest, task_id: uuid.UUID) -> HttpResponseBase:
    """Show a task; POST gives it to somebody else."""
    officer, now = signed_in(request), clock.now()
    found = find_task(officer, task_id)
    (row,) = open_tasks(officer, [found], now=now)
    people = assignable(officer, row.subject, answers=row.is_question)
    form = _assign_form(request, people, found)
    question = Question(
        title=_("Task"),
        heading=Truncator(row.text or str(row.kind.label)).chars(HEADING_AT_MOST),
        button=_("Assign"),
        back=reverse("admin:tasks"),
        extra={
            "row": row,
            "case_row": _case_of(officer, found),
            "ended": row.state in ("done", "dropped"),
            "is_own": found.assignee == officer,
        },
    )
    return _asked(
        request,
        form,
        question,
        lambda: assign_task(officer, found, form.to(), seen=form.cleaned_data["seen"], now=now),
        done=_assigned(request),
        template="casework/task",
    )


def _case_of(officer: Officer, found: Task) -> CaseRow | None:
    held = Case.objects.visible_to(officer).filter(pk=found.case_id) if found.case_id else ()
    return next(iter(open_cases(officer, list(held))), None)


def end(request: HttpRequest, task_id: uuid.UUID) -> HttpResponseBase:
    """End a task, and say what came of it."""
    officer, now = signed_in(request), clock.now()
    found, form = find_task(officer, task_id), EndForm(request.POST or None)
    (row,) = open_tasks(officer, [found], now=now)
    back = reverse("admin:case", args=[found.case_id]) if found.case_id else reverse("admin:tasks")
    facts = [(row.kind.label, row.text or "")]
    question = Question(_("Task"), _("What came of this task?"), _("End the task"), back, facts=facts)
    return _asked(
        request,
        form,
        question,
        lambda: end_task(officer, found, **form.cleaned_data, now=now),
        done=_("The task has ended."),
    )


def assign(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Give a question that waits for an answer to a colleague or a unit."""
    officer, now = signed_in(request), clock.now()
    received = find_received(officer, alert_id)
    people = assignable(officer, received, answers=True)
    form = _assign_form(request, people, task_of_answer(officer, received))
    question = Question(
        title=_("Assign"),
        heading=_("Who answers this question?"),
        button=_("Assign"),
        back=reverse("admin:received", args=[received.pk]),
        does=[_("The task ends by itself when your agency has sent its answer.")],
        facts=_named(officer, received, now),
    )
    return _asked(
        request,
        form,
        question,
        lambda: assign_answer(officer, received, form.to(), seen=form.cleaned_data["seen"], now=now),
        done=_assigned(request),
    )


def _assigned(request: HttpRequest) -> str:
    to_somebody = request.POST.get("officer") or request.POST.get("unit")
    return _("Assigned.") if to_somebody else _("Nobody has it now.")


def _assign_form(request: HttpRequest, people: list[Officer], found: Task | None) -> AssignForm:
    holder = found.assignee if found else None
    name = holder.public_id if isinstance(holder, Officer) else ""
    initial = {"officer": name, "unit": str(found.unit_id or "") if found else "", "seen": name}
    choices = assign_choices(signed_in(request), people)
    return AssignForm(request.POST or None, initial=initial, choices=choices)


def case_task(request: HttpRequest, case_id: uuid.UUID) -> HttpResponseBase:
    """Make a task in a case."""
    found = find_case(signed_in(request), case_id)
    return _new_task(request, back=reverse("admin:case", args=[found.pk]), case=found)


def about_task(request: HttpRequest, subject_id: uuid.UUID) -> HttpResponseBase:
    """Make a task about an alert."""
    subject = find_subject(signed_in(request), subject_id)
    return _new_task(request, back=address_of(subject), subject=subject)


def _new_task(
    request: HttpRequest, *, back: str, case: Case | None = None, subject: Subject | None = None
) -> HttpResponseBase:
    officer, now = signed_in(request), clock.now()
    choices = assign_choices(officer, assignable(officer, subject))
    form = TaskForm(request.POST or None, choices=choices)
    facts = _named(officer, subject, now) if subject else ()
    question = Question(_("Make a task"), _("Make a task"), _("Make the task"), back, facts=facts)

    def do() -> None:
        given = form.cleaned_data
        create_task(
            officer,
            kind=given["kind"],
            text=given["text"],
            case=case,
            subject=subject,
            to=form.to(),
            due_at=form.due_at(officer),
            now=now,
        )

    return _asked(request, form, question, do, done=_("The task is made."))


def about_note(request: HttpRequest, subject_id: uuid.UUID) -> HttpResponseBase:
    """Write a note on an alert, or correct one (`?corrects=`)."""
    officer, now = signed_in(request), clock.now()
    subject, corrected = find_subject(officer, subject_id), corrects(request)
    form = NoteForm(request.POST or None)
    does = [*note_means(), _("Whoever may read the alert in your agency reads it too.")]
    question = Question(
        _("Note"),
        _("Write a note"),
        _("Write it down"),
        address_of(subject),
        does=does,
        facts=_named(officer, subject, now),
    )
    return _asked(
        request,
        form,
        question,
        lambda: write_note(officer, subject, text=form.cleaned_data["text"], supersedes=corrected, now=now),
        done=_("Written down."),
    )


def about_case(request: HttpRequest, subject_id: uuid.UUID) -> HttpResponseBase:
    """Put an alert into a case."""
    officer, now = signed_in(request), clock.now()
    subject, rows = find_subject(officer, subject_id), own_cases(officer)
    form = AddForm(request.POST or None, choices=own_case_choices(rows))
    does = [_("It opens the alert to nobody: who may not see it does not see it in the case.")]
    if not rows:
        does = [no_case_text(officer)]
    question = Question(
        _("Put into a case"),
        _("Into which case?"),
        _("Put it in") if rows else "",
        address_of(subject),
        does=does,
        facts=_named(officer, subject, now),
        first=(_("Open a case"), reverse("admin:case_new")) if may_open_case(officer) else None,
    )
    return _asked(
        request,
        form,
        question,
        lambda: add_item(officer, find_case(officer, uuid.UUID(form.cleaned_data["case"])), subject, now=now),
        done=_("Put into the case."),
    )


def _named(officer: Officer, subject: Subject, now: dt.datetime) -> list[tuple[str, str]]:
    """Return which alert a page is about."""
    card = cards_of(officer, [subject], now=now).get(str(subject.pk))
    return [(_("Alert"), (card.title if card else "") or getattr(subject, "reference", ""))]


def address_of(subject: Subject) -> str:
    """Return the address of an alert's page."""
    name = "received" if hasattr(subject, "received_at") else "sent"
    return reverse(f"admin:{name}", args=[subject.pk])


def _asked(
    request: HttpRequest,
    form: forms.Form,
    question: Question,
    do: Callable[[], Any],
    *,
    done: str,
    template: str = "form_page",
) -> HttpResponseBase:
    """Show the question, or do the act, say so and go back."""
    if request.method == "POST" and form.is_valid():
        try:
            do()
        except InputError as refused:
            refuse(form, refused)
        except StaleTagError:
            form.add_error(None, _("Somebody else has assigned it since you looked. Load the page again."))
        else:
            messages.success(request, done)
            return redirect(question.back)
    return ask(request, question, form, template=template)
