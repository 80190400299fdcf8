# SPDX-License-Identifier: Apache-2.0
"""A new password by mail: requested with one answer for everybody, chosen once by the link."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from callers import clock
from callers.addresses import client_address
from callers.errors import AbsentError, InputError
from desk.web.frame import frame_context
from officers.accountlinks import digest_of, find_link, follow_link
from officers.accountmail import hands_links_over
from officers.expiring_rows import AccountLink
from officers.login.resetting import ask_reset

RESET: Final = AccountLink.Purpose.RESET
_FOLLOWED = "reset_link"


class AskForm(forms.Form):
    email = forms.EmailField(
        max_length=254, error_messages={"invalid": _("E-mail: enter a complete address.")}
    )


class NewPasswordForm(forms.Form):
    new = forms.CharField(label=_("New password"), strip=False, widget=forms.PasswordInput)
    again = forms.CharField(label=_("New password once more"), strip=False, widget=forms.PasswordInput)

    def clean_again(self) -> str:
        if self.cleaned_data.get("new") != self.cleaned_data["again"]:
            raise forms.ValidationError(_("New password once more: type the same again."))
        return str(self.cleaned_data["again"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Answer everybody alike; only the mail tells whether the account exists."""
    form, asked, by_hand = AskForm(request.POST or None), False, hands_links_over()
    if not by_hand and form.is_valid():
        ask_reset(form.cleaned_data["email"], client_address(request), now=clock.now())
        asked = True
    return _page(request, "account/reset_ask", _("New password"), form=form, asked=asked, by_hand=by_hand)


@never_cache
@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponseBase:
    """Remove the token from the address, so that no history and no referrer keeps it.

    An invalid token is not remembered, so that guesses leave no row.
    """
    try:
        digest = digest_of(token, RESET)
        find_link(digest, RESET, now=clock.now())
        request.session[_FOLLOWED] = digest
    except AbsentError:
        request.session.pop(_FOLLOWED, None)
    return redirect("admin:reset_new")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponseBase:
    """Ask for the new password on GET, set it on POST; an invalid link has the same page, whatever the cause."""
    digest = request.session.get(_FOLLOWED, "")
    form = NewPasswordForm(request.POST or None)
    try:
        find_link(digest, RESET, now=clock.now())
        if form.is_valid() and _set(digest, form):
            request.session.flush()
            messages.success(request, _("Your password is set. Sign in with it."))
            return HttpResponseRedirect(reverse("admin:login"))
    except AbsentError:
        return _page(request, "account/reset_over", _("New password"), status=404)
    rules = password_validators_help_texts()
    return _page(request, "account/reset_new", _("New password"), form=form, rules=rules)


def _set(digest: str, form: NewPasswordForm) -> bool:
    try:
        follow_link(digest, RESET, password=form.cleaned_data["new"], now=clock.now())
    except InputError as refused:
        form.add_error("new", refused.problem)
        return False
    return True


def _page(
    request: HttpRequest, template: str, title: str | Promise, *, status: int = 200, **context: Any
) -> HttpResponse:
    values = {**frame_context(request), "page_title": title, **context}
    return render(request, f"accord/{template}.html", values, status=status)
