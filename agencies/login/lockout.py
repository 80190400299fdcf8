# SPDX-License-Identifier: Apache-2.0
"""Here is how django-axes counts on this hub: before the guess is looked at, and by keyed digests only.

axes stands in front of every sign-in (`AxesStandaloneBackend`), tells of it (signals) and answers when sign-in is
closed (`AxesMiddleware`). Its own stores write down account and address in clear and count after the guess; so the
counters are `agencies.login.attempts` (docs/decisions, "Lock-out").
"""

from typing import Any

from axes.handlers.base import AbstractAxesHandler, AxesBaseHandler
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from agencies.login.attempts import LoginSource, count_attempt, forget_attempts, reopen
from agencies.login.backends import login_source, normal_email
from agencies.login.sessions import end_session_of, open_session
from agencies.models import Officer


class DigestHandler(AbstractAxesHandler, AxesBaseHandler):  # type: ignore[misc]
    """What axes asks and tells, answered from counters that name nobody."""

    def is_allowed(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether this guess may be looked at; it is counted by asking."""
        username = (credentials or {}).get("username")
        if not isinstance(username, str):
            return True
        return count_attempt(login_source(request, username), now=timezone.now()) is None

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Not asked: `is_allowed` decides."""
        return 0

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """For the command `axes_reset_username`: one account, from everywhere. An address names nobody here."""
        if not username:
            return 0
        reopen(LoginSource(normal_email(username), ""), now=timezone.now())
        return 1

    def user_login_failed(
        self, sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
    ) -> None:
        """Nothing: the guess was counted before."""

    def user_logged_in(self, sender: object, request: HttpRequest, user: Officer, **_: Any) -> None:
        """Opens the session's record; the guesses from this address no longer count."""
        now = timezone.now()
        forget_attempts(login_source(request, user.email))
        open_session(request, user, now=now)

    def user_logged_out(self, sender: object, request: HttpRequest, user: Officer | None, **_: Any) -> None:
        """Ends the session's record."""
        end_session_of(request, now=timezone.now())


def closed_response(
    request: HttpRequest, original: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """The sign-in page as the form made it, with the sentence that names the remedy; 429 instead of 200."""
    response = original or HttpResponse()
    response.status_code = 429
    return response
