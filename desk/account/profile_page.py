# SPDX-License-Identifier: Apache-2.0
"""The own account: name, zone, language, which mail waits, and which mails were sent to it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _

from alerts.boxes.paging import PAGE_ROWS, cut_page, moment_before, moment_cursor
from callers import clock
from callers.capabilities import Capability
from callers.errors import InputError
from desk.agency.officers.forms import OwnMailForm, ProfileForm
from desk.agency.officers.page import roles_text
from desk.web.confirm import problems_of, refuse
from desk.web.filters import Filter, read_filters
from desk.web.frame import render_page, signed_in
from notices.models import Notification
from notices.states import Cause, NotificationState, Occasion
from officers.models import Officer
from officers.profiles import change_own_mail, change_profile
from officers.quiet_hours import may_be_quiet
from vault.red import takes_red


def profile(request: HttpRequest) -> HttpResponseBase:
    """Show and change name, unit, zone and language."""
    officer = signed_in(request)
    posted = request.POST if request.method == "POST" else None
    form = ProfileForm(posted, officer=officer, initial=_initial(officer))
    if form.is_valid():
        try:
            changed = change_profile(officer, **form.cleaned_data, now=clock.now())
        except InputError as refused:
            refuse(form, refused)
        else:
            # The notice is shown by the next page, in the language that was chosen now.
            with translation.override(changed.effective_language or translation.get_language()):
                messages.success(request, _("Your profile is changed."))
            return redirect("admin:profile")
    return _page(request, officer, form, _mail_form(officer))


def own_mail(request: HttpRequest) -> HttpResponseBase:
    """Set when routine mail waits or is not sent."""
    officer = signed_in(request)
    form = _mail_form(officer, request.POST)
    if form.is_valid():
        try:
            change_own_mail(officer, **form.cleaned_data, now=clock.now())
        except InputError as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("Your mail settings are changed."))
            return redirect("admin:profile")
    return _page(request, officer, ProfileForm(officer=officer, initial=_initial(officer)), form)


def own_notices(request: HttpRequest) -> HttpResponse:
    """List the mails to this officer, with those that were not sent and why."""
    officer = signed_in(request)
    filters = read_filters(request.GET, [Filter("state", _("State"), NotificationState.choices)])
    found = Notification.objects.visible_to(officer).filter(officer=officer)
    if state := filters.values["state"]:
        found = found.filter(state=state)
    found = found.filter(moment_before(request.GET.get("cursor", ""), "queued_at"))
    page, has_more = cut_page(list(found.order_by("-queued_at", "-pk")[: PAGE_ROWS + 1]))
    cursor = moment_cursor(page[-1].queued_at, page[-1].pk) if has_more else ""
    return render_page(
        request,
        "account/own_notices",
        _("My mails"),
        heading=_("My mails"),
        lead=_("What this desk sent to you, and what it did not send and why."),
        empty=_("No mail was sent to you yet."),
        rows=[_notice_row(notice) for notice in page],
        filters=filters,
        next_address=filters.next_address(cursor) if cursor else "",
        first_address=filters.next_address(""),
        paged="cursor" in request.GET,
    )


def _notice_row(notice: Notification) -> dict[str, Any]:
    known = notice.occasion in Occasion.values
    return {
        "notice": notice,
        "reference": notice.reference,
        "occasion": Occasion(notice.occasion).label if known else notice.occasion,
        "state_text": _("Could not be delivered")
        if notice.state == NotificationState.FAILED
        else notice.get_state_display(),
        "cause": Cause(notice.cause).label if notice.cause in Cause.values else "",
    }


def _initial(officer: Officer) -> dict[str, str]:
    return {name: getattr(officer, name) for name in ("full_name", "unit", "timezone", "language")}


def _mail_form(officer: Officer, posted: Any = None) -> OwnMailForm:
    initial = {
        "routine_mail": "yes" if officer.routine_mail else "no",
        "quiet_from": officer.quiet_from,
        "quiet_until": officer.quiet_until,
    }
    return OwnMailForm(posted, initial=initial)


def _page(request: HttpRequest, officer: Officer, form: forms.Form, mail: OwnMailForm) -> HttpResponse:
    problems = [*problems_of(form), *problems_of(mail)]
    return render_page(
        request,
        "account/profile",
        _("My account"),
        status=422 if problems else 200,
        form=form,
        mail_form=mail,
        problems=problems,
        roles_text=roles_text(officer.roles),
        mails=officer.agency_id is not None and Capability.NOTICE_READ in officer.capabilities,
        reads_alerts=Capability.ALERT_READ in officer.capabilities,
        is_quiet_possible=may_be_quiet(officer),
        red_name=f"{officer.agency_id} {officer.public_id}" if takes_red(officer.agency_id) else "",
    )
