# SPDX-License-Identifier: Apache-2.0
"""The agency's agreements: with whom it shares what, and how each stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.agency.agreement_versions import versions_ahead, versions_of
from alerts.agency.agreements import AgreementShown, agreements_of
from callers import clock
from callers.capabilities import Capability
from callers.closed_lists import Lane
from desk.web.filters import Filter, Filters, read_filters
from desk.web.frame import render_page, signed_in

AGREEMENT_STATES: Final = (
    ("active", gettext_lazy("Active")),
    ("suspended", gettext_lazy("Lane suspended")),
    ("ended", gettext_lazy("Ended")),
)


@dataclass(frozen=True)
class AgreementRow:
    """Agreement with its present state in words."""

    standing: AgreementShown
    state: str
    state_text: str | Promise


def agreements(request: HttpRequest) -> HttpResponse:
    """List with whom the agency may share, on which lanes, up to which marking, until when."""
    now = clock.now()
    offered = (Filter("state", _("State"), AGREEMENT_STATES), Filter("lane", _("Lane"), Lane.choices))
    filters = read_filters(request.GET, offered)
    officer = signed_in(request)
    found = agreements_of(officer, now=now)
    return _page(
        request,
        "agreements",
        filters,
        [row for row in map(_agreement_row, found) if _matches(row, filters)],
        ahead=versions_ahead(officer, versions_of(officer, now=now), found, now=now),
        may_propose=Capability.AGENCY_MANAGE in officer.capabilities,
    )


def _agreement_row(standing: AgreementShown) -> AgreementRow:
    is_stopped = any(row.stopped for row in standing.lanes)
    state = "ended" if standing.is_ended else "suspended" if is_stopped else "active"
    return AgreementRow(standing, state, dict(AGREEMENT_STATES)[state])


def _matches(row: AgreementRow, filters: Filters) -> bool:
    state, lane = filters.values["state"], filters.values["lane"]
    return (not state or row.state == state) and (
        not lane or lane in {each.code for each in row.standing.lanes}
    )


TEXTS: Final = {
    "agreements": (
        gettext_lazy("Agreements"),
        gettext_lazy("With whom your agency may share, and what."),
        gettext_lazy("No agreement yet; you cannot send."),
    ),
}


def _page(
    request: HttpRequest, name: str, filters: Filters, rows: Sequence[object], **more: Any
) -> HttpResponse:
    heading, lead, empty = TEXTS[name]
    return render_page(
        request,
        name,
        heading,
        heading=heading,
        lead=lead,
        empty=empty,
        rows=rows,
        filters=filters,
        shows_keys=True,
        **more,
    )
