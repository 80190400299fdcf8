# SPDX-License-Identifier: Apache-2.0
"""Error pages. None of them queries the database, which may be what broke."""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse

from operators.pages.frame import stand_alone


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404: absent, or not visible to the reader."""
    return stand_alone(request, "absent", 404)


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400 or 413 to a request that could not be read."""
    too_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return stand_alone(request, "unreadable", 413 if too_large else 400)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 without any detail."""
    return stand_alone(request, "broken", 500)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form that none of our pages sent, or that was left open too long."""
    return stand_alone(request, "form_refused", 403)
