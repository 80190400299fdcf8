# SPDX-License-Identifier: Apache-2.0
"""What is answered where no page does. None of it asks the database, which may be what broke."""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse

from operators.pages.frame import stand_alone


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: absent, or not to be told of."""
    return stand_alone(request, "absent", 404)


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400 or 413 for a request that was not read."""
    too_large = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return stand_alone(request, "unreadable", 413 if too_large else 400)


def broken(request: HttpRequest) -> HttpResponse:
    """500 without any detail."""
    return stand_alone(request, "broken", 500)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that no page of ours sent, or one that was left open too long."""
    return stand_alone(request, "form_refused", 403)
