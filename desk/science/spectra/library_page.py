# SPDX-License-Identifier: Apache-2.0
"""The agency's own library of spectra: its list, an import with its report, and deleting, each act confirmed."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alerts.errors import ScienceInputError
from callers import clock
from callers.capabilities import Capability
from callers.errors import InputError
from desk.science.reason import octets_of_file
from desk.web.confirm import ConfirmForm, Question, ask, problems_of
from desk.web.frame import render_page, signed_in
from science.spectra.library import (
    PAGE,
    SPECTRA_AT_MOST,
    begin_import,
    confirm_import,
    delete_import,
    delete_spectrum,
    find_import,
    find_spectrum,
    list_library,
    open_spectra,
    read_import,
)


class ImportForm(forms.Form):
    """File, and the values for records that leave them out."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "MSP, MGF, mzML with peak lists, or JCAMP-DX; up to 4 MiB. Nothing is used before you confirm."
        ),
        error_messages={
            "required": gettext_lazy("File: choose one."),
            "empty": gettext_lazy("File: it is empty; choose another."),
        },
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        required=False,
        help_text=gettext_lazy("Where the spectra come from; for records that do not say."),
        widget=forms.TextInput(attrs={"maxlength": 200, "autocomplete": "off"}),
    )
    licence = forms.CharField(
        label=gettext_lazy("Licence"),
        required=False,
        help_text=gettext_lazy("Under which terms you may use them; for records that do not say."),
        widget=forms.TextInput(attrs={"maxlength": 200, "autocomplete": "off"}),
    )


def library(request: HttpRequest) -> HttpResponseBase:
    """List the spectra; POST reads a file and redirects to its report."""
    officer = signed_in(request)
    may_manage = Capability.SCIENCE_MANAGE in officer.capabilities
    if request.method == "POST":
        form = ImportForm(request.POST, request.FILES)
        if form.is_valid() and (batch := _begin(request, form)):
            return redirect("admin:science_import", batch)
        return _page(request, form, may_manage=may_manage)
    return _page(request, ImportForm(), may_manage=may_manage)


def import_report(request: HttpRequest, import_id: uuid.UUID) -> HttpResponseBase:
    """Show what a file holds, record by record; POST adds it to the library."""
    officer = signed_in(request)
    batch = find_import(officer, import_id)
    problem = ""
    if request.method == "POST":
        try:
            count = confirm_import(officer, batch, now=clock.now())
        except InputError as refused:
            problem = refused.problem
        else:
            text = ngettext("%(n)s spectrum is in the library.", "%(n)s spectra are in the library.", count)
            messages.success(request, text % {"n": count})
            return redirect("admin:science_library")
    shown = read_import(officer, batch)
    return render_page(
        request,
        "science/import",
        _("Import spectra"),
        status=422 if problem else 200,
        shown=shown,
        problem=problem,
        accepted=shown.accepted[:SPECTRA_AT_MOST][: 4 * PAGE],
        accepted_more=max(len(shown.accepted) - 4 * PAGE, 0),
        refused=shown.refused[: 4 * PAGE],
        refused_more=max(len(shown.refused) - 4 * PAGE, 0),
    )


def import_delete(request: HttpRequest, import_id: uuid.UUID) -> HttpResponseBase:
    """Ask on GET whether to delete an import with all its spectra; delete it on POST."""
    officer = signed_in(request)
    batch = find_import(officer, import_id)
    count = batch.spectra.count()
    if request.method == "POST":
        delete_import(officer, batch, now=clock.now())
        messages.success(request, _("The import is gone."))
        return redirect("admin:science_library")
    button = ngettext("Delete %(n)s spectrum", "Delete %(n)s spectra", count) % {"n": count}
    return ask(
        request,
        Question(
            title=_("Delete an import"),
            heading=_("Delete this import?"),
            button=button,
            back=reverse("admin:science_library"),
            does=[_("All spectra of this import leave the library; queries no longer find them.")],
            lasts=_("This cannot be undone. Alerts and their files stay as they are."),
            is_grave=True,
        ),
        ConfirmForm(),
    )


def spectrum_delete(request: HttpRequest, spectrum_id: uuid.UUID) -> HttpResponseBase:
    """Ask on GET whether to delete one spectrum; delete it on POST."""
    officer = signed_in(request)
    row = find_spectrum(officer, spectrum_id)
    if request.method == "POST":
        delete_spectrum(officer, row, now=clock.now())
        messages.success(request, _("The spectrum is gone."))
        return redirect("admin:science_library")
    kept = next(open_spectra(row.agency_id, [row]), None)
    facts = [(label, text) for name, label in _FACTS if kept and (text := getattr(kept.shown, name))]
    return ask(
        request,
        Question(
            title=_("Delete a spectrum"),
            heading=_("Delete this spectrum?"),
            button=_("Delete 1 spectrum"),
            back=reverse("admin:science_library"),
            does=[_("It leaves the library; queries no longer find it.")],
            lasts=_("This cannot be undone. Alerts and their files stay as they are."),
            facts=facts,
            is_grave=True,
        ),
        ConfirmForm(),
    )


_FACTS = (
    ("name", gettext_lazy("Name")),
    ("precursor_mz", gettext_lazy("Precursor m/z")),
    ("adduct", gettext_lazy("Adduct")),
    ("accession", gettext_lazy("Accession")),
)


def _begin(request: HttpRequest, form: ImportForm) -> uuid.UUID | None:
    try:
        batch = begin_import(
            signed_in(request),
            filename=form.cleaned_data["file"].name,
            data=octets_of_file(form, "file"),
            source=form.cleaned_data["source"],
            licence=form.cleaned_data["licence"],
            now=clock.now(),
        )
    except (InputError, ScienceInputError) as refused:
        form.add_error(refused.field if refused.field in form.fields else "file", refused.problem)
        return None
    return batch.pk


def _page(request: HttpRequest, form: ImportForm, *, may_manage: bool) -> HttpResponse:
    page = _number(request.GET.get("page", ""))
    rows, total = list_library(signed_in(request), page=page)
    problems = problems_of(form)
    context: dict[str, Any] = {
        "rows": rows,
        "total": total,
        "most": SPECTRA_AT_MOST,
        "page": page,
        "newer": page - 1,
        "older": page + 1 if page * PAGE < total else 0,
        "may_manage": may_manage,
        "form": form,
        "problems": problems,
    }
    return render_page(
        request, "science/library", _("Spectra library"), status=422 if problems else 200, **context
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 and int(text) else 1
