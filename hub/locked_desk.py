# SPDX-License-Identifier: Apache-2.0
"""Middleware of a desk while it is locked: the page that opens it, and little else."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from desk.account.unlock_page import FIRST_START
from hub import problems
from vault.errors import DeskLockedError
from vault.kek import Lock, lock_state

Answer = Callable[[HttpRequest], HttpResponse]
API: Final = "/api/"
UNLOCK: Final = "/unlock/"
STAY: Final = frozenset({"/livez", "/readyz", "/healthz", "/.well-known/security.txt", "/appearance/"})
"""Addresses that need no key; readiness says that the desk is locked."""
BEGIN: Final = ("/static/", UNLOCK, FIRST_START)


class LockedDeskMiddleware:
    """Middleware that redirects every page to the one that opens the desk, or to the first start; the API answers 503.

    Nobody is signed in meanwhile, since no row of a session can be checked without the ring. The browser keeps its
    cookie.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        state = lock_state()
        if state in {Lock.NONE, Lock.OPEN}:
            return self.get_response(request)
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        if request.path in STAY or request.path.startswith(BEGIN):
            return self.get_response(request)
        if request.path.startswith(API):
            return problems.answer_plainly(request, DeskLockedError())
        is_first = state is Lock.UNMADE and settings.OWN_DESK
        return HttpResponseRedirect(FIRST_START if is_first else UNLOCK, status=303)
