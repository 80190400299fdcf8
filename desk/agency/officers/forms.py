# SPDX-License-Identifier: Apache-2.0
"""Forms about officers: an invitation, roles, a deputy, the own profile."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from callers.capabilities import Role
from callers.timezones import zone_choices
from officers.accountmail import hands_links_over
from officers.models import Officer

ROLE_CHOICES: Final = (
    (Role.READER.value, _("Reader: reads and acknowledges alerts")),
    (Role.AUTHOR.value, _("Author: writes alerts")),
    (Role.RELEASER.value, _("Releaser: checks, sends and withdraws alerts")),
    (Role.KEY_OFFICER.value, _("Key officer: manages the agency's keys")),
    (Role.AGENCY_ADMIN.value, _("Agency admin: officers, policy, agreements, API keys")),
    (Role.AUDITOR.value, _("Auditor: reads the audit, no alerts; excludes every other role")),
)
ROLES_MISSING: Final = _("Roles: choose one or more.")
_ZONE_UNKNOWN: Final = _("Time zone: choose one of the list.")


def language_choices(known: str = "") -> list[tuple[str, Any]]:
    """Return the languages of this hub, and the one that is set already."""
    spoken = list(settings.LANGUAGES)
    return spoken if not known or known in dict(spoken) else [*spoken, (known, known)]


class UnitForm(forms.Form):
    unit = forms.CharField(
        label=_("Unit"),
        help_text=_("It stands beside the name and tells people of one name apart."),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
        error_messages={"max_length": _("Unit: use up to 60 characters.")},
    )


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=ROLE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": ROLES_MISSING, "invalid_choice": ROLES_MISSING},
    )


class InviteForm(UnitForm, RolesForm):
    full_name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto", "autofocus": True}),
        error_messages={
            "required": _("Name: enter the name as colleagues know it."),
            "max_length": _("Name: use up to 120 characters."),
        },
    )
    email = forms.CharField(
        label=_("E-mail"),
        help_text=_("The invitation goes there; afterwards it is the name for signing in."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": _("E-mail: enter a complete address."),
            "max_length": _("E-mail: enter a complete address."),
        },
    )
    field_order = ("full_name", "unit", "email", "roles")

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        if hands_links_over():
            self.fields["email"].help_text = _(
                "The name for signing in. This desk sends no mail: the link is shown to you, to be handed over."
            )


class DeputyForm(forms.Form):
    deputy = forms.ChoiceField(
        label=_("Deputy"),
        required=False,
        error_messages={"invalid_choice": _("Deputy: choose another active officer.")},
    )

    def __init__(self, *args: Any, colleagues: Iterable[Officer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Nobody")), *((row.public_id, row.display_name) for row in colleagues)]
        self.fields["deputy"].choices = choices  # type: ignore[attr-defined]


class ProfileForm(UnitForm):
    full_name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        error_messages={
            "required": _("Name: enter the name as colleagues know it."),
            "max_length": _("Name: use up to 120 characters."),
        },
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("All times are shown in it, always with the zone."),
        required=False,
        error_messages={"invalid_choice": _ZONE_UNKNOWN},
    )
    language = forms.ChoiceField(
        label=_("Language"),
        help_text=_("Of pages and mails."),
        required=False,
        error_messages={"invalid_choice": _("Language: choose one of the list.")},
    )
    field_order = ("full_name", "unit", "timezone", "language")

    def __init__(self, *args: Any, officer: Officer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agency = officer.agency
        zone = agency.timezone if agency else "UTC"
        theirs = _("As the agency: %(zone)s") % {"zone": zone} if agency else "UTC"
        zones = zone_choices()
        if officer.timezone and officer.timezone not in dict(zones):
            zones = (*zones, (officer.timezone, officer.timezone))
        self.fields["timezone"].choices = [("", theirs), *(one for one in zones if one[1] != theirs)]  # type: ignore[attr-defined]
        languages = language_choices(officer.language)
        unset = _("As the agency") if agency else _("As the browser")
        self.fields["language"].choices = [("", unset), *languages]  # type: ignore[attr-defined]


class OwnMailForm(forms.Form):
    routine_mail = forms.TypedChoiceField(
        label=_("Mail about routine alerts"),
        choices=(("yes", _("Send it")), ("no", _("Send none; I look into the inbox"))),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Mail about routine alerts: choose one."),
            "invalid_choice": _("Mail about routine alerts: choose one."),
        },
    )
    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        help_text=_("In your time zone. Routine mail waits until the quiet hours end."),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": _("Quiet from: enter a time such as 22:00.")},
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": _("Quiet until: enter a time such as 06:30.")},
    )


class ChoosePasswordForm(forms.Form):
    """Password form for a person who follows a link; it asks for no old password."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
        error_messages={"required": _("Password: choose one.")},
    )
    again = forms.CharField(
        label=_("Password once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("Password once more: type the same again.")},
    )

    def clean_again(self) -> str:
        if self.cleaned_data.get("password", "") != self.cleaned_data["again"]:
            raise forms.ValidationError(_("Password once more: type the same again."))
        return str(self.cleaned_data["again"])
