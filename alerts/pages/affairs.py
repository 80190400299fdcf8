# SPDX-License-Identifier: Apache-2.0
"""The agency's agreements: with whom it shares what, and how each stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.pages.filters import Filter, Filters, read_filters
from alerts.pages.frame import render_page, signed_in
from callers import clock
from officers.models import Officer
from sharing.models import Agreement, AgreementVersion, LaneSuspension
from sharing.terms import Lane

AGREEMENT_STATES: Final = (
    ("active", gettext_lazy("Active")),
    ("suspended", gettext_lazy("Lane suspended")),
    ("ended", gettext_lazy("Ended")),
)


@dataclass(frozen=True)
class AgreementRow:
    """An agreement as it stands now: the newest version that has begun, lanes with who suspended them."""

    agreement: Agreement
    version: AgreementVersion
    lanes: tuple[tuple[str, str | Promise, tuple[str, ...]], ...]
    state: str
    state_text: str | Promise

    @property
    def parties(self) -> list[str]:
        return sorted(party.agency.name for party in self.version.parties.all())


def agreements(request: HttpRequest) -> HttpResponse:
    """With whom the agency may share, on which lanes, up to which marking, until when."""
    now = clock.now()
    offered = (Filter("state", _("State"), AGREEMENT_STATES), Filter("lane", _("Lane"), Lane.choices))
    filters = read_filters(request.GET, offered)
    rows = [row for row in _agreement_rows(signed_in(request), now) if _matches(row, filters)]
    return _page(request, "agreements", filters, rows)


def _agreement_rows(officer: Officer, now: datetime) -> Iterator[AgreementRow]:
    begun = AgreementVersion.objects.filter(nbf__lte=now).order_by("-number")
    standing = LaneSuspension.objects.filter(lifted_at__isnull=True).select_related("agency")
    found = Agreement.objects.visible_to(officer).prefetch_related(
        Prefetch("versions", begun.prefetch_related("parties__agency", "lanes")),
        Prefetch("suspensions", standing),
        "circles",
    )
    for agreement in found:
        if versions := list(agreement.versions.all()):
            yield _agreement_row(agreement, versions[0], list(agreement.suspensions.all()), now)


def _agreement_row(
    agreement: Agreement, version: AgreementVersion, standing: list[LaneSuspension], now: datetime
) -> AgreementRow:
    stopped: dict[str, list[str]] = {}
    for suspension in standing:
        stopped.setdefault(suspension.lane, []).append(suspension.agency.name)
    lanes = tuple(
        (row.lane, Lane(row.lane).label, tuple(stopped.get(row.lane, ()))) for row in version.lanes.all()
    )
    ended = version.until is not None and version.until <= now
    state = "ended" if ended else "suspended" if any(by for _lane, _text, by in lanes) else "active"
    return AgreementRow(agreement, version, lanes, state, dict(AGREEMENT_STATES)[state])


def _matches(row: AgreementRow, filters: Filters) -> bool:
    state, lane = filters.values["state"], filters.values["lane"]
    return (not state or row.state == state) and (
        not lane or lane in {code for code, _text, _by in row.lanes}
    )


TEXTS: Final = {
    "agreements": (
        gettext_lazy("Agreements"),
        gettext_lazy("With whom your agency may share, and what."),
        gettext_lazy("No agreement yet; you cannot send."),
    ),
}


def _page(request: HttpRequest, name: str, filters: Filters, rows: Sequence[object]) -> HttpResponse:
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
    )
