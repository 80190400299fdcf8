# SPDX-License-Identifier: Apache-2.0
"""The operator's first page: whether the hub works and which agencies it serves. No content, nobody's business."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accord.moments import moment_or_none
from agencies.models import Keyset
from alerts.pages.filters import Filter, read_filters
from alerts.pages.frame import render_page
from alerts.pages.operator.health import health
from ledger.proofs import log_times
from officers.models import Officer
from peers.models import Agency


@dataclass(frozen=True)
class AgencyRow:
    """An agency and until when its newest logged keyset counts."""

    agency: Agency
    until: datetime | None
    is_ending: bool


def hub_page(request: HttpRequest, officer: Officer, now: datetime) -> HttpResponse:
    """Health first, then the agencies."""
    filters = read_filters(request.GET, [Filter("state", _("State"), _states())])
    found = Agency.objects.visible_to(officer).order_by("name")
    if state := filters.values["state"]:
        found = found.filter(status=state)
    return render_page(
        request,
        "operator",
        _("This hub"),
        agencies=list(_rows(list(found), now)),
        filters=filters,
        health=list(health(now)),
    )


def _states() -> tuple[tuple[str, str], ...]:
    field = Agency._meta.get_field("status")
    return tuple((code, str(text)) for code, text in field.choices or ())


def _rows(found: list[Agency], now: datetime) -> Iterator[AgencyRow]:
    keysets = Keyset.objects.filter(agency_id__in=[agency.pk for agency in found]).order_by("version")
    ends = list(keysets.values_list("agency", "od", "exp"))
    logged = log_times(od for _agency, od, _exp in ends)
    newest = {agency: exp for agency, od, exp in ends if od in logged}
    for agency in found:
        exp = newest.get(agency.pk)
        until = moment_or_none(exp)
        yield AgencyRow(agency, until, until is not None and (until - now).days < 14)
