# SPDX-License-Identifier: Apache-2.0
"""The five lists of alerts: received, sent, waiting for release, unfinished, the officer's own on the way.

A list's address without filters opens the officer's default view of it, if there is one; `?view=all` is the list
without any filter.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alerts.boxes.drafts import list_drafts
from alerts.boxes.inbox import InboxFilters, list_due_first
from alerts.boxes.on_the_way import list_on_the_way
from alerts.boxes.outbox import list_sent, outbox_filters
from alerts.boxes.queue import list_waiting
from alerts.boxes.saved_views import views_of
from alerts.document import choices
from alerts.rows.saved import SavedBox, SavedView
from callers import clock
from callers.capabilities import Capability
from desk.web.filters import Filter, Filters, read_filters
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from peers.models import Agency

ALL: Final = "view=all"
WAITING: Final = (SavedBox.INBOX, SavedBox.QUEUE)
"""Lists that others add to: their pages poll."""
MODES: Final = (("no", _("Real")), ("yes", _("Exercise")))
SENT_STATES: Final = (("released", _("Sent")), ("withdrawn", _("Withdrawn")))
QUEUE_STATES: Final = (
    ("submitted", _("Waiting for release")),
    ("validated", _("Checked, not sent")),
    ("queued", _("Waiting for the exchange")),
)
WAY_STATES: Final = (*QUEUE_STATES, ("released", _("Sent")))


def inbox(request: HttpRequest) -> HttpResponseBase:
    """List what the agency received: what waits for it first, then the rest, newest first."""

    def page(officer: Officer, chosen: dict[str, str], cursor: str) -> Any:
        return list_due_first(officer, cursor=cursor, now=clock.now(), **inbox_filters(chosen))

    may_pick = Capability.ALERT_ACKNOWLEDGE in signed_in(request).capabilities
    return _list(request, SavedBox.INBOX, page, may_pick=may_pick)


def outbox(request: HttpRequest) -> HttpResponseBase:
    """List what the agency has sent and what became of it."""

    def page(officer: Officer, chosen: dict[str, str], cursor: str) -> Any:
        return list_sent(officer, cursor=cursor, now=clock.now(), **outbox_filters(chosen))

    return _list(request, SavedBox.OUTBOX, page, names=_agency_names(signed_in(request)))


def inbox_filters(chosen: Mapping[str, str]) -> InboxFilters:
    """Convert the inbox's filters from their names in an address."""
    return InboxFilters(
        unread=chosen["unread"] == "yes",
        overdue=chosen["overdue"] == "yes",
        waiting=chosen["waiting"] == "yes",
        to_answer=chosen["to_answer"] == "yes",
        kind=chosen["kind"],
        lane=chosen["lane"],
        pri=chosen["pri"],
        tlp=chosen["tlp"],
        sender=chosen["sender"],
        exercise={"yes": True, "no": False}.get(chosen["exercise"]),
    )


def queue(request: HttpRequest) -> HttpResponseBase:
    """List what waits for a second person."""

    def page(officer: Officer, chosen: dict[str, str], cursor: str) -> Any:
        return list_waiting(officer, cursor=cursor, pri=chosen["pri"], state=chosen["state"])

    return _list(request, SavedBox.QUEUE, page, names=_agency_names(signed_in(request)))


def drafts(request: HttpRequest) -> HttpResponseBase:
    """List the agency's drafts."""

    def page(officer: Officer, chosen: dict[str, str], cursor: str) -> Any:
        mine, returned = chosen["mine"] == "yes", chosen["returned"] == "yes"
        return list_drafts(officer, cursor=cursor, mine=mine, returned=returned)

    return _list(request, SavedBox.DRAFTS, page, returned_words=_("Returned") + "," + _("Draft"))


def on_the_way(request: HttpRequest) -> HttpResponseBase:
    """List the officer's own alerts since they were submitted, and who acts next."""

    def page(officer: Officer, chosen: dict[str, str], cursor: str) -> Any:
        returned = chosen["returned"] == "yes"
        return list_on_the_way(
            officer, cursor=cursor, state=chosen["state"], returned=returned, now=clock.now()
        )

    return _list(request, SavedBox.ON_THE_WAY, page)


def offered_filters(officer: Officer, box: str) -> tuple[Filter, ...]:
    """Return the filters of one list: the only names and values that an address or a view of it may have."""
    kind = Filter("kind", _("Kind"), choices.ALERT_TYPES)
    lane, pri = Filter("lane", _("Lane"), choices.LANES), Filter("pri", _("Speed"), choices.PRIORITIES)
    if box == SavedBox.QUEUE:
        return (pri, Filter("state", _("State"), QUEUE_STATES))
    if box == SavedBox.DRAFTS:
        return (Filter("mine", _("Mine")), Filter("returned", _("Returned")))
    if box == SavedBox.ON_THE_WAY:
        return (Filter("state", _("State"), WAY_STATES), Filter("returned", _("Returned")))
    others = _other_agencies(officer)
    if box == SavedBox.OUTBOX:
        return (Filter("state", _("State"), SENT_STATES), Filter("to", _("To"), others), kind, lane, pri)
    return (
        Filter("unread", _("Unread")),
        Filter("waiting", _("To acknowledge")),
        Filter("to_answer", _("To answer")),
        Filter("overdue", _("Overdue")),
        kind,
        lane,
        pri,
        Filter("tlp", _("TLP"), [(tlp, tlp) for tlp, _text in choices.TLPS]),
        Filter("sender", _("From"), others),
        Filter("exercise", _("Mode"), MODES),
    )


TEXTS: Final = {
    "inbox": (
        _("Inbox"),
        _("Alerts that reached your agency."),
        _("No alert has reached your agency yet."),
    ),
    "outbox": (
        pgettext_lazy("alerts", "Sent"),
        _("What became of the alerts your agency sent."),
        _("Your agency has sent nothing yet."),
    ),
    "queue": (
        _("To release"),
        _("Alerts that a second person checks before they are sent."),
        _("Nothing waits for release."),
    ),
    "drafts": (_("Drafts"), _("Unfinished alerts of your agency."), _("No drafts.")),
    "on_the_way": (
        _("Yours, on the way"),
        _("What became of your alerts since you submitted them, until two weeks after they were sent."),
        _("Nothing of yours is on the way. What you submit stands here until two weeks after it was sent."),
    ),
}
"""Heading, what the page is for, and the text of an empty list."""


def _list(
    request: HttpRequest,
    box: str,
    page_of: Callable[[Officer, dict[str, str], str], Any],
    **context: Any,
) -> HttpResponseBase:
    officer = signed_in(request)
    views, offered = views_of(officer, box), offered_filters(officer, box)
    default = next((view for view in views if view.is_default), None)
    bare = ALL if default else ""
    if default and not request.GET:
        return redirect(request.path + _filters_of(default, offered, bare).next_address(""))
    filters = read_filters(request.GET, offered, bare=bare)
    page = page_of(officer, filters.values, request.GET.get("cursor", ""))
    shown = [(view, _filters_of(view, offered, bare)) for view in views]
    return _render(request, box, page, filters, shown, **context)


def _filters_of(view: SavedView, offered: tuple[Filter, ...], bare: str) -> Filters:
    """Return the filters of a kept view that are still offered."""
    return read_filters(view.filters, offered, bare=bare)


def _render(
    request: HttpRequest,
    name: str,
    page: Any,
    filters: Filters,
    views: list[tuple[SavedView, Filters]],
    **context: Any,
) -> HttpResponse:
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
        previous_address=filters.next_address(page.previous) if page.previous else "",
        first_address=filters.next_address(""),
        paged="cursor" in request.GET,
        box=name,
        views=[
            {"view": view, "address": kept.next_address(""), "is_current": kept.chosen == filters.chosen}
            for view, kept in views
        ],
        may_keep=filters.active and all(kept.chosen != filters.chosen for _view, kept in views),
        waits=name in WAITING,
        shows_keys=True,
        **context,
    )


def _other_agencies(officer: Officer) -> tuple[tuple[str, str], ...]:
    others = Agency.objects.visible_to(officer).exclude(pk=officer.agency_id)
    return tuple(others.order_by("name").values_list("pk", "name"))


def _agency_names(officer: Officer) -> dict[str, str]:
    return dict(Agency.objects.visible_to(officer).values_list("pk", "name"))
