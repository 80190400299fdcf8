# SPDX-License-Identifier: Apache-2.0
"""The auditor's page: events in the own agency, filtered by person, act, marking, item and day."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from alerts.boxes.paging import PAGE_ROWS, cut_page
from callers.capabilities import Capability
from callers.markings import LEVELS
from desk.agency.audit.act_kinds import KIND_WORDS
from desk.agency.audit.events import in_words
from desk.agency.audit.saved_questions import saved_questions
from desk.agency.audit.trail import Question, colleagues_of, events_for, read_question
from desk.agency.audit.words import ACTS
from desk.web.filters import Entered, Filter, read_filters
from desk.web.frame import LONGEST_NUMBER, render_page, signed_in
from officers.models import Officer


def audit(request: HttpRequest) -> HttpResponse:
    """List the own agency's events, newest first; for the keeper those of no agency."""
    officer = signed_in(request)
    colleagues = colleagues_of(officer)
    question = read_question(request.GET, colleagues)
    found = events_for(officer, question)
    before = read_place(request, "cursor")
    if before is not None:
        found = found.filter(seq__lt=before)
    events, has_more = cut_page(list(found[: PAGE_ROWS + 1]))
    return render_page(
        request,
        "audit",
        _("Audit"),
        heading=_("Audit"),
        lead=_("Who saw and did what in your agency, and why.")
        if officer.agency_id
        else _("What happened to the desk itself."),
        empty=_("No entry in this period."),
        rows=in_words(officer, events, colleagues),
        filters=read_filters(request.GET, _filters(officer, colleagues), entered=_entered(question)),
        question=question,
        saved=tuple(saved_questions(timezone.localdate(), has_alerts=bool(officer.agency_id))),
        days=question.days,
        narrowed=question.is_narrow,
        next_address=question.address(str(events[-1].seq)) if has_more else "",
        first_address=question.address(),
        paged="cursor" in request.GET,
        shows_keys=True,
        gives_audit=Capability.AUDIT_GIVE in officer.capabilities,
    )


def read_place(request: HttpRequest, name: str) -> int | None:
    """Return the place in the log that an address names; None where it names none."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < LONGEST_NUMBER else None


def _filters(officer: Officer, colleagues: dict[str, str]) -> list[Filter]:
    acts = tuple(sorted(ACTS.items(), key=lambda act: str(act[1])))
    markings = [Filter("tlp", _("TLP"), tuple((level, level) for level in LEVELS))]
    return [
        Filter("officer", _("Officer"), tuple(colleagues.items())),
        Filter("kind", _("Kind of act"), tuple(KIND_WORDS.items())),
        Filter("act", _("Act"), acts),
        *(markings if officer.agency_id else ()),
        Filter("powers", _("Changes of power")),
    ]


def _entered(question: Question) -> Iterator[Entered]:
    labels = {"since": pgettext("first day", "From"), "until": pgettext("last day", "Until")}
    for name, label in labels.items():
        if day := question.days[name]:
            yield Entered(name, label, day.isoformat(), date_format(day, _("j M Y")))
    if question.item:
        yield Entered("item", _("Item"), question.item, question.item)
