# SPDX-License-Identifier: Apache-2.0
"""The address that waiting pages ask every few seconds: nothing but an ETag, 304 while nothing is new.

Asking is no sign of a person: it notes no visit and extends no session (`officers.login.middleware`).
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import etag

from alerts.boxes.arrivals import arrivals_token
from desk.web.frame import signed_in

DIGEST_CHARS = 43


def _token(request: HttpRequest) -> str:
    if request.factor_needed:  # type: ignore[attr-defined]
        # Asked before a form is sent, too: whoever sets up a second factor is signed in and told nothing.
        return '"-"'
    md = request.GET.get("md", "")
    return f'"{arrivals_token(signed_in(request), md=md if len(md) == DIGEST_CHARS else "")}"'


@etag(_token)
def arrivals(request: HttpRequest) -> HttpResponse:
    """Answer 204 with the token, or 304 for one that is known."""
    return HttpResponse(status=204)
