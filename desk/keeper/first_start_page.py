# SPDX-License-Identifier: Apache-2.0
"""First start of an own desk, before anybody can sign in: a passphrase for its keys, then its first keeper.

Each page asks for the code that the console shows. A finished step stays finished: whoever closes the browser comes
back to the next step. Once a keeper has a second factor this page is absent.
"""

import logging
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from callers import clock
from callers.errors import AbsentError, InputError
from desk.agency.officers.forms import ChoosePasswordForm
from desk.web.confirm import problems_of, refuse
from desk.web.frame import frame_context
from officers.first_start import check_code, has_keeper, is_first_start, make_first_keeper
from vault.errors import LockedFileError, RamFolderError, RingMadeError, WrongSecretError
from vault.kek import Lock, lock_state
from vault.locking import draw_recovery_key
from vault.unlocking import DESK, is_recovery_key, make_ring

log = logging.getLogger(__name__)


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("From the console of this machine: letters and digits in groups of four."),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "dir": "ltr", "autofocus": True, "spellcheck": "false"}
        ),
        error_messages=dict.fromkeys(
            ("required", "max_length"), gettext_lazy("Code: enter it as the console shows it.")
        ),
    )


class PassphraseForm(CodeForm):
    """The passphrase is typed at each start of the desk; the recovery key's end proves that it was written down."""

    recovery_key = forms.CharField(widget=forms.HiddenInput, max_length=100)
    written_down = forms.CharField(
        label=gettext_lazy("Last group of the recovery key"),
        help_text=gettext_lazy("From your paper, so that it is sure to stand there."),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "dir": "ltr", "autofocus": True, "spellcheck": "false"}
        ),
        error_messages=dict.fromkeys(
            ("required", "max_length"),
            gettext_lazy("Last group of the recovery key: type it from your paper."),
        ),
    )
    passphrase = forms.CharField(
        label=gettext_lazy("Passphrase"),
        help_text=gettext_lazy(
            "16 characters or more, such as five words. Whoever starts the desk types it."
        ),
        max_length=400,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": gettext_lazy("Passphrase: choose one of 16 characters or more.")},
    )
    passphrase_again = forms.CharField(
        label=gettext_lazy("Passphrase once more"),
        max_length=400,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": gettext_lazy("Passphrase once more: type the same again.")},
    )
    field_order = ("written_down", "passphrase", "passphrase_again", "recovery_key", "code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = forms.HiddenInput()

    def clean_passphrase_again(self) -> str:
        if self.cleaned_data.get("passphrase") != self.cleaned_data["passphrase_again"]:
            raise forms.ValidationError(_("Passphrase once more: type the same again."))
        return str(self.cleaned_data["passphrase_again"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        last = str(data.get("recovery_key", "")).rpartition("-")[2]
        if "written_down" in data and data["written_down"].strip().upper() != last:
            self.add_error(
                "written_down",
                _(
                    "Last group of the recovery key: it is another one. Compare the whole key with your paper."
                ),
            )
        return data


class FirstKeeperForm(ChoosePasswordForm, CodeForm):
    full_name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        error_messages=dict.fromkeys(
            ("required", "max_length"), gettext_lazy("Your name: enter it as colleagues know it.")
        ),
    )
    email = forms.CharField(
        label=gettext_lazy("Your e-mail"),
        help_text=gettext_lazy("You sign in with it."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        error_messages=dict.fromkeys(
            ("required", "max_length"), gettext_lazy("Your e-mail: enter a complete address.")
        ),
    )
    field_order = ("code", "full_name", "email", "password", "again")


@never_cache
@sensitive_post_parameters(
    "code", "recovery_key", "written_down", "passphrase", "passphrase_again", "password", "again"
)
@require_http_methods(["GET", "HEAD", "POST"])
def first_start(request: HttpRequest) -> HttpResponseBase:
    """Show the next step."""
    if not is_first_start():
        raise Http404
    try:
        if lock_state() is Lock.UNMADE:
            return _passphrase(request)
        if "recovery_key" in request.POST:
            return _ring_made(request)
        if lock_state() is Lock.LOCKED:
            # It was started again meanwhile: whoever has made the ring opens it first.
            return redirect("admin:unlock")
        return _keeper(request)
    except AbsentError:
        raise Http404 from None


@sensitive_variables("form", "data")
def _passphrase(request: HttpRequest) -> HttpResponse:
    """Ask for the code, then draw and show the recovery key; the ring is made only once that is written down."""
    if "recovery_key" not in request.POST:
        return _recovery_key(request)
    form = PassphraseForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            check_code(data["code"])
            make_ring(
                passphrase=data["passphrase"], recovery_key=data["recovery_key"], actor=DESK, now=clock.now()
            )
        except InputError as refused:
            refuse(form, refused)
        except WrongSecretError:
            return _recovery_key(request)
        except RingMadeError:
            return _ring_made(request)
        except (RamFolderError, OSError) as failure:
            log.error("the desk's ring was not made: %s %s", type(failure).__name__, failure)
            if lock_state() is Lock.UNMADE:
                form.add_error(None, _not_stored(failure))
                return _page(
                    request, "passphrase", form=form, recovery_key=form["recovery_key"].value(), status=503
                )
            return redirect("admin:first_start")
        else:
            return redirect("admin:first_start")
    return _page(request, "passphrase", form=form, recovery_key=form["recovery_key"].value())


@sensitive_variables("data")
def _ring_made(request: HttpRequest) -> HttpResponse:
    """Tell the second of two people whether the recovery key on their paper opens this desk."""
    form = PassphraseForm(request.POST)
    form.is_valid()
    data = form.cleaned_data
    try:
        check_code(data.get("code", ""))
        is_ours = is_recovery_key(data.get("recovery_key", ""))
    except (InputError, WrongSecretError, LockedFileError):
        return redirect("admin:first_start")
    return _page(request, "ring_made", is_ours=is_ours, status=200 if is_ours else 409)


def _not_stored(failure: Exception) -> str:
    reason = failure.strerror if isinstance(failure, OSError) else type(failure).__name__
    return _(
        "This machine could not store the key (%(reason)s). Nothing was made, and your paper still counts: have room made, then press Continue again."
    ) % {"reason": reason}


@sensitive_variables("drawn")
def _recovery_key(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST if "code" in request.POST else None)
    if not form.is_valid():
        return _page(request, "code", form=form)
    try:
        check_code(form.cleaned_data["code"])
    except InputError as refused:
        refuse(form, refused)
        return _page(request, "code", form=form)
    drawn = draw_recovery_key()
    second = PassphraseForm(initial={"code": form.cleaned_data["code"], "recovery_key": drawn})
    return _page(request, "passphrase", form=second, recovery_key=drawn)


@sensitive_variables("data")
def _keeper(request: HttpRequest) -> HttpResponse:
    form = FirstKeeperForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            officer = make_first_keeper(
                data["code"],
                email=data["email"],
                full_name=data["full_name"],
                password=data["password"],
                now=clock.now(),
            )
        except InputError as refused:
            refuse(form, refused)
        else:
            return _page(request, "keeper_made", email=officer.email)
    rules = password_validators_help_texts()
    return _page(request, "keeper", form=form, rules=rules, has_keeper=has_keeper())


def _page(
    request: HttpRequest, step: str, *, form: forms.Form | None = None, status: int = 0, **context: object
) -> HttpResponse:
    problems = problems_of(form) if form is not None else []
    page = {**frame_context(request), **context, "step": step, "form": form, "problems": problems}
    return render(
        request, "accord/own_desk/first_start.html", page, status=status or (422 if problems else 200)
    )
