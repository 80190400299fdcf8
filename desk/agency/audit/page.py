# SPDX-License-Identifier: Apache-2.0
"""The auditor's page: events in the own agency, filtered by person, act, item and day."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alerts.boxes.paging import PAGE_ROWS, cut_page
from callers.capabilities import Capability
from desk.agency.audit.trail import colleagues_of, events_for, in_words, read_question, references_of
from desk.agency.audit.words import ACTS
from desk.web.filters import Filter, read_filters
from desk.web.frame import render_page, signed_in


def audit(request: HttpRequest) -> HttpResponse:
    """List the own agency's events, newest first; for the keeper those of no agency."""
    officer = signed_in(request)
    colleagues = colleagues_of(officer)
    question = read_question(request.GET, colleagues)
    found = events_for(officer, question)
    before = request.GET.get("cursor", "")
    if before.isascii() and before.isdecimal() and len(before) < 18:
        found = found.filter(seq__lt=int(before))
    events, has_more = cut_page(list(found[: PAGE_ROWS + 1]))
    people, acts = tuple(colleagues.items()), tuple(sorted(ACTS.items(), key=lambda act: str(act[1])))
    filters = read_filters(
        request.GET,
        [
            Filter("officer", _("Officer"), people),
            Filter("act", _("Act"), acts),
            Filter("powers", _("Changes of power")),
        ],
    )
    return render_page(
        request,
        "audit",
        _("Audit"),
        heading=_("Audit"),
        lead=_("Who saw and did what in your agency, and why.")
        if officer.agency_id
        else _("What happened to the desk itself."),
        empty=_("No entry in this period."),
        rows=in_words(events, colleagues, references_of(officer, events)),
        filters=filters,
        question=question,
        days=question.days,
        narrowed=question.is_narrow,
        next_address=question.address(str(events[-1].seq)) if has_more else "",
        first_address=question.address(),
        paged="cursor" in request.GET,
        shows_keys=True,
        gives_audit=Capability.AUDIT_GIVE in officer.capabilities,
    )
