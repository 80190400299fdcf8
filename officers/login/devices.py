# SPDX-License-Identifier: Apache-2.0
"""Known browsers of an officer: a signed cookie, so that guesses from elsewhere do not block sign-in there.

- The cookie proves nothing and opens nothing: it only chooses the counter for guesses (`officers.login.attempts`).
- It is set after a complete sign-in, holds a random name for each of the last few officers of this browser, and names
  each officer by a keyed digest, so that whoever finds it learns no account from it.
- A cookie that was altered, is older than its lifetime or belongs to another officer is ignored.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from accord.envelope.encoding import b64u
from callers.digests import keyed_digest

LIVES: Final = timedelta(days=180)
MOST_OFFICERS: Final = 8
"""Limit for one browser; the one who signed in longest ago is dropped."""
_SALT: Final = "officers.login.devices"

_Entry = list[Any]
"""Digest of the account, random name of the device, time of the sign-in in seconds."""


def known_device(request: HttpRequest, email: str, *, now: datetime) -> str:
    """Return this browser's name for the account (an address in its stored form); empty where it has none."""
    account = _digest(email)
    return next((device for known, device, _ in _entries(request, now) if known == account), "")


def remember_device(request: HttpRequest, answer: HttpResponse, email: str, *, now: datetime) -> HttpResponse:
    """Set the cookie after a complete sign-in; a known browser keeps its name."""
    account = _digest(email)
    device = known_device(request, email, now=now) or secrets.token_urlsafe(16)
    others = [entry for entry in _entries(request, now) if entry[0] != account]
    entries = [[account, device, int(now.timestamp())], *others[: MOST_OFFICERS - 1]]
    answer.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.Signer(salt=_SALT).sign_object(entries),
        max_age=LIVES,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return answer


def _entries(request: HttpRequest, now: datetime) -> list[_Entry]:
    """Return the entries of a cookie that we signed and that are not too old."""
    try:
        entries = signing.Signer(salt=_SALT).unsign_object(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
        )
    except signing.BadSignature:
        return []
    oldest = (now - LIVES).timestamp()
    return [entry for entry in entries if entry[2] > oldest]


def _digest(email: str) -> str:
    return b64u(keyed_digest("known-device", email.encode()))
