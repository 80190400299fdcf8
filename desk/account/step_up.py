# SPDX-License-Identifier: Apache-2.0
"""Step-up on pages: before an act that cannot be undone the person proves again to be who signed in.

The question contains the form's own fields, so that nothing is lost and nothing is kept on the server; it works without
a script. An officer with a second factor proves by it, any other by the password.
"""

import json
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from callers import clock, passkeys
from desk.account.safe_redirects import own_address
from desk.web.frame import render_page, signed_in
from officers.login.attempts import WINDOW, Source, StepUpSource, count_attempt, forgive_attempt
from officers.login.errors import ProofRefusedError
from officers.login.factors import check_code, factors_of
from officers.login.passkeys import check_passkey, request_options
from officers.login.proof import FRESH_FOR, sign_in_of
from officers.login.sessions import prove_again
from officers.models import Officer
from officers.session_rows import Proof

FIELDS: Final = ("proof_password", "proof_code", "proof_passkey")
_NOT_CARRIED: Final = (*FIELDS, "csrfmiddlewaretoken")


def prove_or_ask(request: HttpRequest) -> HttpResponseBase | None:
    """Return None once the person has given the proof in this request, whose form is then as the page sent it; else the
    question.
    """
    if request.FILES:
        return HttpResponseRedirect(f"{reverse('admin:confirm')}?{urlencode({'next': request.path})}")
    problem = ""
    if any(name in request.POST for name in FIELDS):
        try:
            _prove(request, now=clock.now())
        except ProofRefusedError as refused:
            problem = refusal_text(refused)
        else:
            request.POST = _carried(request.POST)  # type: ignore[assignment]
            return None
    return _question(request, problem, carried=_carried(request.POST), action=request.get_full_path())


def confirm(request: HttpRequest) -> HttpResponseBase:
    """Show the question by itself: for JSON callers, and before a form with a file."""
    back = own_address(request, request.POST.get("next") or request.GET.get("next", ""))
    problem = ""
    if request.method == "POST":
        try:
            _prove(request, now=clock.now())
            return HttpResponseRedirect(back)
        except ProofRefusedError as refused:
            problem = refusal_text(refused)
    carried = QueryDict(mutable=True)
    carried["next"] = back
    return _question(request, problem, carried=carried, action=reverse("admin:confirm"))


def refusal_text(refused: ProofRefusedError) -> str:
    """Return why a code, passkey or password was refused, and the remedy."""
    if refused.closed_for is not None and refused.closed_for > WINDOW:
        return _(
            "Too many were tried today. Use a passkey or a browser that you have signed in with before, "
            "or ask your agency admin."
        )
    if refused.closed_for is not None:
        return _("Sign-in is closed for 15 minutes. Wait or ask your agency admin.")
    return _("That was not right. Look at the newest code and try again.")


def check_proof(request: HttpRequest, officer: Officer, *, source: Source, now: datetime) -> Proof:
    """Check a code, with guesses counted by `source`, or a passkey among the fields of `FIELDS`; raises ProofRefusedError."""
    if passkey := request.POST.get("proof_passkey", ""):
        check_passkey(officer, read_credential(passkey), now=now)
        return Proof.PASSKEY
    return check_code(officer, request.POST.get("proof_code", ""), source=source, now=now)


def read_credential(text: str) -> dict[str, Any]:
    """Parse what the browser's script sent; raises ProofRefusedError for what is no JSON object or too long."""
    try:
        return passkeys.read_credential(text)
    except passkeys.PasskeyRefusedError:
        raise ProofRefusedError from None


def _prove(request: HttpRequest, *, now: datetime) -> None:
    officer, row = signed_in(request), sign_in_of(request)
    if row is None:
        raise ProofRefusedError
    source = StepUpSource(row.pk)
    if factors_of(officer).is_empty:
        proof = _check_password(request, officer, source, now)
    else:
        proof = check_proof(request, officer, source=source, now=now)
    prove_again(row, proof, now=now)


def _check_password(request: HttpRequest, officer: Officer, source: Source, now: datetime) -> Proof:
    if (closed_for := count_attempt(source, now=now)) is not None:
        raise ProofRefusedError(closed_for=closed_for)
    if not officer.check_password(request.POST.get("proof_password", "")):
        raise ProofRefusedError
    forgive_attempt(source)
    return Proof.PASSWORD


def _carried(form: QueryDict) -> QueryDict:
    """Return the form without the question's own fields."""
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
