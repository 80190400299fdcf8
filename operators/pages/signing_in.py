# SPDX-License-Identifier: Apache-2.0
"""Signing in by passkey, the link by which a passkey is made, signing out."""

import json
from typing import Any, Final, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect

from callers import clock
from callers.errors import AbsentError
from callers.passkeys import (
    CHALLENGE_LIVES,
    PasskeyRefusedError,
    creation_options,
    read_credential,
    request_options,
    sign_challenge,
    signed_challenge,
)
from operators.enrolling import digest_of, enrol, find_enrolment
from operators.models import Operator
from operators.pages.frame import session_here, site, stand_alone
from operators.sessions import CHALLENGE, SESSION_LIVES, sign_in, sign_out

ENROLMENT: Final = "operators.enrolment"
LINK: Final = "operators.link"


def sign_in_page(request: HttpRequest) -> HttpResponseBase:
    """Ask for a passkey on GET; on POST open a session for whoever answers the challenge that the browser keeps."""
    if request.method != "POST":
        return stand_alone(request, "sign_in", 200)
    try:
        credential = read_credential(request.POST.get("proof_passkey", ""))
        challenge = request.COOKIES.get(settings.PASSKEY_COOKIE_NAME, "")
        token = sign_in(credential, challenge, site=site(), now=clock.now())
    except PasskeyRefusedError:
        return stand_alone(request, "sign_in", 403, refused=True)
    answer = redirect("overview")
    answer.delete_cookie(settings.PASSKEY_COOKIE_NAME, samesite="Strict")
    _give(answer, settings.OPERATOR_COOKIE_NAME, token, SESSION_LIVES.total_seconds())
    return answer


def sign_in_options(request: HttpRequest) -> HttpResponse:
    """Return the options for proving a passkey; the browser keeps the challenge, signed, in a cookie."""
    options, state = request_options(site())
    answer = JsonResponse(options)
    _give_challenge(answer, sign_challenge(state, purpose=CHALLENGE))
    return answer


def follow(request: HttpRequest, token: str) -> HttpResponseBase:
    """Take a link's token out of the URL, so that no history and no referrer keeps it."""
    answer = redirect("enrol")
    try:
        digest = digest_of(token)
        find_enrolment(digest, now=clock.now())
        kept = sign_challenge({"link": digest}, purpose=LINK)
        # Lax: following the link from webmail is a cross-site navigation.
        lives = CHALLENGE_LIVES.total_seconds()
        _give(answer, settings.ENROLMENT_COOKIE_NAME, kept, lives, samesite="Lax")
    except AbsentError:
        answer.delete_cookie(settings.ENROLMENT_COOKIE_NAME, samesite="Lax")
    return answer


def enrol_page(request: HttpRequest) -> HttpResponseBase:
    """Offer to make a passkey on GET; on POST keep it and sign nobody in; say so if the link is over."""
    now = clock.now()
    try:
        digest = _followed(request)
        operator = find_enrolment(digest, now=now).operator
        if request.method != "POST":
            return _offer(request, operator)
        credential = read_credential(request.POST.get("passkey", ""))
        state = signed_challenge(request.COOKIES.get(settings.PASSKEY_COOKIE_NAME, ""), purpose=ENROLMENT)
        enrol(digest, credential, site=site(), challenge=state, now=now)
    except AbsentError:
        return stand_alone(request, "enrol_over", 404)
    except PasskeyRefusedError:
        return _offer(request, operator, refused=True)
    answer = stand_alone(request, "enrolled", 200, name=operator.name)
    answer.delete_cookie(settings.ENROLMENT_COOKIE_NAME, samesite="Lax")
    answer.delete_cookie(settings.PASSKEY_COOKIE_NAME, samesite="Strict")
    return answer


def leave(request: HttpRequest) -> HttpResponseBase:
    """End this session."""
    sign_out(session_here(request), now=clock.now())
    answer = redirect("sign_in")
    answer.delete_cookie(settings.OPERATOR_COOKIE_NAME, samesite="Strict")
    return answer


def _followed(request: HttpRequest) -> str:
    try:
        kept = signed_challenge(request.COOKIES.get(settings.ENROLMENT_COOKIE_NAME, ""), purpose=LINK)
    except PasskeyRefusedError:
        raise AbsentError from None
    return str(kept["link"])


def _offer(request: HttpRequest, operator: Operator, *, refused: bool = False) -> HttpResponse:
    options, state = creation_options(site(), handle=operator.id.bytes, name=operator.name)
    context: dict[str, Any] = {"options": json.dumps(options), "operator": operator, "refused": refused}
    answer = stand_alone(request, "enrol", 403 if refused else 200, **context)
    _give_challenge(answer, sign_challenge(state, purpose=ENROLMENT))
    return answer


def _give_challenge(answer: HttpResponse, challenge: str) -> None:
    _give(answer, settings.PASSKEY_COOKIE_NAME, challenge, CHALLENGE_LIVES.total_seconds())


def _give(
    answer: HttpResponse,
    name: str,
    value: str,
    lives_seconds: float,
    *,
    samesite: Literal["Lax", "Strict"] = "Strict",
) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=int(lives_seconds),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite=samesite,
    )
