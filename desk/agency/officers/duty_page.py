# SPDX-License-Identifier: Apache-2.0
"""The duty list: whom partners and reminders reach first, arranged by buttons that also work by keyboard."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from callers import clock
from callers.capabilities import ROLE_CAPABILITIES, Capability
from callers.errors import InputError
from desk.web.frame import render_page, signed_in
from officers.accounts import officer_for
from officers.duty import DutyMove, duty_list, move_on_duty_list
from officers.models import Officer


def duty(request: HttpRequest) -> HttpResponse:
    """Show the order of calling, and to admins who could be added."""
    officer = signed_in(request)
    may_manage = Capability.OFFICER_MANAGE in officer.capabilities
    listed = duty_list(officer)
    return render_page(
        request,
        "agency/duty",
        _("Duty list"),
        listed=listed,
        others=_others(officer, listed) if may_manage else [],
        may_manage=may_manage,
        moved=request.GET.get("moved", ""),
    )


def move(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Move an officer one step in the list; the button that was pressed has the focus afterwards."""
    officer = signed_in(request)
    person = officer_for(officer, public_id)
    wanted = request.POST.get("move", "")
    try:
        move_on_duty_list(officer, person, wanted, now=clock.now())
    except InputError as refused:
        messages.warning(request, refused.problem)
        return redirect("admin:duty")
    response = redirect("admin:duty")
    if wanted in (DutyMove.UP, DutyMove.DOWN):
        response["Location"] += f"?moved={person.public_id}-{wanted}"
    return response


def _others(officer: Officer, listed: list[Officer]) -> list[Officer]:
    reading = [role for role, granted in ROLE_CAPABILITIES.items() if Capability.ALERT_READ in granted]
    rows = Officer.objects.visible_to(officer).filter(is_active=True, roles__overlap=reading)
    return list(rows.exclude(pk__in=[row.pk for row in listed]).order_by("full_name"))
