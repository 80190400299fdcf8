# SPDX-License-Identifier: Apache-2.0
"""The search page. A search is sent by form and is sealed in the address: see `search_links`."""

from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.boxes.search import (
    HITS_AT_MOST,
    RECEIVED,
    SENT,
    Query,
    SearchResult,
    check_query,
    search_alerts,
)
from alerts.boxes.search_links import open_search, seal_search
from alerts.document import choices
from alerts.document.countries import COUNTRIES
from callers import clock
from callers.errors import InputError
from casework.cases import case_with_number
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from peers.models import Agency

PLACES: Final = (
    ("", gettext_lazy("Received and sent")),
    (RECEIVED, gettext_lazy("Received")),
    (SENT, gettext_lazy("Sent")),
)


def search(request: HttpRequest) -> HttpResponseBase:
    """Show the form, and the hits of a search in the address."""
    officer, now = signed_in(request), clock.now()
    if request.method == "POST":
        return _sent(request, officer, now)
    if not (link := request.GET.get("s", "")):
        return _page(request, officer, Query())
    try:
        query, before = open_search(officer, link, now=now)
        result = search_alerts(officer, query, before=before, now=now)
    except InputError as refused:
        return _page(request, officer, Query(), problem=refused.problem)
    return _hits(request, officer, query, before, result, now)


def _sent(request: HttpRequest, officer: Officer, now: datetime) -> HttpResponseBase:
    query = Query(
        text=request.POST.get("q", ""),
        box=request.POST.get("box", ""),
        kind=request.POST.get("kind", ""),
        country=request.POST.get("country", "").strip().upper(),
        in_words=request.POST.get("in_words") == "yes",
    )
    try:
        check_query(query)
    except InputError as refused:
        return _page(request, officer, query, problem=refused.problem)
    return redirect(_address(officer, query, "", now))


def _hits(
    request: HttpRequest, officer: Officer, query: Query, before: str, result: SearchResult, now: datetime
) -> HttpResponse:
    return _page(
        request,
        officer,
        query,
        result=result,
        case=case_with_number(officer, query.text) if query.text else None,
        names=_names(officer) if result.sent else {},
        older_address=_address(officer, query, result.older, now) if result.older else "",
        first_address=_address(officer, query, "", now) if before else "",
        is_full=result.hits == HITS_AT_MOST,
        export={"s": request.GET["s"]},
    )


def _names(officer: Officer) -> dict[str, str]:
    return dict(Agency.objects.visible_to(officer).values_list("pk", "name"))


def _page(
    request: HttpRequest, officer: Officer, query: Query, *, problem: str = "", **context: object
) -> HttpResponse:
    return render_page(
        request,
        "search",
        _("Search"),
        status=422 if problem else 200,
        query=query,
        problem=problem,
        places=PLACES,
        kinds=choices.ALERT_TYPES,
        countries=COUNTRIES,
        shows_keys=True,
        **context,
    )


def _address(officer: Officer, query: Query, before: str, now: datetime) -> str:
    return f"{reverse('admin:search')}?s={seal_search(officer, query, before, now=now)}"
