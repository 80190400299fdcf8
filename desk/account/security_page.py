# SPDX-License-Identifier: Apache-2.0
"""Page of one's own second factors and sessions."""

import json
from uuid import UUID

from allauth.mfa.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from callers import clock
from callers.errors import InputError
from desk.account.step_up import read_credential, refusal_text
from desk.web.frame import render_page, signed_in
from officers.login import factors, passkeys
from officers.login.demand import must_have_factor
from officers.login.errors import ProofRefusedError
from officers.login.factorrows import factor_of
from officers.login.proof import sign_in_of
from officers.login.sessions import end_other_sessions, end_session, prove_again, sessions_of
from officers.models import Officer
from officers.session_rows import OfficerSession, Proof

_SETUP = "totp_setup"


def security(request: HttpRequest) -> HttpResponse:
    """Show all means of one's own signing in on one page."""
    officer = signed_in(request)
    return render_page(
        request,
        "account/security",
        _("Signing in"),
        factors=factors.factors_of(officer),
        demanded=must_have_factor(officer),
        needed=getattr(request, "factor_needed", False),
        sessions=sessions_of(officer),
        sign_in=sign_in_of(request),
    )


def totp(request: HttpRequest) -> HttpResponseBase:
    """Draw and show a secret on the first POST, turn codes on by a first code on the next; GET shows no secret."""
    adapter, officer = get_adapter(), signed_in(request)
    if request.method != "POST":
        return render_page(request, "account/totp", _("One-time codes"))
    sealed, code, problem = request.session.get(_SETUP, ""), request.POST.get("code"), ""
    if code is None or not sealed:
        with factor_of(officer, _SETUP):
            sealed, code = adapter.encrypt(factors.draw_totp_secret()), None
        request.session[_SETUP] = sealed
    with factor_of(officer, _SETUP):
        secret = adapter.decrypt(sealed)
    if code is not None:
        try:
            codes = factors.add_totp(officer, secret=secret, code=code, now=clock.now())
            del request.session[_SETUP]
            return _added(request, Proof.CODE, codes)
        except ProofRefusedError as refused:
            problem = refusal_text(refused)
        except InputError as refused:
            problem = refused.problem
    return _totp_page(request, officer, secret, problem)


def _totp_page(request: HttpRequest, officer: Officer, secret: str, problem: str) -> HttpResponse:
    adapter = get_adapter()
    url = adapter.build_totp_url(officer, secret)
    picture = mark_safe(adapter.build_totp_svg(url).partition("?>")[2])  # noqa: S308
    return render_page(
        request,
        "account/totp",
        _("One-time codes"),
        picture=picture,
        address=url,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        problem=problem,
    )


def passkey_add(request: HttpRequest) -> HttpResponseBase:
    """Return on GET what the browser needs, keep on POST the passkey that it made."""
    officer, problem = signed_in(request), ""
    name = request.POST.get("name", "")
    if request.method == "POST":
        try:
            credential = read_credential(request.POST.get("passkey", ""))
            codes = passkeys.add_passkey(officer, name=name, credential=credential, now=clock.now())
            return _added(request, Proof.PASSKEY, codes)
        except ProofRefusedError:
            problem = _("This passkey was not taken. Try again, or use another device.")
        except InputError as refused:
            problem = refused.problem
    options = json.dumps(passkeys.creation_options(officer))
    return render_page(request, "account/passkey", _("Passkey"), options=options, name=name, problem=problem)


def factor_remove(request: HttpRequest, factor_id: int) -> HttpResponseBase:
    factors.remove_factor(signed_in(request), factor_id, now=clock.now())
    messages.success(request, _("It opens nothing any more."))
    return HttpResponseRedirect(reverse("admin:security"))


def codes_renew(request: HttpRequest) -> HttpResponseBase:
    """Show ten new recovery codes, only this once."""
    return _codes(request, factors.renew_recovery_codes(signed_in(request), now=clock.now()))


def session_end(request: HttpRequest, session_id: UUID) -> HttpResponseBase:
    end_session(signed_in(request), session_id, now=clock.now())
    messages.success(request, _("That session is signed out."))
    return HttpResponseRedirect(reverse("admin:security") + "#sessions")


def sessions_end(request: HttpRequest) -> HttpResponseBase:
    end_other_sessions(signed_in(request), sign_in_of(request), now=clock.now())
    messages.success(request, _("You are signed out everywhere else."))
    return HttpResponseRedirect(reverse("admin:security") + "#sessions")


def _added(request: HttpRequest, proof: Proof, codes: list[str]) -> HttpResponseBase:
    """Finish setting a factor up, which proves it: the session is a strong one from now on."""
    row = sign_in_of(request)
    assert isinstance(row, OfficerSession)
    prove_again(row, proof, now=clock.now())
    if codes:
        return _codes(request, codes)
    messages.success(request, _("It is set up. From now on signing in asks for it."))
    return HttpResponseRedirect(reverse("admin:security"))


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render_page(request, "account/codes", _("Recovery codes"), codes=codes)
