# SPDX-License-Identifier: Apache-2.0
"""Error pages. None of them queries the database, which may be what broke."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from callers.problems import ABSENT, BROKEN, FORM_TOKEN_REFUSED, unreadable_row
from operators.pages.frame import stopped


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404: absent, or not visible to the reader."""
    return stopped(request, ABSENT)


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400 or 413 to a request that could not be read."""
    return stopped(request, unreadable_row(exception))


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 without any detail."""
    return stopped(request, BROKEN, remedy=_("Try again; if it stays so, look into the log of this process."))


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form that none of our pages sent, or that was left open too long."""
    return stopped(request, FORM_TOKEN_REFUSED)
