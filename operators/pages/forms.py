# SPDX-License-Identifier: Apache-2.0
"""Forms of an agency's accession: its facts, and the groups of the fingerprint that its head read aloud."""

from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.fingerprintwords import fingerprint_words
from agencies.fingerprints import checked_fingerprint
from agencies.similar_names import resembling_text, similar_names_of
from callers.directory import AGENCY_ID, WITHOUT_COUNTRY, AgencyKind, Custody
from callers.errors import InputError
from callers.timezones import zone_choices

GROUPS: Final = 16
GROUP_CHARS: Final = 4
HEARD: Final = tuple(range(2, GROUPS + 1, 2))
"""The groups that the other side reads; the odd ones are read to it."""


def _wrong(text: Any, *codes: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "invalid", "invalid_choice", "max_length", *codes), text)


class AdmitForm(forms.Form):
    agency_id = forms.CharField(
        label=gettext_lazy("Agency id"),
        help_text=gettext_lazy(
            "A country code, a hyphen, a short name, such as xa-lab; xx- for a body of no country. It never changes."
        ),
        max_length=23,
        widget=forms.TextInput(attrs={"autofocus": True}),
        validators=[AGENCY_ID],
        error_messages=_wrong(gettext_lazy("Agency id: use a country code, a hyphen, a name.")),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        error_messages=_wrong(gettext_lazy("Name: enter up to 120 characters.")),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=AgencyKind.choices,
        error_messages=_wrong(gettext_lazy("Kind: choose one.")),
    )
    country = forms.RegexField(
        r"\A[A-Za-z]{2}\Z",
        label=gettext_lazy("Country"),
        help_text=gettext_lazy("Two letters. Empty for a body of no country."),
        max_length=2,
        required=False,
        error_messages=_wrong(gettext_lazy("Country: enter two letters.")),
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        error_messages=_wrong(gettext_lazy("Time zone: choose one of the list.")),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of mails"),
        error_messages=_wrong(gettext_lazy("Language: choose one of the list.")),
    )
    duty_phone = forms.CharField(
        label=gettext_lazy("Duty telephone"),
        help_text=gettext_lazy("Every agency of this exchange sees it."),
        max_length=40,
        required=False,
        error_messages=_wrong(gettext_lazy("Duty telephone: use up to 40 characters.")),
    )
    custody = forms.ChoiceField(
        label=gettext_lazy("Who holds its keys"),
        choices=Custody.choices,
        widget=forms.RadioSelect,
        error_messages=_wrong(gettext_lazy("Who holds its keys: choose one.")),
    )
    root_fingerprint = forms.CharField(
        label=gettext_lazy("Fingerprint of its root"),
        help_text=gettext_lazy(
            "From the paper that its head signed: 16 groups of four. Empty only where its desk makes the root."
        ),
        required=False,
        max_length=120,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocomplete": "off"}),
        error_messages=_wrong(
            gettext_lazy("Fingerprint: enter the 64 digits and letters a to f from the paper.")
        ),
    )

    resembles = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ask_about_twins()
        self.fields["timezone"].choices = zone_choices()  # type: ignore[attr-defined]
        self.fields["language"].choices = list(settings.LANGUAGES)  # type: ignore[attr-defined]

    def _ask_about_twins(self) -> None:
        """Ask only where the name looks like another one, and show that one beside it."""
        typed = str(self.data.get("name", "")).strip() if self.is_bound else ""
        twins = similar_names_of(typed) if typed else []
        if not twins:
            del self.fields["resembles"]
            return
        text = resembling_text(typed, twins)
        field = self.fields["resembles"]
        field.required, field.label, field.help_text = True, _("They are two agencies"), text
        field.error_messages["required"] = text

    def clean_country(self) -> str:
        country = str(self.cleaned_data["country"]).upper()
        if not country and not self.cleaned_data.get("agency_id", WITHOUT_COUNTRY).startswith(
            WITHOUT_COUNTRY
        ):
            raise ValidationError(_("Country: enter two letters."))
        return country

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if {"custody", "root_fingerprint"} <= values.keys():
            if values["custody"] == Custody.HUB and values["root_fingerprint"].strip():
                text = _("Fingerprint: leave it empty, its desk makes the root; or choose who else holds it.")
                self.add_error("root_fingerprint", ValidationError(text))
                return values
            try:
                values["root_fingerprint"] = checked_fingerprint(
                    values["root_fingerprint"], values["custody"]
                )
            except InputError as refused:
                self.add_error("root_fingerprint", ValidationError(refused.problem))
        return values


class CompareForm(forms.Form):
    """The groups that were heard on the telephone, each beside the one that was read before it."""

    def __init__(self, *args: Any, fingerprint: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fingerprint = fingerprint
        for n in HEARD:
            self.fields[f"group_{n}"] = forms.CharField(
                label=_("Group %(n)d, as you hear it") % {"n": n},
                required=False,
                max_length=12,
                widget=forms.TextInput(
                    attrs={"size": 6, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
                ),
            )
        self.fields[f"group_{HEARD[0]}"].widget.attrs["autofocus"] = True

    def rows(self) -> list[tuple[int, str, str, Any]]:
        """Return each odd group to read aloud, in digits and in words, with the field of the even one after it."""
        groups = fingerprint_words(self._fingerprint)
        return [(n - 1, *groups[n - 2], self[f"group_{n}"]) for n in HEARD]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for n in HEARD:
            heard = "".join(values.get(f"group_{n}", "").split()).lower()
            if heard != group_of(self._fingerprint, n):
                text = _("Group %(n)d: this is not what stands on your paper.") % {"n": n}
                self.add_error(f"group_{n}", ValidationError(text))
        return values


class EntryKeyForm(forms.Form):
    client = forms.CharField(
        label=gettext_lazy("System"),
        help_text=gettext_lazy("What uses it, for example: case system."),
        max_length=60,
        error_messages=_wrong(gettext_lazy("System: use 1 to 60 letters, digits, spaces, dots or hyphens.")),
    )


def group_of(fingerprint: str, n: int) -> str:
    """Return group `n`, from 1, of four characters."""
    return fingerprint[(n - 1) * GROUP_CHARS : n * GROUP_CHARS]
