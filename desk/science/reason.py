# SPDX-License-Identifier: Apache-2.0
"""Reason that every form for the science core asks for first. It is kept in the form for the visit, not in the session."""

from typing import Any, Final, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.errors import ScienceInputError
from alerts.query_audit import QueryReason
from alerts.receiving.opening import MAX_CASE_CHARS, OpeningReason
from callers.errors import InputError

FILE_AT_MOST: Final = 4 * 1024 * 1024
"""Limit of a file in octets; the readers have smaller limits of their own."""
TEXT_AT_MOST: Final = 500_000
"""Limit of a field for a structure or a spectrum in characters; the readers have smaller limits of their own."""


class WhyForm(forms.Form):
    """Reason and case number; they are judged where the question is asked."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why do you ask?"),
        choices=OpeningReason.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Reason: choose one."),
            "invalid_choice": gettext_lazy("Reason: choose one."),
        },
    )
    reference = forms.CharField(
        label=gettext_lazy("Case number"),
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "class": "narrow", "dir": "auto", "maxlength": MAX_CASE_CHARS}
        ),
    )

    def why(self) -> QueryReason:
        """Return the reason given; only for a form that was validated."""
        return QueryReason(self.cleaned_data.get("reason", ""), self.cleaned_data.get("reference", ""))

    def put_error(self, error: InputError | ScienceInputError) -> None:
        """Show a refusal at its field, or at the top where the form has no such field; for a file's structure at the file."""
        named = [part for part in reversed(error.field.split(".")) if part in self.fields]
        given = self.cleaned_data
        if named[:1] == ["structure"] and given.get("file") and not given.get("structure", "").strip():
            named = ["file"]
        self.add_error(named[0] if named else None, error.problem)


def text_of_file(form: forms.Form, name: str) -> str:
    """Return a short text file as text; "" for none. Octets that are not UTF-8 are read as Latin-1, as instruments write it."""
    data = octets_of_file(form, name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def octets_of_file(form: forms.Form, name: str) -> bytes:
    """Return the octets of a file of the form; raises InputError over `FILE_AT_MOST`."""
    file = cast("UploadedFile[Any] | None", form.cleaned_data.get(name))
    if file is None:
        return b""
    if (file.size or 0) > FILE_AT_MOST:
        raise InputError(name, _("File: over 4 MiB; give a smaller one, with the peaks only."))
    return bytes(file.read())


def posted(request: HttpRequest, form: type[WhyForm], initial: dict[str, Any] | None = None) -> WhyForm:
    """Return the form as it was sent, or an empty one."""
    if request.method == "POST":
        return form(request.POST, request.FILES)
    return form(initial=initial)
