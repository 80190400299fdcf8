# SPDX-License-Identifier: Apache-2.0
"""Page of similar substances: among the agency's own alerts and the reference set, with the common scaffold."""

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.errors import ScienceInputError
from callers import clock
from callers.errors import InputError
from desk.science.reason import TEXT_AT_MOST, WhyForm, posted, text_of_file
from desk.web.confirm import problems_of
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from science.structures.analogues import AnaloguesShown, find_analogues


class SimilarForm(WhyForm):
    """Structure to start from."""

    structure = forms.CharField(
        label=gettext_lazy("Structure"),
        required=False,
        max_length=TEXT_AT_MOST,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off", "dir": "ltr", "class": "mono"}
        ),
        help_text=gettext_lazy("Paste SMILES, InChI, or a MOL or SDF block (V2000, V3000)."),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"), required=False, help_text=gettext_lazy("MOL, SDF, or a text file.")
    )


def similar(request: HttpRequest) -> HttpResponseBase:
    """Show the form, and above it what the structure resembles."""
    officer = signed_in(request)
    form = posted(request, SimilarForm)
    found = _answer(officer, form) if form.is_bound and form.is_valid() else None
    problems = problems_of(form)
    return render_page(
        request,
        "science/similar",
        _("Similar substances"),
        status=422 if problems else 200,
        form=form,
        problems=problems,
        found=found,
    )


def _answer(officer: Officer, form: WhyForm) -> AnaloguesShown | None:
    try:
        text = form.cleaned_data["structure"].strip("\r\n") or text_of_file(form, "file")
        return find_analogues(officer, text, form.why(), now=clock.now())
    except (InputError, ScienceInputError) as refused:
        form.put_error(refused)
    return None
