# SPDX-License-Identifier: Apache-2.0
"""Page that compares two profiles: pasted, by one method, with the weight of the score."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.errors import ScienceInputError
from alerts.profiles.samples import Lead, Leads
from alerts.query_audit import science_errors
from callers import clock
from callers.errors import InputError
from desk.science.reason import WhyForm, posted
from desk.web.confirm import problems_of
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from science.answers.profiles import (
    REASONS,
    ComparisonShown,
    compare_profiles,
    compare_with_samples,
    method_choices,
    profile_of_text,
    show_comparison,
)
from substances.profiles.methods import shipped_methods

VALUES_AT_MOST: Final = 20_000


def _values(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=VALUES_AT_MOST,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off", "dir": "ltr"}),
        help_text=gettext_lazy(
            "One value a target, in the method's order, split by commas or lines. Write nd or a hyphen for below detection, never 0."
        ),
        error_messages={"required": gettext_lazy("Profile: give the values.")},
    )


class CompareForm(WhyForm):
    """Two profiles, each with the method by which it was measured."""

    first_method = forms.ChoiceField(label=gettext_lazy("Method of the first"), choices=method_choices)
    first = _values(gettext_lazy("First profile"))
    second_method = forms.ChoiceField(label=gettext_lazy("Method of the second"), choices=method_choices)
    second = _values(gettext_lazy("Second profile"), required=False)


@dataclass(frozen=True)
class LeadShown:
    """Similar sample of the agency's own alerts."""

    lead: Lead
    shown: ComparisonShown


@dataclass(frozen=True)
class Answer:
    """Result: `shown` for two profiles; `leads` and their `rows` for one against the agency's samples."""

    shown: ComparisonShown | None = None
    leads: Leads | None = None
    rows: tuple[LeadShown, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()


def compare(request: HttpRequest) -> HttpResponseBase:
    """Show the form, and above it the comparison."""
    officer = signed_in(request)
    form = posted(request, CompareForm)
    answer = _answer(officer, form) if form.is_bound and form.is_valid() else None
    problems = problems_of(form)
    return render_page(
        request,
        "science/compare",
        _("Compare profiles"),
        status=422 if problems else 200,
        form=form,
        problems=problems,
        methods=shipped_methods(),
        answer=answer,
        shown=answer.shown if answer else None,
    )


def _answer(officer: Officer, form: WhyForm) -> Answer | None:
    given, now = form.cleaned_data, clock.now()
    try:
        first = _profile(form, "first")
        if not given["second"].strip():
            return _leads(compare_with_samples(officer, first, form.why(), now=now))
        return Answer(compare_profiles(officer, first, _profile(form, "second"), form.why(), now=now))
    except (InputError, ScienceInputError) as refused:
        form.put_error(refused)
    return None


def _profile(form: WhyForm, side: str) -> dict[str, Any]:
    with science_errors(side):
        return profile_of_text(form.cleaned_data[f"{side}_method"], form.cleaned_data[side])


def _leads(leads: Leads) -> Answer:
    rows = tuple(LeadShown(lead, show_comparison(lead.comparison)) for lead in leads.rows)
    return Answer(None, leads, rows, tuple((str(REASONS.get(code, code)), n) for code, n in leads.reasons))
