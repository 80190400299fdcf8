# SPDX-License-Identifier: Apache-2.0
"""Page that says who controls a substance on a day, for a structure, a name or a CAS number, with every line explained."""

from dataclasses import dataclass, field
from datetime import date

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import today_of
from alerts.errors import ScienceAwayError, ScienceInputError
from alerts.query_audit import AT_ONCE
from callers import clock
from callers.errors import InputError
from desk.science.reason import TEXT_AT_MOST, WhyForm, posted, text_of_file
from desk.web.confirm import problems_of
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from science.answers.screen import NAME_AT_MOST, Screened, SubstanceQuery, screen_substances, split_structures
from science.answers.screening import ScreeningShown, show_screening
from science.structures.analogues import AnaloguesShown, analogues_of
from substances.errors import InputRefusedError, WorkerLostError
from substances.sandbox import sandboxed

STEREO = {
    "none": gettext_lazy("No stereo centre"),
    "defined": gettext_lazy("Stereo stated"),
    "partly": gettext_lazy("Stereo stated in part"),
    "undefined": gettext_lazy("Stereo not stated"),
}
NOTICES: dict[str, str | Promise] = {
    "name_ignored": gettext_lazy("What stands after the structure was left aside."),
    "properties_ignored": gettext_lazy("The data fields of the SDF were left aside."),
    "non_standard_inchi": gettext_lazy("The InChI is not a standard one."),
    "relative_stereo": gettext_lazy(
        "The source marks its stereo as relative or as a mixture; it is drawn as one form."
    ),
    "inchi_not_reproduced": gettext_lazy(
        "Written anew, the InChI differs from the one given; compare the drawing."
    ),
    "amide_form_chosen": gettext_lazy("An imidic acid was read as its amide."),
    "several_organic_components": gettext_lazy("Several organic components: the largest was compared."),
    "no_inchi": gettext_lazy("No InChI could be made of it."),
    "unusually_large": gettext_lazy("Unusually large for a substance of casework."),
}


class ScreenForm(WhyForm):
    """Form of a question, with the day that it is asked for."""

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
    name = forms.CharField(
        label=gettext_lazy("Or a name"),
        required=False,
        max_length=NAME_AT_MOST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "auto"}),
        help_text=gettext_lazy("Compared with the names of lists; class rules need a structure."),
    )
    cas = forms.CharField(
        label=gettext_lazy("Or a CAS number"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "class": "narrow"}),
        help_text=gettext_lazy("With its hyphens, such as 437-38-7."),
    )
    on = forms.DateField(
        label=gettext_lazy("Date"),
        widget=forms.DateInput(attrs={"type": "date", "class": "narrow"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("The law of that day is applied."),
        error_messages={
            "required": gettext_lazy("Date: choose a day."),
            "invalid": gettext_lazy("Date: choose a day."),
        },
    )


@dataclass(frozen=True)
class SubstanceShown:
    """Answer of the page. Drawings and analogues only where one substance was asked about."""

    screened: Screened = field(repr=False)
    shown: ScreeningShown = field(repr=False)
    drawing: str = field(default="", repr=False)
    stereo_text: str = ""
    notices: tuple[str, ...] = ()
    analogues: AnaloguesShown | None = field(default=None, repr=False)


def screen(request: HttpRequest) -> HttpResponseBase:
    """Show the form, and above it the answer."""
    officer = signed_in(request)
    form = posted(request, ScreenForm, {"on": today_of(officer, clock.now())})
    answers = _answers(officer, form) if form.is_bound and form.is_valid() else ()
    problems = problems_of(form)
    return render_page(
        request,
        "science/screen",
        _("Check control"),
        status=422 if problems else 200,
        form=form,
        problems=problems,
        answers=answers,
        one=answers[0] if len(answers) == 1 else None,
        most=AT_ONCE,
    )


def _answers(officer: Officer, form: WhyForm) -> tuple[SubstanceShown, ...]:
    given = form.cleaned_data
    try:
        text = given["structure"].strip("\r\n") or text_of_file(form, "file")
        asked = _asked(text, given["name"], given["cas"])
        on: date = given["on"]
        found = screen_substances(officer, asked, on=on, why=form.why(), now=clock.now())
    except (InputError, ScienceInputError) as refused:
        form.put_error(refused)
        return ()
    alone = len(found) == 1
    return tuple(_shown(officer, one, in_full=alone) for one in found)


def _asked(text: str, name: str, cas: str) -> list[SubstanceQuery]:
    """Return the questions: each structure in a text is one; a name belongs to a single structure only."""
    texts = split_structures(text)
    if len(texts) == 1:
        return [SubstanceQuery(structure=text, name=name, cas=cas)]
    return [SubstanceQuery(structure=one) for one in texts]


def _shown(officer: Officer, one: Screened, *, in_full: bool) -> SubstanceShown:
    shown = show_screening(one.screening, draws=in_full)
    structure = one.structure
    if structure is None:
        return SubstanceShown(one, shown)
    return SubstanceShown(
        one,
        shown,
        drawing=_drawn(structure.smiles) if in_full else "",
        stereo_text=str(STEREO[structure.stereo]),
        notices=tuple(str(NOTICES.get(code, code)) for code in structure.notices),
        analogues=_analogues(officer, one) if in_full else None,
    )


def _analogues(officer: Officer, one: Screened) -> AnaloguesShown | None:
    assert one.structure is not None
    try:
        return analogues_of(officer, one.structure, one.rules)
    except (ScienceInputError, ScienceAwayError):
        return None


def _drawn(smiles: str) -> str:
    try:
        return sandboxed.draw(smiles, width=300, height=220, title=_("The structure asked about"))
    except (InputRefusedError, WorkerLostError):
        return ""
