# SPDX-License-Identifier: Apache-2.0
"""Pages of the record of an agency with a peer: figures, the brief for the next meeting, the comparison of two lists."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.commitment_states import Kept
from accord.reciprocity import Period
from alerts.agency.commitment_words import how_often
from callers import clock
from callers.closed_lists import Lane
from callers.errors import InputError
from desk.reciprocity.commitments_page import STATES
from desk.reciprocity.drawing import draw_months
from desk.reciprocity.periods import read_period, usual_periods
from desk.reciprocity.words import KINDS, SUPPLIES, TOTALS, Words, span_words
from desk.web.confirm import problems_of
from desk.web.downloads import streamed
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from peers.models import Agency
from reciprocity.brief import Stop, compare_items, items_of, read_brief
from reciprocity.commitments import Standing
from reciprocity.models import sees_records
from reciprocity.reading import Figure, Record, Times, partners_of, read_record


class ListForm(forms.Form):
    """List of the other side, pasted."""

    items = forms.CharField(
        label=gettext_lazy("Their list"),
        strip=True,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("One item on a line, as their desk gives the list for the same days."),
        error_messages={"required": gettext_lazy("Their list: paste it.")},
    )


def partners(request: HttpRequest) -> HttpResponse:
    """List the partners with whom something is agreed or was exchanged, by name, without figures."""
    return render_page(
        request,
        "reciprocity/partners",
        _("Reciprocity"),
        partners=partners_of(signed_in(request), now=clock.now()),
        is_limited=not sees_records(signed_in(request)),
    )


def record(request: HttpRequest, agency_id: str) -> HttpResponse:
    """Show what both gave each other in the period of the address."""
    officer, now = signed_in(request), clock.now()
    period, form = read_period(request.GET, now.date())
    shown = read_record(officer, agency_id, period, now=now)
    return render_page(
        request,
        "reciprocity/record",
        _("Reciprocity"),
        form=form,
        problems=problems_of(form),
        periods=[(name, _query(one), one == period) for name, one in usual_periods(now.date())],
        **_shown(officer, shown),
    )


def brief(request: HttpRequest, agency_id: str) -> HttpResponse:
    """Show the brief for the next meeting, made to be printed."""
    return _brief(request, agency_id)


def compare(request: HttpRequest, agency_id: str) -> HttpResponse:
    """Show the brief with what one side alone counts, by the list that the other side has given."""
    return _brief(request, agency_id)


def _brief(request: HttpRequest, agency_id: str) -> HttpResponse:
    officer, now = signed_in(request), clock.now()
    period, _form = read_period(request.GET, now.date())
    form = ListForm(request.POST if request.method == "POST" else None)
    shown, comparison = read_brief(officer, agency_id, period, now=now), None
    if form.is_valid():
        theirs = set(form.cleaned_data["items"].split())
        try:
            comparison = compare_items(officer, shown.items, theirs)
        except InputError as refused:
            form.add_error("items", refused.problem)
    problems = problems_of(form)
    return render_page(
        request,
        "reciprocity/brief",
        _("Brief"),
        status=422 if problems else 200,
        brief=shown,
        form=form,
        problems=problems,
        comparison=comparison,
        commitments=[_kept(one, shown.record.agency, period) for one in shown.commitments],
        suspensions=[_suspended(one, shown.record) for one in shown.suspensions],
        **_shown(officer, shown.record, is_turned=shown.record.agency.pk > shown.record.peer.pk),
    )


def item_list(request: HttpRequest, agency_id: str) -> HttpResponseBase:
    """Return the list of everything that counts in the period, one item on a line, to be given to the other side."""
    officer, now = signed_in(request), clock.now()
    period, _form = read_period(request.GET, now.date())
    items = read_brief(officer, agency_id, period, now=now).items
    name = f"{officer.agency_id}-{agency_id}-{period.first}-{period.last}.txt"
    return streamed((f"{md}\n" for md in items), "text/plain; charset=utf-8", name)


def _shown(officer: Officer, record: Record, *, is_turned: bool = False) -> dict[str, Any]:
    """Return what the templates of both pages need of a record; turned, the peer stands first."""

    def sides(gave: object, got: object) -> tuple[object, object]:
        return (got, gave) if is_turned else (gave, got)

    def rows(words: Words, figures: Iterable[Figure]) -> list[tuple[str, object, object]]:
        return [(str(words.get(row.code, row.code)), *sides(row.gave, row.got)) for row in figures]

    query = _query(record.period)
    names = ("brief", "list", "compare", "peer")
    return {
        "record": record,
        "names": sides(record.agency.name, record.peer.name),
        "bars": draw_months(record.months),
        "kinds": rows(KINDS, record.kinds),
        "supplies": rows(SUPPLIES, [row for row in record.supplies if row.gave or row.got]),
        "totals": rows(TOTALS, (record.total, record.withdrawn)),
        "times": [
            (label, *sides(_times(gave), _times(got)))
            for label, gave, got in (
                (_("From a question to its final answer"), record.answers_gave, record.answers_got),
                (_("From a verdict to its outcome told"), record.outcomes_gave, record.outcomes_got),
            )
            if gave.n or got.n
        ],
        "months": [(row.month, *sides(row.gave, row.got)) for row in record.months],
        "disputed": items_of(officer, record.disputed),
        "at": {name: reverse(f"admin:reciprocity_{name}", args=[record.peer.pk]) + query for name in names},
    }


def _kept(one: Standing, own: Agency, period: Period) -> tuple[str, str, str, str]:
    """Return who gives, what and how often, under which agreement, and what became of what was due in the period."""
    giver = own if one.is_ours else one.peer
    counts = [
        f"{word} {n}" for state, n in one.counts_in(period).items() if n for _tone, word in [STATES[state]]
    ]
    said = [", ".join(counts) or _("nothing was due")]
    if ahead := one.kept_ahead_in(period):
        said.append(_("%(kept)s, due later") % {"kept": f"{STATES[Kept.KEPT][1]} {ahead}"})
    what = f"{SUPPLIES[one.commitment.what]}, {how_often(one.commitment)}"
    return giver.name, what, one.version.ref, "; ".join(said)


def _suspended(one: Stop, record: Record) -> tuple[str, str | Promise, Stop]:
    """Return who suspended, which lane, and the suspension."""
    by = next(agency for agency in (record.agency, record.peer) if agency.pk == one.by)
    return by.name, Lane(one.lane).label, one


def _times(times: Times) -> str:
    if not times.n:
        return _("none")
    return _("%(span)s, %(n)s counted") % {"span": span_words(times.middle), "n": times.n}


def _query(period: Period) -> str:
    return "?" + urlencode({"first": period.first.isoformat(), "last": period.last.isoformat()})
