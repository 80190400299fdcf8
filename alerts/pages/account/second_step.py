# SPDX-License-Identifier: Apache-2.0
"""The second step of signing in, and signing in by a passkey alone."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agencies.login.errors import ProofRefusedError
from agencies.login.factors import factors_of
from agencies.login.models import Proof
from agencies.login.passkeys import officer_with_passkey, request_options
from agencies.login.signing import finish_sign_in, pending_sign_in
from agencies.models import Officer
from alerts.pages.account.proving import check_proof, read_credential, refusal_text
from alerts.pages.account.returning import own_address
from alerts.pages.frame import frame_context


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponseBase:
    """GET asks for a code or a passkey, POST looks at it; whoever comes too late begins again."""
    now = timezone.now()
    pending = pending_sign_in(request, now=now)
    if pending is None:
        return redirect("admin:login")
    officer, back = pending
    problem, status = "", 200
    if request.method == "POST":
        try:
            proof = check_proof(request, officer, now=now)
            finish_sign_in(request, officer, proof, now=now)
            return HttpResponseRedirect(own_address(request, back))
        except ProofRefusedError as refused:
            problem, status = refusal_text(refused), 429 if refused.is_closed else 200
    return _page(request, officer, problem, status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request: HttpRequest) -> HttpResponseBase:
    """GET gives the browser a challenge; POST signs in whoever answers it with a passkey of this hub."""
    if request.method != "POST":
        return JsonResponse(request_options(None))
    now = timezone.now()
    try:
        officer = officer_with_passkey(read_credential(request.POST.get("proof_passkey", "")), now=now)
    except ProofRefusedError:
        return redirect(f"{reverse('admin:login')}?passkey=refused")
    finish_sign_in(request, officer, Proof.PASSKEY, now=now)
    return HttpResponseRedirect(own_address(request, request.POST.get("next", "")))


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
