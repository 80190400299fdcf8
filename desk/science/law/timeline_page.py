# SPDX-License-Identifier: Apache-2.0
"""Page of the legal status of a substance over time, by jurisdiction: a chart, and a table with the same content."""

import uuid

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.errors import ScienceAwayError, ScienceInputError
from callers import clock
from callers.errors import AbsentError, InputError
from desk.science.reason import TEXT_AT_MOST, WhyForm, posted
from desk.web.confirm import problems_of
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from science.law.timelines import TimelineShown, ask_stored_timeline, ask_timeline
from science.rows.structures import Mark, StoredStructure
from substances.control.results import Query


class TimelineForm(WhyForm):
    """Form of a question; for a stored structure only the reason is asked."""

    structure = forms.CharField(
        label=gettext_lazy("Structure"),
        required=False,
        max_length=TEXT_AT_MOST,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off", "dir": "ltr", "class": "mono"}
        ),
        help_text=gettext_lazy("Paste SMILES, InChI, or a MOL block."),
    )
    name = forms.CharField(
        label=gettext_lazy("Or a name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "auto"}),
        help_text=gettext_lazy("Compared with the names of lists; class rules need a structure."),
    )


def typed(request: HttpRequest) -> HttpResponseBase:
    """Show the timeline of a structure or a name that is typed."""
    officer = signed_in(request)
    form = posted(request, TimelineForm)
    shown = _answer(officer, form, None) if form.is_bound and form.is_valid() else None
    return _page(request, form, shown)


def stored(request: HttpRequest, structure_id: uuid.UUID) -> HttpResponseBase:
    """Show the timeline of a structure that came with one of the agency's alerts."""
    officer = signed_in(request)
    if (
        not StoredStructure.objects.visible_to(officer)
        .filter(pk=structure_id, mark__in=(Mark.READ, Mark.NAMED))
        .exists()
    ):
        raise AbsentError
    form = posted(request, TimelineForm)
    shown = _answer(officer, form, structure_id) if form.is_bound and form.is_valid() else None
    return _page(request, form, shown, is_stored=True)


def _answer(officer: Officer, form: WhyForm, structure_id: uuid.UUID | None) -> TimelineShown | None:
    given, now = form.cleaned_data, clock.now()
    query = Query(given["structure"].strip("\r\n"), given["name"])
    try:
        if structure_id is not None:
            return ask_stored_timeline(officer, structure_id, form.why(), now=now)
        if not query.smiles.strip() and not query.name.strip():
            raise InputError("structure", _("Structure: paste one, or enter a name."))
        return ask_timeline(officer, query, form.why(), now=now)
    except (InputError, ScienceInputError) as refused:
        form.put_error(refused)
    except ScienceAwayError:
        form.add_error(None, _("The process that reads structures was lost; ask again."))
    return None


def _page(
    request: HttpRequest, form: WhyForm, shown: TimelineShown | None, *, is_stored: bool = False
) -> HttpResponse:
    problems = problems_of(form)
    return render_page(
        request,
        "science/timeline",
        _("Over time"),
        status=422 if problems else 200,
        form=form,
        problems=problems,
        shown=shown,
        is_stored=is_stored,
    )
