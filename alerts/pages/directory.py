# SPDX-License-Identifier: Apache-2.0
"""The directory: the agencies of this hub, whom to call at each, what time it is there, whose keys it has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accord.envelope.keys import show_fingerprint
from agencies.directory import list_agencies_now
from agencies.models import Agency
from alerts.pages.filters import Filter, Filters, read_filters
from alerts.pages.frame import render_page, signed_in
from callers import clock
from callers.directory import AgencyKind
from officers.models import Officer

PAGE_ROWS: Final = 100


@dataclass(frozen=True)
class DirectoryRow:
    """`root` is the fingerprint of the root in force, in groups; empty before there is one."""

    agency: Agency
    root: str
    is_own: bool


def directory(request: HttpRequest) -> HttpResponse:
    """By name; a page begins after the name in the address."""
    officer, now = signed_in(request), clock.now()
    filters = read_filters(request.GET, [Filter("kind", _("Kind"), AgencyKind.choices)])
    after = request.GET.get("after", "")
    rows = [row for row in _rows(officer, now) if _is_asked(row, filters, after)]
    return render_page(
        request,
        "directory",
        _("Directory"),
        heading=_("Directory"),
        lead=_("The agencies of this hub, and whom to call."),
        empty=_("No agency is in yet."),
        rows=rows[:PAGE_ROWS],
        filters=filters,
        narrowed=bool(after),
        more_address=_more(rows, filters),
        shows_keys=True,
    )


def _rows(officer: Officer, now: datetime) -> Iterator[DirectoryRow]:
    for agency in sorted(list_agencies_now(officer, now=now), key=lambda agency: agency.name):
        root = show_fingerprint(agency.root_fingerprint) if agency.root_fingerprint else ""
        yield DirectoryRow(agency, root, agency.pk == officer.agency_id)


def _is_asked(row: DirectoryRow, filters: Filters, after: str) -> bool:
    return row.agency.name > after and filters.values["kind"] in ("", row.agency.kind)


def _more(rows: list[DirectoryRow], filters: Filters) -> str:
    if len(rows) <= PAGE_ROWS:
        return ""
    return "?" + urlencode({**filters.chosen, "after": rows[PAGE_ROWS - 1].agency.name})
