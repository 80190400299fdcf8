# SPDX-License-Identifier: Apache-2.0
"""Forms for an agency that comes in: its id, the key for entering, what the keeper compared, its first agency admin."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from callers.directory import AGENCY_ID
from desk.agency.officers.forms import UnitForm


def _wrong(text: Any, *codes: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "invalid", "max_length", *codes), text)


class EntryKeyForm(forms.Form):
    """Form whose key is not shown while it is typed; the page that asks to confirm passes it on hidden."""

    entry_key = forms.CharField(
        label=gettext_lazy("Key for entering"),
        help_text=gettext_lazy("As the exchange's operator gave it: 12 characters, a dot, 43 characters."),
        max_length=80,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        error_messages=_wrong(gettext_lazy("Key for entering: enter it as the exchange's operator gave it.")),
    )


class TakeInForm(EntryKeyForm):
    agency_id = forms.CharField(
        label=gettext_lazy("Agency id"),
        help_text=gettext_lazy("As the exchange's operator admitted it, such as xa-lab."),
        max_length=23,
        widget=forms.TextInput(attrs={"autofocus": True}),
        validators=[AGENCY_ID],
        error_messages=_wrong(gettext_lazy("Agency id: use a country code, a hyphen, a name.")),
    )
    field_order = ("agency_id", "entry_key")


class ConfirmedForm(TakeInForm):
    """Values that were shown, which the button confirms; the exchange is asked again and has to give the same."""

    confirmed = forms.BooleanField(initial=True)
    name = forms.CharField(max_length=120)
    custody = forms.CharField(max_length=12)
    root_fingerprint = forms.CharField(max_length=64, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = forms.HiddenInput()


class FirstAdminForm(UnitForm):
    full_name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto", "autofocus": True}),
        error_messages=_wrong(gettext_lazy("Name: enter the name as colleagues know it.")),
    )
    email = forms.CharField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages=_wrong(gettext_lazy("E-mail: enter a complete address.")),
    )
    field_order = ("full_name", "unit", "email")
