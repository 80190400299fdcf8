# SPDX-License-Identifier: Apache-2.0
"""Cases as pages: the list with its search, one case, and the acts on it."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from alerts.access import today_of
from callers import clock
from callers.capabilities import Capability
from callers.errors import InputError
from casework.access import find_case
from casework.cases import (
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
from casework.models import Case, CaseState
from casework.notes import notes_on, write_note
from casework.search import search_cases
from casework.tasks import assignable, tasks_of
from casework.timeline import timeline_of
from casework.units import own_units
from desk.agency.audit.words import ACTS
from desk.casework.forms import (
    CaseForm,
    NoteForm,
    ReasonForm,
    ReviewForm,
    SearchForm,
    case_choices,
    review_choices,
)
from desk.web.confirm import Question, ask, refuse
from desk.web.filters import Filter, read_filters
from desk.web.frame import render_page, signed_in
from officers.models import Officer

REVIEWED_AFTER = timedelta(days=180)
"""Time after which a new case is proposed for its first review."""


def cases(request: HttpRequest) -> HttpResponse:
    """List the cases that the officer may see; the posted search shows what it found in their place."""
    officer, now = signed_in(request), clock.now()
    has_unit = own_units(officer).exists()
    whose = (("mine", pgettext("casework", "Mine")), ("review", _("Review is due")))
    offered = (Filter("whose", _("Which"), whose), Filter("state", _("State"), CaseState.choices))
    filters = read_filters(request.GET, offered)
    text, problem, found = "", "", None
    if request.method == "POST":
        form = SearchForm(request.POST)
        text = form.cleaned_data["q"] if form.is_valid() else ""
        try:
            found = search_cases(officer, text, now=now)
        except InputError as refused:
            problem = refused.problem
    page = list_cases(
        officer,
        whose=filters.values["whose"] or "unit",
        state=filters.values["state"],
        cursor=request.GET.get("cursor", ""),
        now=now,
    )
    return render_page(
        request,
        "casework/cases",
        pgettext("casework", "Cases"),
        status=422 if problem else 200,
        heading=pgettext("casework", "Cases"),
        lead=_("Cases of your units. Counts are of what you may see."),
        empty=_("No case yet.") if has_unit else _needs_unit(officer),
        may_make_unit=not has_unit and Capability.OFFICER_MANAGE in officer.capabilities,
        rows=found.rows if found else page.rows,
        narrowed=found is not None,
        text=text,
        problem=problem,
        filters=filters,
        next_address="" if found or not page.next else filters.next_address(page.next),
        previous_address="" if found or not page.previous else filters.next_address(page.previous),
        first_address=filters.next_address(""),
        paged="cursor" in request.GET,
        may_open=has_unit and _may_manage(officer),
        today=today_of(officer, now),
        shows_keys=True,
    )


def may_open_case(officer: Officer) -> bool:
    return _may_manage(officer) and own_units(officer).exists()


def no_case_text(officer: Officer) -> str:
    """Return what an officer who sees no open case can do."""
    if may_open_case(officer):
        return _("You see no open case yet: open one first, then put the alert in from its page.")
    if _may_manage(officer):
        return _needs_unit(officer)
    return _("You see no open case yet, and your role opens none: ask the lead of a unit.")


def _needs_unit(officer: Officer) -> str:
    if Capability.OFFICER_MANAGE in officer.capabilities:
        return _("You belong to no unit yet: make one, or put yourself into one.")
    return _("You belong to no unit yet: an agency admin puts officers into units.")


def _may_manage(officer: Officer) -> bool:
    return Capability.CASE_MANAGE in officer.capabilities


def case(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Show a case with its alerts, tasks, notes, and who did what."""
    officer, now = signed_in(request), clock.now()
    found = find_case(officer, case_id)
    (row,) = open_cases(officer, [found])
    people = {one.audit_name: one for one in Officer.objects.visible_to(officer)}
    timeline = [(act, people.get(act.who), ACTS.get(act.act, act.act)) for act in timeline_of(officer, found)]
    return render_page(
        request,
        "casework/case",
        _("Case"),
        row=row,
        case=found,
        is_open=found.state == CaseState.OPEN,
        is_due=found.review_on <= today_of(officer, now),
        items=items_of(officer, found, now=now),
        tasks=tasks_of(officer, found, now=now),
        notes=notes_on(officer, found),
        named=[one for one in people.values() if one.pk in set(found.named.values_list("pk", flat=True))]
        if found.access == "named"
        else [],
        timeline=timeline,
        may_manage=_may_manage(officer),
    )


def new_case(request: HttpRequest) -> HttpResponseBase:
    """Open a case."""
    officer, now = signed_in(request), clock.now()
    initial = {"access": "unit", "review_on": today_of(officer, now) + REVIEWED_AFTER}
    choices = case_choices(officer, assignable(officer))
    form = CaseForm(request.POST or None, initial=initial, choices=choices)
    question = Question(
        title=_("Open a case"),
        heading=_("Open a case"),
        button=_("Open the case") if choices["unit"] else "",
        back=reverse("admin:cases"),
        does=[] if choices["unit"] else [_needs_unit(officer)],
    )
    return _stored(request, form, question, lambda: open_case(officer, form.facts(), now=now))


def change(request: HttpRequest, case_id: uuid.UUID) -> HttpResponseBase:
    """Change number, title, summary, unit, access or review of a case."""
    officer, now = signed_in(request), clock.now()
    found = find_case(officer, case_id)
    (row,) = open_cases(officer, [found])
    initial = {
        "number": row.card.number,
        "title": row.card.title,
        "summary": row.card.summary,
        "unit": str(found.unit_id),
        "access": found.access,
        "named": list(found.named.values_list("public_id", flat=True)),
        "review_on": found.review_on,
    }
    choices = case_choices(officer, assignable(officer), found)
    form = CaseForm(request.POST or None, initial=initial, choices=choices)
    question = _about(officer, found, _("Change a case"), _("Change this case"), _("Change the case"))
    return _stored(request, form, question, lambda: change_case(officer, found, form.facts(), now=now))


def close(request: HttpRequest, case_id: uuid.UUID) -> HttpResponseBase:
    """Close a case for a reason."""
    officer, now = signed_in(request), clock.now()
    found, form = find_case(officer, case_id), ReasonForm(request.POST or None)
    question = _about(officer, found, _("Close a case"), _("Why is this case closed?"), _("Close the case"))
    return _stored(
        request,
        form,
        question,
        lambda: close_case(officer, found, reason=form.cleaned_data["reason"], now=now),
    )


def reopen(request: HttpRequest, case_id: uuid.UUID) -> HttpResponseBase:
    """Open a closed case again."""
    found = find_case(signed_in(request), case_id)
    reopen_case(signed_in(request), found, now=clock.now())
    return redirect("admin:case", found.pk)


def review(request: HttpRequest, case_id: uuid.UUID) -> HttpResponseBase:
    """Keep the notes of a case until its next review, or delete those of a closed one."""
    officer, now = signed_in(request), clock.now()
    found = find_case(officer, case_id)
    initial = {"notes": "keep", "next_on": today_of(officer, now) + REVIEWED_AFTER}
    form = ReviewForm(request.POST or None, initial=initial, choices=review_choices(found))
    question = _about(
        officer,
        found,
        _("Review a case"),
        _("Are the notes of this case still needed?"),
        _("Review the case"),
        does=[_("Its alerts keep their own time. Notes can be deleted once the case is closed.")],
    )
    deletes = request.POST.get("notes") == "delete"
    return _stored(
        request,
        form,
        question,
        lambda: review_case(officer, found, next_on=form.kept_until(), now=now),
        done=_("The notes are deleted.") if deletes else _("The notes are kept."),
    )


def note(request: HttpRequest, case_id: uuid.UUID) -> HttpResponseBase:
    """Write a note on a case, or correct one (`?corrects=`)."""
    officer, now = signed_in(request), clock.now()
    found, form, corrected = find_case(officer, case_id), NoteForm(request.POST or None), corrects(request)
    question = _about(officer, found, _("Note"), _("Write a note"), _("Write it down"), does=note_means())
    return _stored(
        request,
        form,
        question,
        lambda: write_note(officer, found, text=form.cleaned_data["text"], supersedes=corrected, now=now),
    )


def note_means() -> list[str]:
    return [
        _("A note stays as it is written: a correction is a new note. It is never sent to anybody."),
        _(
            "What you quote stays under the marking and the handling codes of its alert: name no more than the reader may see."
        ),
    ]


def corrects(request: HttpRequest) -> uuid.UUID | None:
    """Return the note that the address says is corrected; raises `InputError` for what is no id."""
    given = request.GET.get("corrects", "")
    try:
        return uuid.UUID(given) if given else None
    except ValueError:
        raise InputError("supersedes", _("This note was corrected already. Load the page again.")) from None


def remove(request: HttpRequest, case_id: uuid.UUID, item_id: uuid.UUID) -> HttpResponseBase:
    """Take an alert out of a case."""
    found = find_case(signed_in(request), case_id)
    remove_item(signed_in(request), found, item_id, now=clock.now())
    messages.success(request, _("Taken out of the case."))
    return redirect("admin:case", found.pk)


def _about(officer: Officer, found: Case, title: str, heading: str, button: str, **more: Any) -> Question:
    (row,) = open_cases(officer, [found])
    facts = [(_("Case"), " · ".join(filter(None, (row.card.number, row.card.title))))]
    return Question(title, heading, button, reverse("admin:case", args=[found.pk]), facts=facts, **more)


def _stored(
    request: HttpRequest,
    form: forms.Form,
    question: Question,
    do: Callable[[], Any],
    *,
    done: str = "",
) -> HttpResponseBase:
    """Show the question, or do the act, say so and return to the case."""
    if request.method == "POST" and form.is_valid():
        try:
            stored = do()
        except InputError as refused:
            refuse(form, refused)
        else:
            if done:
                messages.success(request, done)
            return redirect(
                reverse("admin:case", args=[stored.pk]) if isinstance(stored, Case) else question.back
            )
    return ask(request, question, form)
