# SPDX-License-Identifier: Apache-2.0
"""Page that asks what a spectrum resembles: pasted, uploaded, or a file of an alert; plot, hits, groups, fit."""

import uuid
from typing import cast

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.access import find_alert, find_received
from alerts.boxes.outbox import open_sent_attachment
from alerts.document.files import AttachmentFile
from alerts.errors import ScienceInputError
from alerts.receiving.opening import open_attachment
from callers import clock
from callers.errors import AbsentError, InputError
from desk.alerts.received.reading import reading_of
from desk.science.reason import TEXT_AT_MOST, WhyForm, octets_of_file, posted
from desk.web.confirm import problems_of
from desk.web.frame import render_page, signed_in
from officers.models import Officer
from science.answers.spectra import SpectrumAnswer, SpectrumAsked, match_spectrum
from substances.spectra.formats.peaklist import peak_octets, peak_table

MODES = (("", gettext_lazy("As the file says")), ("positive", "+"), ("negative", "\N{MINUS SIGN}"))


class MatchForm(WhyForm):
    """Spectrum, values that it lacks, and the structure to check it against."""

    text = forms.CharField(
        label=gettext_lazy("Spectrum"),
        required=False,
        max_length=TEXT_AT_MOST,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off", "dir": "ltr", "class": "mono"}
        ),
        help_text=gettext_lazy(
            'One "m/z intensity" a line, or an MSP, MGF or JCAMP-DX record; NMR as a shift list.'
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        help_text=gettext_lazy("MSP, MGF, mzML with peak lists, or JCAMP-DX; up to 4 MiB."),
    )
    which = forms.IntegerField(
        label=gettext_lazy("Which"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("Where the file holds several: the first, the second and so on."),
        widget=forms.NumberInput(attrs={"class": "narrow", "min": 1}),
        error_messages={
            "invalid": gettext_lazy("Which: enter a whole number."),
            "min_value": gettext_lazy("Which: enter a whole number from 1."),
        },
    )
    precursor_mz = forms.FloatField(
        label=gettext_lazy("Precursor m/z"),
        required=False,
        min_value=1,
        max_value=20_000,
        help_text=gettext_lazy("If the spectrum does not state it."),
        widget=forms.TextInput(
            attrs={"class": "narrow", "inputmode": "decimal", "autocomplete": "off", "dir": "ltr"}
        ),
        error_messages={
            "invalid": gettext_lazy("Precursor m/z: enter a number with a point, such as 337.2274."),
            "min_value": gettext_lazy("Precursor m/z: enter 1 to 20,000."),
            "max_value": gettext_lazy("Precursor m/z: enter 1 to 20,000."),
        },
    )
    ion_mode = forms.ChoiceField(label=gettext_lazy("Ion mode"), required=False, choices=MODES)
    everywhere = forms.BooleanField(
        label=gettext_lazy("Compare with spectra of any precursor mass too"), required=False
    )
    structure = forms.CharField(
        label=gettext_lazy("Check against a structure"),
        required=False,
        max_length=TEXT_AT_MOST,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 2, "spellcheck": "false", "autocomplete": "off", "dir": "ltr", "class": "mono"}
        ),
        help_text=gettext_lazy("SMILES, InChI or a MOL block: says whether the spectrum fits it."),
    )
    received = forms.UUIDField(required=False, widget=forms.HiddenInput)
    sent = forms.UUIDField(required=False, widget=forms.HiddenInput)
    n = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)


def match(request: HttpRequest) -> HttpResponseBase:
    """Show the form, and above it what was found. `?received=` or `?sent=` with `n` names a file of an alert."""
    officer = signed_in(request)
    initial = {name: request.GET[name] for name in ("received", "sent", "n") if name in request.GET}
    initial |= _reason_given(request, initial.get("received", ""))
    form = posted(request, MatchForm, initial)
    answer = _answer(officer, form) if form.is_bound and form.is_valid() else None
    problems = problems_of(form)
    return render_page(
        request,
        "science/match",
        _("Match a spectrum"),
        status=422 if problems else 200,
        form=form,
        problems=problems,
        answer=answer,
        of_alert=bool(form["received"].value() or form["sent"].value()),
        back_to=_place_of_alert(form),
    )


def _place_of_alert(form: WhyForm) -> str:
    """Return the address of the alert whose file is matched; empty where there is none."""
    for name in ("received", "sent"):
        try:
            return reverse(f"admin:{name}", args=[uuid.UUID(str(form[name].value()))])
        except ValueError:
            continue
    return ""


def _reason_given(request: HttpRequest, received: str) -> dict[str, str]:
    """Return the reason that the officer has given for reading this alert, while it is valid."""
    try:
        reading = reading_of(request, uuid.UUID(received), now=clock.now())
    except ValueError:
        return {}
    return {"reason": reading.reason, "reference": reading.reference} if reading else {}


def _answer(officer: Officer, form: WhyForm) -> SpectrumAnswer | None:
    given = form.cleaned_data
    try:
        filename, data, came_with = _spectrum(officer, form)
        asked = SpectrumAsked(
            filename=filename,
            data=data,
            came_with=came_with,
            which=given["which"] or 1,
            with_precursor=not given["everywhere"],
            precursor_mz=given["precursor_mz"],
            ion_mode=given["ion_mode"],
            structure=given["structure"],
        )
        return match_spectrum(officer, asked, form.why(), now=clock.now())
    except ScienceInputError as refused:
        form.add_error("structure" if refused.field == "structure" else _place(form), refused.problem)
    except InputError as refused:
        form.put_error(refused)
    return None


def _place(form: WhyForm) -> str:
    """Return the field with the spectrum."""
    return "file" if form.cleaned_data.get("file") else "text"


def _spectrum(officer: Officer, form: WhyForm) -> tuple[str, bytes, uuid.UUID | None]:
    """Return the spectrum's file name and octets, and the received alert that the file came with, if any."""
    given = form.cleaned_data
    if given["text"].strip():
        return "pasted.txt", peak_table(given["text"]).encode(), None
    if given["file"]:
        return str(given["file"].name), peak_octets(octets_of_file(form, "file")), None
    if given["n"] is not None and (given["received"] or given["sent"]):
        file = _file_of_alert(officer, form)
        return file.filename, file.data, given["received"]
    raise InputError("text", _("Spectrum: paste one or choose a file."))


def _file_of_alert(officer: Officer, form: WhyForm) -> AttachmentFile:
    """Open the file of an alert; for a received one this is an opening of its own, under the same reason."""
    given, why, now = form.cleaned_data, form.why(), clock.now()
    if given["received"]:
        received = find_received(officer, cast(uuid.UUID, given["received"]))
        return open_attachment(
            officer, received, n=given["n"], reason=why.reason, reference=why.reference, now=now
        )
    if not given["sent"]:
        raise AbsentError
    return open_sent_attachment(officer, find_alert(officer, given["sent"]), n=given["n"], now=now)
