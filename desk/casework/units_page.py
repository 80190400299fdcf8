# SPDX-License-Identifier: Apache-2.0
"""Units as pages, and the hand-over of an officer's work."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from callers import clock
from callers.capabilities import Capability
from callers.errors import InputError
from casework.access import find_unit
from casework.handing_over import hand_over as hand_over_work
from casework.handing_over import work_of
from casework.models import Unit
from casework.tasks import assignable
from casework.units import list_units, save_unit
from desk.casework.forms import HandOverForm, UnitForm, successor_choices, unit_choices
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import render_page, signed_in
from desk.web.tones import isolated


def units(request: HttpRequest) -> HttpResponse:
    """List the units of the agency."""
    officer = signed_in(request)
    may_manage = Capability.OFFICER_MANAGE in officer.capabilities
    return render_page(
        request, "casework/units", _("Units"), units=list_units(officer), may_manage=may_manage
    )


def new_unit(request: HttpRequest) -> HttpResponseBase:
    """Make a unit."""
    return _save(request, None, _("Make a unit"))


def unit(request: HttpRequest, unit_id: uuid.UUID) -> HttpResponseBase:
    """Change a unit: its name, its lead, its members."""
    return _save(request, find_unit(signed_in(request), unit_id), _("Change the unit"))


def _save(request: HttpRequest, found: Unit | None, heading: str) -> HttpResponseBase:
    officer = signed_in(request)
    initial = {}
    if found is not None:
        members = list(found.members.values_list("public_id", flat=True))
        initial = {"name": found.name, "lead": getattr(found.lead, "public_id", ""), "members": members}
    form = UnitForm(request.POST or None, initial=initial, choices=unit_choices(assignable(officer)))
    if request.method == "POST" and form.is_valid():
        try:
            save_unit(officer, found, **form.cleaned_data, now=clock.now())
        except InputError as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The unit is saved."))
            return redirect("admin:units")
    does = [_("Its members see the unit's cases and its tasks.")]
    return ask(request, Question(heading, heading, _("Save"), reverse("admin:units"), does=does), form)


def hand_over(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Hand over all work of an officer who leaves."""
    officer, now = signed_in(request), clock.now()
    person, work = work_of(officer, public_id, now=now)
    back = reverse("admin:officer", args=[person.public_id])
    form = HandOverForm(request.POST or None, choices=successor_choices(assignable(officer), person))
    if request.method == "POST" and form.is_valid():
        try:
            hand_over_work(officer, public_id, to=form.cleaned_data["to"], now=now)
        except InputError as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The work is handed over."))
            return redirect(back)
    question = Question(
        title=_("Hand over"),
        heading=_("Hand over the work of %(name)s") % {"name": isolated(person.display_name)},
        button=_("Hand over"),
        back=back,
        does=[
            _("Everything goes over at once. Drafts keep their author, who still may not release them."),
            _(
                "Alerts that wait for release stay where they are: another releaser releases them. A place on the "
                "duty list ends when the officer is disabled."
            ),
        ],
        facts=[
            (_("Tasks"), work.tasks),
            (_("Cases led"), work.cases),
            (_("Drafts"), work.drafts),
            (_("Units led"), work.units),
        ],
    )
    return ask(request, question, form)
