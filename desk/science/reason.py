# SPDX-License-Identifier: Apache-2.0
"""What every form that asks the science core begins with: why. It is kept in the form for the visit, not in the session."""

from typing import Any, Final, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.errors import ScienceInputError
from alerts.query_audit import Why
from alerts.receiving.opening import MAX_CASE_CHARS, OpeningReason
from callers.errors import InputError

FILE_AT_MOST: Final = 4 * 1024 * 1024
"""Octets of a file that is asked about; the readers have narrower limits of their own."""
TEXT_AT_MOST: Final = 500_000
"""Characters that a field for a structure or a spectrum takes; the readers have narrower limits of their own."""


class WhyForm(forms.Form):
    """Reason and case number; what they may be is judged where the question is asked."""

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

    def why(self) -> Why:
        """The reason given; only of a form that was read."""
        return Why(self.cleaned_data.get("reason", ""), self.cleaned_data.get("reference", ""))

    def put_error(self, error: InputError | ScienceInputError) -> None:
        """Shows a refusal at its field, at the top where the form has no such field; of a file's structure at the file."""
        named = [part for part in reversed(error.field.split(".")) if part in self.fields]
        given = self.cleaned_data
        if named[:1] == ["structure"] and given.get("file") and not given.get("structure", "").strip():
            named = ["file"]
        self.add_error(named[0] if named else None, error.problem)


def text_of_file(form: forms.Form, name: str) -> str:
    """A short text file as text; "" for none. An octet that is no UTF-8 is read as Latin-1, as instruments write it."""
    data = octets_of_file(form, name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def octets_of_file(form: forms.Form, name: str) -> bytes:
    """The octets of a file of the form; raises InputError over `FILE_AT_MOST`."""
    file = cast("UploadedFile[Any] | None", form.cleaned_data.get(name))
    if file is None:
        return b""
    if (file.size or 0) > FILE_AT_MOST:
        raise InputError(name, _("File: over 4 MiB; give a smaller one, with the peaks only."))
    return bytes(file.read())


def posted(request: HttpRequest, form: type[WhyForm], initial: dict[str, Any] | None = None) -> WhyForm:
    """The form as it was sent, or an empty one."""
    if request.method == "POST":
        return form(request.POST, request.FILES)
    return form(initial=initial)
