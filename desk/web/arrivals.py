# SPDX-License-Identifier: Apache-2.0
"""Address that pages poll every few seconds: only an ETag, 304 while nothing is new.

Polling is no sign of a person: it notes no visit and extends no session (`officers.login.middleware`).
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import etag

from alerts.boxes.arrivals import arrivals_token
from desk.web.frame import signed_in

DIGEST_CHARS = 43


def _token(request: HttpRequest) -> str:
    if request.factor_needed:  # type: ignore[attr-defined]
        # Pages also poll during the set-up of a second factor: such an officer is signed in, and must be told nothing.
        return '"-"'
    md = request.GET.get("md", "")
    return f'"{arrivals_token(signed_in(request), md=md if len(md) == DIGEST_CHARS else "")}"'


@etag(_token)
def arrivals(request: HttpRequest) -> HttpResponse:
    """Answer 204 with the token, or 304 for a known one."""
    return HttpResponse(status=204)
