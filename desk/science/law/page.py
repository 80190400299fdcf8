# SPDX-License-Identifier: Apache-2.0
"""Pages of the law: which rules and lists this agency follows, each rule with its reading and its versions."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alerts.access import today_of
from alerts.query_audit import science_errors
from callers import clock
from callers.capabilities import Capability
from desk.web.filters import Filter, read_filters
from desk.web.frame import render_page, signed_in
from science.answers.words import TEXT_SEEN, WORDING
from science.law.places import place_name
from science.law.reevaluating import newest_reevaluation
from science.law.rule_words import PHASES
from science.law.rulebook import Rulebook, RuleRow, find_rule, history, read_rulebook

PHASE_TONES = {"in_force": "ok", "not_yet": "warn", "ended": "done"}


def rules(request: HttpRequest) -> HttpResponse:
    """List every rule and list, with its source and how certain it is."""
    officer = signed_in(request)
    book = _book(request)
    places = sorted({row.fact.jurisdiction for row in book.rules})
    offered = (Filter("place", _("Jurisdiction"), [(code, place_name(code)) for code in places]),)
    filters = read_filters(request.GET, offered)
    chosen = filters.values["place"]
    rows = [_shown(row) for row in book.rules if not chosen or row.fact.jurisdiction == chosen]
    return render_page(
        request,
        "science/rules",
        _("Rules"),
        heading=_("Rules"),
        lead=_("The law as your agency follows it here. The cited instrument decides."),
        empty=_("No rule is known here."),
        rows=rows,
        filters=filters,
        book=book,
        lists=[row for row in book.lists if not chosen or row.jurisdiction == chosen],
        history=history(),
        progress=newest_reevaluation(officer.agency_id or ""),
        may_manage=Capability.SCIENCE_MANAGE in officer.capabilities,
        shows_keys=True,
    )


def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Show one rule: what it says, how it is read here, since when, and its versions at other times."""
    row = find_rule(_book(request), rule_id)
    return render_page(request, "science/rule", _("Rule"), row=_shown(row), versions=_versions(row))


def _book(request: HttpRequest) -> Rulebook:
    officer = signed_in(request)
    with science_errors():
        return read_rulebook(officer, on=today_of(officer, clock.now()))


def _shown(row: RuleRow) -> dict[str, Any]:
    return {
        "row": row,
        "fact": row.fact,
        "phase_text": PHASES[row.phase],
        "phase_tone": PHASE_TONES[row.phase],
        "wording_text": WORDING.get(row.fact.text_seen, row.fact.text_seen),
        "text_seen_text": TEXT_SEEN.get(row.fact.text_seen, row.fact.text_seen),
    }


def _versions(row: RuleRow) -> list[dict[str, Any]]:
    """Return the versions, newest first, each with the times at which it counts."""
    return [
        {"fact": fact, "times": sorted(fact.in_force, key=lambda time: time.start, reverse=True)}
        for fact in reversed(row.versions)
    ]
