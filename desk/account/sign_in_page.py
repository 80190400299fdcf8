# SPDX-License-Identifier: Apache-2.0
"""Signing in and out, changing the password, choosing the appearance."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.contrib.auth.views import LoginView
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from callers import clock
from callers.capabilities import Capability
from callers.errors import InputError
from desk.web import error_pages
from desk.web.frame import THEME_COOKIE, THEMES, frame_context, render_page, signed_in
from officers.accounts import change_password
from officers.first_start import has_keeper, is_first_start
from officers.login.attempts import WINDOW, StepUpSource, count_attempt, forgive_attempt, waiting_time
from officers.login.backends import login_source
from officers.login.errors import SignInClosedError
from officers.login.factors import has_factor
from officers.login.proof import sign_in_of
from officers.login.sessions import carry_session_over, end_other_sessions
from officers.login.signing import begin_second_step, finish_sign_in
from officers.models import Officer
from officers.restores import restore_in_review
from officers.session_rows import Proof

YEAR_SECONDS = 365 * 24 * 3600
UNSAVED = "unsaved"
"""Value in the address for a form that came without a session: nothing of it is kept."""


class SignInForm(AuthenticationForm):
    """Form with one text for every wrong pair, whether the account exists or not."""

    username = forms.EmailField(max_length=254)
    error_messages = {
        "invalid_login": _("E-mail or password is not right."),
        "inactive": _("E-mail or password is not right."),
        "locked": _("Sign-in is closed for 15 minutes. Wait or ask your agency admin."),
        "locked_long": _(
            "Sign-in is closed until tomorrow for browsers that you have not signed in with before. "
            "Use one that you know, a passkey, or ask your agency admin."
        ),
    }

    def get_invalid_login_error(self) -> forms.ValidationError:
        """Return the same error for locked, known and unknown accounts once there were too many guesses."""
        assert self.request is not None
        source = login_source(self.request, self.cleaned_data["username"])
        wait = waiting_time(source, now=clock.now())
        if wait is None:
            return forms.ValidationError(self.error_messages["invalid_login"], code="invalid_login")
        text = "locked" if wait <= WINDOW else "locked_long"
        return forms.ValidationError(self.error_messages[text], code="locked")


class SignInView(LoginView):
    template_name = "accord/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    http_method_names = ["get", "head", "post"]

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in by the password alone, or ask for the second factor that the officer has set up."""
        officer, now = form.get_user(), clock.now()
        assert isinstance(officer, Officer)
        if has_factor(officer):
            begin_second_step(self.request, officer, back=self.get_success_url(), now=now)
            return redirect("admin:second_step")
        return let_in(self.request, officer, Proof.PASSWORD, to=self.get_success_url(), now=now)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the page again; with status 429 where the guess was not checked."""
        is_closed = form.has_error(NON_FIELD_ERRORS, "locked")
        return self.render_to_response(self.get_context_data(form=form), status=429 if is_closed else 200)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        told = {"ended": _ended_text(self.request), "passkey_refused": "passkey" in self.request.GET}
        return {**context, **frame_context(self.request), **told}


_sign_in = SignInView.as_view()


@never_cache
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Show the sign-in page; at a desk that waits for its first keeper the page that makes one."""
    if is_first_start() and not has_keeper():
        return redirect("admin:first_start")
    return _sign_in(request)


def let_in(request: HttpRequest, officer: Officer, proof: Proof, *, to: str, now: datetime) -> HttpResponse:
    """Sign in an officer who has given the proof, or tell why not yet.

    An admin is sent first to the review of a restore, while that is open.
    """
    manages = Capability.OFFICER_MANAGE in officer.capabilities
    if manages and officer.agency is not None and restore_in_review(officer.agency):
        to = reverse("admin:after_restore")
    try:
        return finish_sign_in(request, officer, proof, to=to, now=now)
    except SignInClosedError as refused:
        context = {
            **frame_context(request),
            "page_title": _("Sign-in is closed"),
            "closed": refused.closed,
        }
        return render(request, "accord/account/closed.html", context, status=403)


def _ended_text(request: HttpRequest) -> str:
    if "ended" not in request.GET:
        return ""
    in_draft = request.GET.get("next", "").startswith(reverse("admin:drafts"))
    if request.GET["ended"] == UNSAVED and in_draft:
        return str(_("You were signed out. Your draft is saved, but not what you typed on its last page."))
    return str(_("You were signed out. Your draft is saved.") if in_draft else _("You were signed out."))


def ask_to_sign_in(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect to the sign-in page and back afterwards. A cookie whose session is over means that it timed out."""
    timed_out = request.COOKIES.get(settings.SESSION_COOKIE_NAME) and not request.session.keys()
    after = {"next": request.get_full_path()} if _leads_back(request) else {}
    ended = UNSAVED if request.method == "POST" else "1"
    query = urlencode({**after, **({"ended": ended} if timed_out else {})})
    return HttpResponseRedirect(reverse("admin:login") + (f"?{query}" if query else ""))


def _leads_back(request: HttpRequest) -> bool:
    """Tell whether to return to this address: to a page that was read, or to the step of a draft that could not be saved."""
    match = request.resolver_match
    return request.method in {"GET", "HEAD"} or (match is not None and match.url_name == "draft")


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Refuse a form without its token, unless it is a draft's step and the session has ended meanwhile.

    Nothing of the form is kept; what was saved before is shown again after signing in.
    """
    has_ended = request.COOKIES.get(settings.SESSION_COOKIE_NAME) and not request.user.is_authenticated
    if has_ended and _leads_back(request):
        return ask_to_sign_in(request)
    return error_pages.form_refused(request)


def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("admin:login")


@require_POST
def choose_appearance(request: HttpRequest) -> HttpResponse:
    """Keep the appearance in a cookie; the next address is used only if it is of this site."""
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = HttpResponseRedirect(back if safe else reverse("admin:index"))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR_SECONDS, samesite="Lax", secure=secure)
    return response


class PasswordForm(forms.Form):
    old = forms.CharField(label=_("Your password now"), strip=False, widget=forms.PasswordInput)
    new = forms.CharField(label=_("New password"), strip=False, widget=forms.PasswordInput)
    again = forms.CharField(label=_("New password once more"), strip=False, widget=forms.PasswordInput)

    def clean_again(self) -> str:
        if self.cleaned_data.get("new") != self.cleaned_data["again"]:
            raise forms.ValidationError(_("New password once more: type the same again."))
        return str(self.cleaned_data["again"])


def password(request: HttpRequest) -> HttpResponseBase:
    """Show the form on GET, change the password and keep this session on POST."""
    form = PasswordForm(request.POST or None)
    if form.is_valid() and _changed(request, form):
        messages.success(request, _("Your password is changed."))
        return redirect("admin:index")
    rules = password_validators_help_texts()
    return render_page(request, "password", _("Password"), form=form, rules=rules)


def _changed(request: HttpRequest, form: PasswordForm) -> bool:
    officer, row = signed_in(request), sign_in_of(request)
    source = StepUpSource(row.pk if row is not None else officer.pk)
    if count_attempt(source, now=clock.now()) is not None:
        form.add_error("old", SignInForm.error_messages["locked"])
        return False
    try:
        old, new = form.cleaned_data["old"], form.cleaned_data["new"]
        change_password(officer, old=old, new=new, now=clock.now())
    except InputError as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.problem)
        return False
    forgive_attempt(source)
    now = clock.now()
    end_other_sessions(officer, row, now=now)
    officer.refresh_from_db()
    update_session_auth_hash(request, officer)
    if row is not None:
        carry_session_over(row, request, officer)
    return True
