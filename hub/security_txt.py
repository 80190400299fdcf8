# SPDX-License-Identifier: Apache-2.0
"""Contact for reports of weaknesses, at the address of RFC 9116."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from callers import clock

ADDRESS: Final = ".well-known/security.txt"
GOOD_FOR: Final = timedelta(days=90)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Answer with the contact that whoever runs this hub has named, or 404 where there is none."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = (
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {_expires(clock.now()):%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(code for code, _name in settings.LANGUAGES)}",
        f"Canonical: {request.build_absolute_uri('/' + ADDRESS)}",
    )
    text = "".join(f"{line}\n" for line in lines)
    return HttpResponse(
        text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "max-age=3600"}
    )


def _expires(now: datetime) -> datetime:
    """Return a midnight, so that the text is the same all day."""
    return datetime.combine(now.date() + GOOD_FOR, time(), UTC)
