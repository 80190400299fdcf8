# SPDX-License-Identifier: Apache-2.0
"""The second step of signing in, and signing in by a passkey alone."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from callers import clock
from callers.passkeys import CHALLENGE_LIVES
from desk.account.safe_redirects import own_address
from desk.account.sign_in_page import let_in
from desk.account.step_up import check_proof, read_credential, refusal_text
from desk.web.frame import frame_context
from officers.login.attempts import FactorSource
from officers.login.devices import known_device
from officers.login.errors import ProofRefusedError
from officers.login.factors import factors_of
from officers.login.passkeys import officer_with_passkey, open_challenge, request_options
from officers.login.signing import pending_sign_in
from officers.models import Officer
from officers.session_rows import Proof


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code or a passkey on GET, check it on POST; after the time limit sign-in begins again."""
    now = clock.now()
    pending = pending_sign_in(request, now=now)
    if pending is None:
        return redirect("admin:login")
    officer, back = pending
    problem, status = "", 200
    if request.method == "POST":
        try:
            device = known_device(request, officer.email, now=now)
            proof = check_proof(request, officer, source=FactorSource(officer.pk, device), now=now)
            return let_in(request, officer, proof, to=own_address(request, back), now=now)
        except ProofRefusedError as refused:
            problem, status = refusal_text(refused), 200 if refused.closed_for is None else 429
    return _page(request, officer, problem, status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request: HttpRequest) -> HttpResponseBase:
    """Return a challenge on GET; on POST sign in the owner of a passkey of this hub that answers it."""
    if request.method != "POST":
        options, challenge = open_challenge()
        answer = JsonResponse(options)
        _give_challenge(answer, challenge)
        return answer
    now = clock.now()
    try:
        credential = read_credential(request.POST.get("proof_passkey", ""))
        challenge = request.COOKIES.get(settings.PASSKEY_COOKIE_NAME, "")
        officer = officer_with_passkey(credential, challenge, now=now)
    except ProofRefusedError:
        return redirect(f"{reverse('admin:login')}?passkey=refused")
    to = own_address(request, request.POST.get("next", ""))
    return let_in(request, officer, Proof.PASSKEY, to=to, now=now)


def _give_challenge(answer: HttpResponse, challenge: str) -> None:
    answer.set_cookie(
        settings.PASSKEY_COOKIE_NAME,
        challenge,
        max_age=CHALLENGE_LIVES,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _page(request: HttpRequest, officer: Officer, problem: str, status: int) -> HttpResponse:
    factors = factors_of(officer)
    context: dict[str, Any] = {
        **frame_context(request),
        "page_title": _("Second step"),
        "problem": problem,
        "factors": factors,
        "options": json.dumps(request_options(officer)) if factors.passkeys else "",
    }
    return render(request, "accord/account/second_step.html", context, status=status)
