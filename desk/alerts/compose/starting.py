# SPDX-License-Identifier: Apache-2.0
"""Starting a draft: from a kind, a template of the agency, a copy of an alert."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import find_alert, find_received
from alerts.document import choices
from alerts.document.fields import EMPTY, OFFERED, Step
from alerts.document.values import read_values
from alerts.drafting.drafts import create_draft
from alerts.drafting.templates import (
    copy_alert,
    copy_received,
    create_template,
    delete_template,
    find_template,
    list_templates,
    start_from_template,
)
from alerts.models import Alert
from alerts.review.preview import fields_of_draft
from callers import clock
from callers.errors import InputError
from desk.alerts.compose.page import LAST_STEP, check_page, step_address, unsaved_page
from desk.alerts.compose.steps import (
    chosen_step,
    next_address,
    read_typed_fields,
    saved_answer,
    wants_json,
)
from desk.alerts.received.reading import reading_of
from desk.web.frame import render_page, signed_in

KIND_NOTES: Final = {
    "new_substance": gettext_lazy("Something seen for the first time, even when no harm is known yet."),
    "harm_cluster": gettext_lazy("Several people harmed, with or without a known substance."),
    "seizure": gettext_lazy("Something seized: how much, in which form, on which route."),
    "suspicious_order": gettext_lazy(
        "A customer, order or shipment that does not fit, and what you checked."
    ),
    "request_for_information": gettext_lazy("One question to other agencies, with a time to answer by."),
    "legal_status_change": gettext_lazy(
        "A substance or a class that the law of a country treats in a new way."
    ),
}


def new_draft(request: HttpRequest) -> HttpResponseBase:
    """Ask for the kind; show its first page, of which nothing is saved before something is written; save it on POST."""
    asked = request.POST if request.method == "POST" else request.GET
    kind, status = asked.get("alert_type", ""), asked.get("status", "")
    status = status if status in dict(choices.STATUSES) else "actual"
    if kind not in OFFERED:
        return new_page(request)
    if request.method == "POST":
        return _first_save(request, kind, status)
    return unsaved_page(request, kind, status=status)


def _first_save(request: HttpRequest, kind: str, status: str) -> HttpResponseBase:
    """Create the draft with what was written; with nothing written say what is missing, and create nothing."""
    officer, now = signed_in(request), clock.now()
    frame = {"alert_type": kind, "status": status}
    typed = read_typed_fields(request)
    try:
        written = read_values(typed)
        if not _says_more(written, fields_of_draft(officer, frame, now=now)):
            if chosen_step(request) is Step.KIND:
                return redirect("admin:draft_new")
            if wants_json(request):
                return JsonResponse({"revision": 0, "text": _("Nothing saved yet.")})
            return unsaved_page(request, kind, status=status, typed=typed)
        alert = create_draft(officer, data=written | frame, now=now)
    except InputError as refused:
        if wants_json(request):
            return JsonResponse({"text": refused.problem}, status=422)
        problems = {refused.field: (refused.problem,)}
        return unsaved_page(request, kind, status=status, typed=typed, refused=problems)
    if wants_json(request):
        return saved_answer(alert.revisions.get(), address=step_address(alert, Step.KNOWN))
    return next_address(request, alert, Step.KNOWN)


def _says_more(written: Mapping[str, Any], start: Mapping[str, Any]) -> bool:
    return any(value not in EMPTY and value != start.get(name) for name, value in written.items())


def new_page(request: HttpRequest) -> HttpResponse:
    """Show the kinds, and the templates of the agency."""
    kinds = [
        {"value": code, "text": text, "note": KIND_NOTES.get(code, "")}
        for code, text in choices.ALERT_TYPES
        if code in OFFERED
    ]
    templates = list_templates(signed_in(request))
    return render_page(request, "draft_new", _("New alert"), kinds=kinds, templates=templates)


def template_create(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Keep a draft as a template; an invalid name is asked for again."""
    officer = signed_in(request)
    alert = find_alert(officer, alert_id)
    name = request.POST.get("name", "")
    try:
        create_template(officer, alert, name=name, now=clock.now())
    except InputError as refused:
        return check_page(request, alert, template_name=name[:200], template_problem=refused.problem)
    messages.success(request, _("Kept as a template. It stands on the page of new alerts."))
    return redirect(step_address(alert, LAST_STEP))


def template_start(request: HttpRequest, template_id: uuid.UUID) -> HttpResponseBase:
    officer = signed_in(request)
    alert = start_from_template(officer, find_template(officer, template_id), now=clock.now())
    return redirect(step_address(alert, Step.KNOWN))


def template_delete(request: HttpRequest, template_id: uuid.UUID) -> HttpResponseBase:
    officer = signed_in(request)
    delete_template(officer, find_template(officer, template_id), now=clock.now())
    messages.success(request, _("1 template deleted. Drafts made from it stay."))
    return redirect("admin:draft_new")


def sent_copy(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Start a draft with the content of an own alert."""
    officer = signed_in(request)
    copy = copy_alert(officer, find_alert(officer, alert_id), now=clock.now())
    return _copied(request, copy)


def received_copy(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Start a draft with the content of a received alert, under the reason given for reading; without one the page asks first."""
    officer, now = signed_in(request), clock.now()
    received = find_received(officer, alert_id)
    reading = reading_of(request, received.pk, now=now)
    if reading is None:
        return redirect("admin:received", received.pk)
    copy = copy_received(officer, received, reason=reading.reason, reference=reading.reference, now=now)
    return _copied(request, copy)


def _copied(request: HttpRequest, alert: Alert) -> HttpResponseBase:
    messages.success(request, _("A new draft. Days are set anew; files were not copied."))
    return redirect(step_address(alert, Step.KNOWN))
