# SPDX-License-Identifier: Apache-2.0
"""The four lists of alerts: received, sent, waiting for release, unfinished."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency, Officer
from alerts.document import choices
from alerts.drafts_list import list_drafts
from alerts.inbox import list_received
from alerts.outbox import list_sent
from alerts.pages.filters import Filter, read_filters
from alerts.pages.frame import render_page, signed_in
from alerts.queue import list_waiting

MODES: Final = (("no", _("Real")), ("yes", _("Exercise")))
SENT_STATES: Final = (("released", _("Sent")), ("withdrawn", _("Withdrawn")))


def inbox(request: HttpRequest) -> HttpResponse:
    """What reached the agency, newest first."""
    officer = signed_in(request)
    filters = read_filters(request.GET, _inbox_filters(officer))
    chosen = filters.values
    page = list_received(
        officer,
        cursor=request.GET.get("cursor", ""),
        unread=chosen["unread"] == "yes",
        overdue=chosen["overdue"] == "yes",
        kind=chosen["kind"],
        lane=chosen["lane"],
        sender=chosen["sender"],
        exercise={"yes": True, "no": False}.get(chosen["exercise"]),
        now=timezone.now(),
    )
    return _list_page(request, "inbox", page, filters, names=_agency_names(officer))


def _inbox_filters(officer: Officer) -> tuple[Filter, ...]:
    return (
        Filter("unread", _("Unread")),
        Filter("overdue", _("Overdue")),
        Filter("kind", _("Kind"), choices.ALERT_TYPES),
        Filter("lane", _("Lane"), choices.LANES),
        Filter("sender", _("From"), _other_agencies(officer)),
        Filter("exercise", _("Mode"), MODES),
    )


def outbox(request: HttpRequest) -> HttpResponse:
    """What the agency has sent and what became of it."""
    officer = signed_in(request)
    offered = (Filter("state", _("State"), SENT_STATES), Filter("to", _("To"), _other_agencies(officer)))
    filters = read_filters(request.GET, offered)
    cursor, now = request.GET.get("cursor", ""), timezone.now()
    page = list_sent(officer, cursor=cursor, state=filters.values["state"], to=filters.values["to"], now=now)
    return _list_page(request, "outbox", page, filters, names=_agency_names(officer))


def queue(request: HttpRequest) -> HttpResponse:
    """What waits for a second person."""
    officer = signed_in(request)
    filters = read_filters(request.GET, [Filter("pri", _("Speed"), choices.PRIORITIES)])
    page = list_waiting(officer, cursor=request.GET.get("cursor", ""), pri=filters.values["pri"])
    return _list_page(request, "queue", page, filters, names=_agency_names(officer))


def drafts(request: HttpRequest) -> HttpResponse:
    """What is unfinished in the agency."""
    officer = signed_in(request)
    filters = read_filters(request.GET, [Filter("mine", _("Mine"))])
    page = list_drafts(officer, cursor=request.GET.get("cursor", ""), mine=filters.values["mine"] == "yes")
    words = _("Returned") + "," + _("Draft")
    return _list_page(request, "drafts", page, filters, returned_words=words)


TEXTS: Final = {
    "inbox": (
        _("Inbox"),
        _("Alerts that reached your agency."),
        _("No alert has reached your agency yet."),
    ),
    "outbox": (
        _("Outbox"),
        _("What became of the alerts your agency sent."),
        _("Your agency has sent nothing yet."),
    ),
    "queue": (
        _("Release queue"),
        _("Alerts that need second eyes before they are sent."),
        _("Nothing waits for release."),
    ),
    "drafts": (_("Drafts"), _("Unfinished alerts of your agency."), _("No drafts.")),
}
"""Heading, what the page is for, and what it says when there is nothing."""


def _list_page(request: HttpRequest, name: str, page: Any, filters: Any, **context: Any) -> HttpResponse:
    heading, lead, empty = TEXTS[name]
    return render_page(
        request,
        name,
        heading,
        heading=heading,
        lead=lead,
        empty=empty,
        rows=page.rows,
        filters=filters,
        next_address=filters.next_address(page.next) if page.next else "",
        first_address=filters.next_address(""),
        paged="cursor" in request.GET,
        shows_keys=True,
        **context,
    )


def _other_agencies(officer: Officer) -> tuple[tuple[str, str], ...]:
    others = Agency.objects.visible_to(officer).exclude(pk=officer.agency_id)
    return tuple(others.order_by("name").values_list("pk", "name"))


def _agency_names(officer: Officer) -> dict[str, str]:
    return dict(Agency.objects.visible_to(officer).values_list("pk", "name"))
