# SPDX-License-Identifier: Apache-2.0
"""Page on which an own desk takes over its agency from the `accord` command: key file, passphrase, state, fingerprint from
paper.
"""

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from alerts.exchange_errors import exchange_errors
from callers import clock
from callers.errors import InputError
from desk.web.confirm import Question, ask, refuse
from desk.web.frame import signed_in
from officers.errors import TakenInError
from officers.moving_in import MovedIn, Moving, move_in, require_own_desk
from vault.moving_in import MAX_KEY_FILE_BYTES, MAX_STATE_FILE_BYTES

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

_NO_KEY_FILE: Final = gettext_lazy("Key file: choose the home's keys.accord.")
_NO_PASSPHRASE: Final = gettext_lazy("Passphrase: type the one of the key file.")
_NO_FINGERPRINT: Final = gettext_lazy("Fingerprint: enter it from paper, 64 digits and letters a to f.")


def _wrong(text: Promise, *codes: str) -> dict[str, Any]:
    return dict.fromkeys(("required", "invalid", "empty", "max_length", *codes), text)


class MoveInForm(forms.Form):
    """Form whose passphrase and API key are not shown while they are typed, nor again."""

    key_file = forms.FileField(
        label=gettext_lazy("Key file"),
        help_text=gettext_lazy("keys.accord of the home. It is opened in memory and not kept as it is."),
        error_messages=_wrong(_NO_KEY_FILE),
    )
    passphrase = forms.CharField(
        label=gettext_lazy("Passphrase of the key file"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages=_wrong(_NO_PASSPHRASE),
    )
    state_file = forms.FileField(
        label=gettext_lazy("State file"),
        help_text=gettext_lazy(
            "state.accord of the same home. The API key is taken out of it, and nothing else."
        ),
        required=False,
        error_messages=_wrong(gettext_lazy("State file: it is empty. Choose the home's state.accord.")),
    )
    api_key = forms.CharField(
        label=gettext_lazy("API key"),
        help_text=gettext_lazy("In place of the state file: 12 characters, a dot, 43 characters."),
        required=False,
        max_length=80,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        error_messages=_wrong(gettext_lazy("API key: it has 12 characters, a dot, 43 characters.")),
    )
    fingerprint = forms.CharField(
        label=gettext_lazy("Fingerprint of the agency's root"),
        help_text=gettext_lazy(
            "From paper, not from a screen: 64 digits and letters a to f, spaces allowed."
        ),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "spellcheck": "false"}),
        error_messages=_wrong(_NO_FINGERPRINT),
    )
    is_stopped = forms.BooleanField(
        label=gettext_lazy("The accord command, its watch and every timer are stopped for good"),
        error_messages=_wrong(gettext_lazy("Stop the command first, then confirm it here.")),
    )

    def clean_key_file(self) -> bytes:
        return _octets(self.cleaned_data["key_file"], MAX_KEY_FILE_BYTES, str(_NO_KEY_FILE))

    def clean_state_file(self) -> bytes:
        too_large = _("State file: it is too large. Choose the home's state.accord.")
        return _octets(self.cleaned_data["state_file"], MAX_STATE_FILE_BYTES, too_large)


def _octets(file: "UploadedFile[Any] | None", limit: int, too_large: str) -> bytes:
    if file is None:
        return b""
    if file.size is None or file.size > limit:
        raise forms.ValidationError(too_large)
    return bytes(file.read())


@sensitive_post_parameters("passphrase", "api_key")
@sensitive_variables("form")
def move_agency_in(request: HttpRequest) -> HttpResponseBase:
    """Check what a person provides against the exchange and the paper, then store it in one step; absent at other desks."""
    keeper, now = signed_in(request), clock.now()
    require_own_desk(keeper)
    form = MoveInForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    try:
        if not form.is_valid():
            return ask(request, _moving(), form)
        with exchange_errors():
            moved = move_in(keeper, Moving(**form.cleaned_data), now=now)
    except InputError as refused:
        refuse(form, refused)
        return ask(request, _moving(), form)
    except TakenInError:
        form.add_error(None, _("This desk is one agency's own, and has it already."))
        return ask(request, _moving(), form, status=409)
    _tell(request, moved)
    return redirect("admin:desk_agency", moved.agency.pk)


def _tell(request: HttpRequest, moved: MovedIn) -> None:
    messages.success(request, _("The agency has moved in. Invite its first agency admin next."))
    if moved.had_root:
        messages.info(
            request, _("The root in the key file was not taken. Keep it offline, and the file closed.")
        )
    if moved.lost:
        text = ngettext(
            "%(count)s former encryption key was not in the file: what was sealed to it stays closed.",
            "%(count)s former encryption keys were not in the file: what was sealed to them stays closed.",
            moved.lost,
        )
        messages.warning(request, text % {"count": moved.lost})


def _moving() -> Question:
    return Question(
        _("Move in from the accord command"),
        _("Move in from the accord command"),
        _("Move in"),
        reverse("admin:index"),
        does=[
            _(
                "Stop the command and let its spool run empty first. From now on this desk works for the agency, and the exchange refuses the command by name."
            ),
            _(
                "Taken are the keys to work with, old ones too, and the API key: what was received and is still at the exchange opens here. A root in the file is not taken and stays where it is."
            ),
            _(
                "Fingerprints of partners are not taken: two officers compare each of them anew before anything is sent."
            ),
        ],
    )
