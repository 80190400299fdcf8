# SPDX-License-Identifier: Apache-2.0
"""Accepting an invitation: the link redirects to an address without its token, where the password is chosen once.

The session keeps the digest of the token. Looking does not use the link up, and signs nobody in.
"""

from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from callers import clock
from callers.errors import AbsentError, InputError
from desk.agency.officers.forms import ChoosePasswordForm
from desk.web.confirm import problems_of, refuse
from desk.web.frame import frame_context
from officers.accountlinks import digest_of, find_link
from officers.invitations import INVITATION, accept_invitation

KEPT = "invitation"


@never_cache
@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponseBase:
    """Follow the link in the mail; an invalid link has the same page, whatever the cause."""
    try:
        digest = digest_of(token, INVITATION)
        find_link(digest, INVITATION, now=clock.now())
    except AbsentError:
        return _over(request)
    request.session[KEPT] = digest
    return redirect("admin:welcome")


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponseBase:
    """Choose the password."""
    digest, now = request.session.get(KEPT, ""), clock.now()
    form = ChoosePasswordForm(request.POST if request.method == "POST" else None)
    try:
        link = find_link(digest, INVITATION, now=now)
        if form.is_valid():
            accept_invitation(digest, password=form.cleaned_data["password"], now=now)
            del request.session[KEPT]
            return render(request, "accord/account/welcome_done.html", frame_context(request))
    except AbsentError:
        return _over(request)
    except InputError as refused:
        refuse(form, refused)
    return _page(request, form, email=link.officer.address)


def _page(request: HttpRequest, form: ChoosePasswordForm, *, email: str) -> HttpResponse:
    problems = problems_of(form)
    context = {**frame_context(request), "form": form, "problems": problems, "email": email}
    context["rules"] = password_validators_help_texts()
    return render(request, "accord/account/welcome.html", context, status=422 if problems else 200)


def _over(request: HttpRequest) -> HttpResponse:
    request.session.pop(KEPT, None)
    return render(request, "accord/account/welcome_over.html", frame_context(request), status=404)
