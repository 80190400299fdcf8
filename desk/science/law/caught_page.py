# SPDX-License-Identifier: Apache-2.0
"""Page of what was newly caught: substances of our alerts that a change of the law reaches, and since when."""

import uuid
from dataclasses import dataclass, field
from datetime import date

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.access import today_of
from alerts.projections.cards import Card, open_alert_cards, open_received_cards
from alerts.query_audit import science_errors
from callers import clock
from callers.errors import InputError
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from science.law.drug_classes import DRUG_CLASSES
from science.law.newly_caught import CaughtBy, CaughtLine, list_caught
from science.law.places import known_places, place_in_text, place_name
from science.law.reevaluating import newest_reevaluation
from science.law.rule_words import REACHES
from science.law.watching import add_watch, end_watch, watches_of


@dataclass(frozen=True)
class ByShown:
    """Rule or list that reaches the substance, in words."""

    by: CaughtBy
    place: str
    place_in_text: str
    how: str
    is_law: bool


@dataclass(frozen=True)
class LineShown:
    """Line of the list: the alert with its card, and what reaches its substance."""

    line: CaughtLine
    card: Card | None = field(repr=False)
    address: str
    by: tuple[ByShown, ...] = field(repr=False)


def caught(request: HttpRequest) -> HttpResponse:
    """List the substances, newest first; each line links to its alert."""
    officer = signed_in(request)
    before = _place(request)
    with science_errors():
        lines, following = list_caught(officer, before=before)
    today = today_of(officer, clock.now())
    return render_page(
        request,
        "science/caught",
        _("Law changes"),
        rows=lines_shown(officer, lines, today),
        progress=newest_reevaluation(officer.agency_id or ""),
        next_address=f"?before={following}" if following else "",
        paged=before is not None,
        shows_keys=True,
    )


def _place(request: HttpRequest) -> uuid.UUID | None:
    """Return the end of the last page; None for an address without a valid one, which means the first page."""
    try:
        return uuid.UUID(request.GET.get("before", ""))
    except ValueError:
        return None


def lines_shown(officer: Officer, lines: list[CaughtLine], today: date) -> list[LineShown]:
    """Return the lines with the cards of their alerts, which are opened together."""
    agency = officer.agency_id or ""
    received = [line.structure.received for line in lines if line.structure.received is not None]
    sent = [line.structure.alert for line in lines if line.structure.alert is not None]
    cards = open_received_cards(agency, received) | open_alert_cards(agency, sent)
    return [_line(line, cards, today) for line in lines]


def by_shown(by: CaughtBy, today: date) -> ByShown:
    return ByShown(
        by=by,
        place=place_name(by.jurisdiction),
        place_in_text=place_in_text(by.jurisdiction),
        how=str(REACHES.get(by.verdict, by.verdict)),
        is_law=by.is_law_on(today),
    )


def _line(line: CaughtLine, cards: dict[str, Card], today: date) -> LineShown:
    structure = line.structure
    page, key = ("received", structure.received_id) if structure.received_id else ("sent", structure.alert_id)
    address = reverse(f"admin:{page}", args=[key])
    return LineShown(line, cards.get(str(key)), address, tuple(by_shown(one, today) for one in line.by))


def watches(request: HttpRequest) -> HttpResponseBase:
    """List what the officer watches; POST adds a watch."""
    officer, problem = signed_in(request), ""
    if request.method == "POST":
        place, drug_class = request.POST.get("jurisdiction", ""), request.POST.get("drug_class", "")
        try:
            add_watch(officer, jurisdiction=place, drug_class=drug_class, now=clock.now())
            return redirect("admin:science_watches")
        except InputError as refused:
            problem = refused.problem
    classes = dict(DRUG_CLASSES)
    rows = [
        {"watch": row, "place": place_name(row.jurisdiction), "drug_class": classes.get(row.drug_class, "")}
        for row in watches_of(officer)
    ]
    return render_page(
        request,
        "science/watches",
        _("Watched"),
        status=422 if problem else 200,
        rows=rows,
        classes=DRUG_CLASSES,
        problem=problem,
        given=request.POST.get("jurisdiction", ""),
        places=known_places(),
    )


def watch_end(request: HttpRequest, watch_id: uuid.UUID) -> HttpResponseBase:
    """End a watch."""
    end_watch(signed_in(request), watch_id, now=clock.now())
    return redirect("admin:science_watches")
