# SPDX-License-Identifier: Apache-2.0
"""Middleware between session cookie and officer: the session's record must exist, and policy be met."""

from collections.abc import Callable
from typing import Final

from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from callers import clock
from officers.login.demand import must_have_factor
from officers.login.sessions import find_session, touch_session
from officers.models import Officer

Answer = Callable[[HttpRequest], HttpResponse]
API: Final = "/api/"
OPEN_WITHOUT_FACTOR: Final = (
    "/security/",
    "/confirm/",
    "/logout/",
    "/appearance/",
    "/arrivals/",
    "/static/",
    "/livez",
    "/readyz",
    "/healthz",
)
"""Paths that are open to a person who must first set up a second factor."""


class OfficerSessionMiddleware:
    """Set `request.sign_in`, sign out an ended session, and send a person who needs a factor to the page for it.

    REST routes are refused by their authenticator, which reads `request.factor_needed`.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        officer = request.user
        request.sign_in = None  # type: ignore[attr-defined]
        request.factor_needed = False  # type: ignore[attr-defined]
        if isinstance(officer, Officer):
            now = clock.now()
            row = find_session(request, officer)
            if row is None:
                _sign_out(request)
            else:
                if not _asked_by_itself(request):
                    touch_session(row, now=now)
                request.sign_in = row  # type: ignore[attr-defined]
                request.factor_needed = must_have_factor(officer) and not row.is_strong  # type: ignore[attr-defined]
        if request.factor_needed and not request.path.startswith((*OPEN_WITHOUT_FACTOR, API)):  # type: ignore[attr-defined]
            return HttpResponseRedirect(reverse("admin:security"))
        return self.get_response(request)


def _asked_by_itself(request: HttpRequest) -> bool:
    """Tell whether a polling page asked, and no person, so that no visit is noted. Forging the header harms only the forger."""
    return "X-Accord-Poll" in request.headers


def _sign_out(request: HttpRequest) -> None:
    """Delete the session's data; the cookie is left, from which the sign-in page knows that the session timed out."""
    logout(request)
    request.user = AnonymousUser()
