# SPDX-License-Identifier: Apache-2.0
"""Step-up on the pages: before an act that cannot be undone the person proves once more to be who signed in.

The question carries the form's own fields on, so that nothing is lost and nothing is kept on the server; it works
without a script. Whoever has a second factor proves by it, everybody else by the password.
"""

import json
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from agencies.login.attempts import count_attempt, forget_attempts
from agencies.login.backends import login_source
from agencies.login.errors import ProofRefusedError
from agencies.login.factors import check_code, factors_of
from agencies.login.models import Proof
from agencies.login.passkeys import check_passkey, request_options
from agencies.login.proof import FRESH_FOR, sign_in_of
from agencies.login.sessions import prove_again
from agencies.models import Officer
from alerts.pages.account.returning import own_address
from alerts.pages.frame import render_page, signed_in

FIELDS: Final = ("proof_password", "proof_code", "proof_passkey")
_NOT_CARRIED: Final = (*FIELDS, "csrfmiddlewaretoken")


def prove_or_ask(request: HttpRequest) -> HttpResponseBase | None:
    """None once the person has proved it within this request, whose form is then as the page sent it; else the question."""
    if request.FILES:
        return HttpResponseRedirect(f"{reverse('admin:confirm')}?{urlencode({'next': request.path})}")
    problem = ""
    if any(name in request.POST for name in FIELDS):
        try:
            _prove(request, now=timezone.now())
        except ProofRefusedError as refused:
            problem = refusal_text(refused)
        else:
            request.POST = _carried(request.POST)  # type: ignore[assignment]
            return None
    return _question(request, problem, carried=_carried(request.POST), action=request.get_full_path())


def confirm(request: HttpRequest) -> HttpResponseBase:
    """The same question by itself: for JSON callers, and before a form that takes a file."""
    back = own_address(request, request.POST.get("next") or request.GET.get("next", ""))
    problem = ""
    if request.method == "POST":
        try:
            _prove(request, now=timezone.now())
            return HttpResponseRedirect(back)
        except ProofRefusedError as refused:
            problem = refusal_text(refused)
    carried = QueryDict(mutable=True)
    carried["next"] = back
    return _question(request, problem, carried=carried, action=reverse("admin:confirm"))


def refusal_text(refused: ProofRefusedError) -> str:
    """Why a code, passkey or password was not taken, and the remedy."""
    if refused.is_closed:
        return _("Sign-in is closed for 15 minutes. Wait or ask your agency admin.")
    return _("That was not right. Look at the newest code and try again.")


def check_proof(request: HttpRequest, officer: Officer, *, now: datetime) -> Proof:
    """A code or passkey among the fields of `FIELDS`; raises ProofRefusedError."""
    if passkey := request.POST.get("proof_passkey", ""):
        check_passkey(officer, read_credential(passkey), now=now)
        return Proof.PASSKEY
    return check_code(officer, request.POST.get("proof_code", ""), now=now)


def read_credential(text: str) -> Any:
    """What the browser's script sent; raises ProofRefusedError for what is no JSON object."""
    try:
        credential = json.loads(text)
    except ValueError:
        raise ProofRefusedError from None
    if not isinstance(credential, dict):
        raise ProofRefusedError
    return credential


def _prove(request: HttpRequest, *, now: datetime) -> None:
    officer, row = signed_in(request), sign_in_of(request)
    if row is None:
        raise ProofRefusedError
    if factors_of(officer).is_empty:
        proof = _check_password(request, officer, now)
    else:
        proof = check_proof(request, officer, now=now)
    prove_again(row, proof, now=now)


def _check_password(request: HttpRequest, officer: Officer, now: datetime) -> Proof:
    source = login_source(request, officer.email)
    if count_attempt(source, now=now) is not None:
        raise ProofRefusedError(is_closed=True)
    if not officer.check_password(request.POST.get("proof_password", "")):
        raise ProofRefusedError
    forget_attempts(source)
    return Proof.PASSWORD


def _carried(form: QueryDict) -> QueryDict:
    """The form without what belongs to the question."""
    kept = form.copy()
    for name in _NOT_CARRIED:
        kept.pop(name, None)
    return kept


def _question(request: HttpRequest, problem: str, *, carried: QueryDict, action: str) -> HttpResponse:
    officer = signed_in(request)
    factors = factors_of(officer)
    return render_page(
        request,
        "account/confirm",
        _("Is it still you?"),
        status=403 if request.path == action and request.method == "POST" else 200,
        problem=problem,
        action=action,
        carried=[(name, value) for name, values in carried.lists() for value in values],
        factors=factors,
        options=json.dumps(request_options(officer)) if factors.passkeys else "",
        minutes=int(FRESH_FOR.total_seconds() // 60),
    )
