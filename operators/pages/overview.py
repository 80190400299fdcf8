# SPDX-License-Identifier: Apache-2.0
"""The first page: whether the exchange works and which agencies it serves. No content, no agency's traffic."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accord.moments import moment_or_none
from agencies.models import Agency, Keyset
from callers import clock
from callers.directory import AgencyStatus
from ledger.proofs import log_times
from operators.health import health
from operators.pages.frame import operator_here, render_page

ENDS_SOON: Final = timedelta(days=14)
TONES: Final = {AgencyStatus.ACTIVE: "ok", AgencyStatus.SUSPENDED: "danger"}


@dataclass(frozen=True)
class AgencyRow:
    """An agency and the end of its newest logged keyset."""

    agency: Agency
    until: datetime | None
    is_ending: bool

    @property
    def tone(self) -> str:
        return tone_of(self.agency)


def tone_of(agency: Agency) -> str:
    """Return the tone in which an agency's state is shown."""
    return TONES.get(AgencyStatus(agency.status), "warn")


def overview(request: HttpRequest) -> HttpResponse:
    """Show health first, then the agencies, filtered by state on request."""
    now, asked = clock.now(), request.GET.get("state", "")
    found = Agency.objects.visible_to(operator_here(request)).order_by("name")
    state = asked if asked in AgencyStatus.values else ""
    agencies = list(found.filter(status=state) if state else found)
    return render_page(
        request,
        "overview",
        _("Exchange"),
        health=list(health(now)),
        rows=list(_rows(agencies, now)),
        states=AgencyStatus.choices,
        state=state,
    )


def _rows(found: list[Agency], now: datetime) -> Iterator[AgencyRow]:
    keysets = Keyset.objects.filter(agency_id__in=[agency.pk for agency in found]).order_by("version")
    ends = list(keysets.values_list("agency", "od", "exp"))
    logged = log_times(od for _agency, od, _exp in ends)
    newest = {agency: exp for agency, od, exp in ends if od in logged}
    for agency in found:
        until = moment_or_none(newest.get(agency.pk))
        yield AgencyRow(agency, until, until is not None and until - now < ENDS_SOON)
