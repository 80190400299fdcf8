# SPDX-License-Identifier: Apache-2.0
"""Starting a draft: from a kind, a template of the agency, a copy of an alert."""

import uuid
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import find_alert, find_received
from alerts.document import choices
from alerts.document.fields import OFFERED
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
from callers import clock
from callers.errors import InputError
from desk.alerts.compose.page import LAST_STEP, check_page
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
    """Ask for the kind on GET; start the draft with that kind's defaults on POST."""
    chosen = request.POST.get("alert_type", "")
    if chosen in OFFERED:
        alert = create_draft(signed_in(request), alert_type=chosen, now=clock.now())
        return redirect("admin:draft", alert.pk, 1)
    return new_page(request)


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
    return redirect("admin:draft", alert.pk, LAST_STEP)


def template_start(request: HttpRequest, template_id: uuid.UUID) -> HttpResponseBase:
    officer = signed_in(request)
    alert = start_from_template(officer, find_template(officer, template_id), now=clock.now())
    return redirect("admin:draft", alert.pk, 1)


def template_delete(request: HttpRequest, template_id: uuid.UUID) -> HttpResponseBase:
    officer = signed_in(request)
    delete_template(officer, find_template(officer, template_id), now=clock.now())
    messages.success(request, _("1 template deleted. Drafts made from it stay."))
    return redirect("admin:draft_new")


def sent_copy(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Start a draft with the content of an own alert."""
    officer = signed_in(request)
    copy = copy_alert(officer, find_alert(officer, alert_id), now=clock.now())
    return _copied(request, copy.pk)


def received_copy(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    """Start a draft with the content of a received alert, under the reason given for reading; without one the page asks first."""
    officer, now = signed_in(request), clock.now()
    received = find_received(officer, alert_id)
    reading = reading_of(request, received.pk, now=now)
    if reading is None:
        return redirect("admin:received", received.pk)
    copy = copy_received(officer, received, reason=reading.reason, reference=reading.reference, now=now)
    return _copied(request, copy.pk)


def _copied(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponseBase:
    messages.success(request, _("A new draft. Days are set anew; files were not copied."))
    return redirect("admin:draft", alert_id, 1)
