# SPDX-License-Identifier: Apache-2.0
"""The directory: the agencies of this hub, whom to call at each, the time there, and the fingerprint of its root."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accord.envelope.keys import show_fingerprint
from callers.capabilities import Capability
from callers.directory import AgencyKind
from desk.web.filters import Filter, Filters, read_filters
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from peers.models import Agency

PAGE_ROWS: Final = 100


@dataclass(frozen=True)
class DirectoryRow:
    """`root` is the fingerprint of the root in force, in groups; empty before there is one.

    `is_altered`: the row was altered outside the program, and its content is not shown.
    """

    agency: Agency
    root: str
    is_own: bool
    is_altered: bool


def directory(request: HttpRequest) -> HttpResponse:
    """List the agencies by name; a page begins after the name in the address."""
    officer = signed_in(request)
    filters = read_filters(request.GET, [Filter("kind", _("Kind"), AgencyKind.choices)])
    after = request.GET.get("after", "")
    rows = [row for row in _rows(officer) if _is_asked(row, filters, after)]
    return render_page(
        request,
        "directory",
        _("Directory"),
        heading=_("Directory"),
        lead=_("The agencies of the exchange, and whom to call."),
        empty=_("No agency is in yet."),
        rows=rows[:PAGE_ROWS],
        filters=filters,
        narrowed=bool(after),
        more_address=_more(rows, filters),
        shows_keys=True,
        may_state=Capability.AGENCY_MANAGE in officer.capabilities,
        may_ask=Capability.AGREEMENT_READ in officer.capabilities,
    )


def _rows(officer: Officer) -> Iterator[DirectoryRow]:
    for agency in sorted(Agency.objects.visible_to(officer), key=lambda agency: agency.name):
        root = show_fingerprint(agency.root_fingerprint) if agency.root_fingerprint else ""
        yield DirectoryRow(agency, root, agency.pk == officer.agency_id, not agency.is_bound)


def _is_asked(row: DirectoryRow, filters: Filters, after: str) -> bool:
    return row.agency.name > after and filters.values["kind"] in ("", row.agency.kind)


def _more(rows: list[DirectoryRow], filters: Filters) -> str:
    if len(rows) <= PAGE_ROWS:
        return ""
    return "?" + urlencode({**filters.chosen, "after": rows[PAGE_ROWS - 1].agency.name})
