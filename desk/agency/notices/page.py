# SPDX-License-Identifier: Apache-2.0
"""Notices of the agency: whom this desk told, and "send again" for those that failed."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from alerts.boxes.paging import PAGE_ROWS, cut_page, moment_before, moment_cursor
from callers import clock
from callers.capabilities import Capability
from callers.errors import MoveError
from desk.web.filters import Filter, read_filters
from desk.web.frame import render_page, signed_in
from notices.models import Notification
from notices.resending import resend_notice
from notices.states import RESENDABLE, Cause, Channel, NotificationState, Occasion


def notifications(request: HttpRequest) -> HttpResponse:
    """List the notices for this agency, newest first."""
    filters = read_filters(request.GET, [Filter("state", _("State"), NotificationState.choices)])
    officer = signed_in(request)
    found = Notification.objects.visible_to(officer).select_related("officer")
    if state := filters.values["state"]:
        found = found.filter(state=state)
    found = found.filter(moment_before(request.GET.get("cursor", ""), "queued_at"))
    may_resend = Capability.NOTICE_RESEND in officer.capabilities
    page, has_more = cut_page(list(found.order_by("-queued_at", "-pk")[: PAGE_ROWS + 1]))
    cursor = moment_cursor(page[-1].queued_at, page[-1].pk) if has_more else ""
    rows = [_notice_row(notice, may_resend) for notice in page]
    heading = _("Notifications")
    return render_page(
        request,
        "notifications",
        heading,
        heading=heading,
        lead=_("Whom this desk told about alerts for your agency."),
        empty=_("Nobody had to be told yet."),
        rows=rows,
        filters=filters,
        next_address=filters.next_address(cursor) if cursor else "",
        first_address=filters.next_address(""),
        paged="cursor" in request.GET,
        shows_keys=True,
    )


def _notice_row(notice: Notification, may_resend: bool) -> dict[str, object]:
    return {
        "notice": notice,
        "reference": notice.reference or _occasion_text(notice),
        "channel": Channel(notice.channel).label,
        "cause": Cause(notice.cause).label if notice.cause in Cause.values else notice.cause,
        "may_resend": may_resend and notice.state in RESENDABLE,
    }


def _occasion_text(notice: Notification) -> str:
    """Return what a notice is about where it names no delivery: a key, the policy."""
    known = notice.occasion in Occasion.values
    return str(Occasion(notice.occasion).label) if known else notice.subject


def resend(request: HttpRequest, notice_id: uuid.UUID) -> HttpResponseBase:
    """Send a notice again that failed or was held."""
    try:
        resend_notice(signed_in(request), notice_id, now=clock.now())
    except MoveError:
        messages.warning(request, _("This one was told, or is on its way. Nothing was sent again."))
    else:
        messages.success(request, _("1 notice is queued again."))
    return redirect("admin:notifications")
