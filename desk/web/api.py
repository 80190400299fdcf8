# SPDX-License-Identifier: Apache-2.0
"""Common parts of the JSON desk's views: the officer in session, one reading of the clock, one way to write."""

import re
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import quote

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accord.envelope.encoding import b64u, sha256
from alerts.access import find_alert
from alerts.document.files import AttachmentFile
from alerts.drafting.drafts import read_draft
from alerts.errors import RevisionRequiredError, StaleTagError
from alerts.models import Alert
from alerts.review.preview import findings_of, shown_preview
from alerts.review.second_person import who_could_release
from alerts.review.validation import read_return_note
from alerts.states import AlertState
from callers import clock
from callers.actors import Actor
from callers.idempotency import Outcome, idempotent
from desk.alerts import serializers
from officers.models import Officer

CREATED: Final = status.HTTP_201_CREATED
OK: Final = status.HTTP_200_OK
_ETAG: Final = re.compile(r'"([0-9]{1,9})-([a-z]+)(?:\.[A-Za-z0-9_-]{1,43})?"')
IF_MATCH_PATTERN: Final = f"^{_ETAG.pattern}$"
IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": IF_MATCH_PATTERN},
    OpenApiParameter.HEADER,
    required=True,
    description="The alert's ETag as last read: its revision and state are compared.",
)


class DeskView(APIView):
    """The base of all desk views: the officer in session, one reading of the clock, and one way to write."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.now = clock.now()
        super().initial(request, *args, **kwargs)

    @property
    def officer(self) -> Officer:
        """The officer who calls; views that an API key may call do not use this."""
        assert isinstance(self.request.user, Officer)
        return self.request.user

    @property
    def actor(self) -> Actor:
        """The caller, an officer or an API key; a caller who is not signed in does not get this far."""
        return cast(Actor, self.request.user)

    def once(
        self,
        alert_id: object,
        change: Callable[[Alert], object],
        code: int = OK,
        *,
        tagged: bool = False,
    ) -> Outcome:
        """Change an alert of ours once per `Idempotency-Key`; the outcome names what the answer is read from.

        `tagged`: `If-Match` must name what the change was made from; without it, it is compared if it is sent. A
        repeated request is answered without a check, even if the caller may no longer see the alert.
        """
        if tagged:
            revision_in(self.request)

        def run() -> Outcome:
            alert = find_alert(self.officer, str(alert_id))
            if tagged or "If-Match" in self.request.headers:
                check_tag(self.request, alert)
            change(alert)
            return Outcome(code, str(alert_id))

        return idempotent(self.request, self.actor, run, now=self.now)

    def answer_alert(self, alert_id: object, code: int = OK) -> Response:
        """Answer the alert as it is now, with its ETag."""
        alert = find_alert(self.officer, str(alert_id))
        content = read_draft(self.officer, alert)
        preview = shown_preview(alert, content, now=self.now)
        findings = findings_of(self.officer, alert, content, preview, now=self.now)
        note = read_return_note(self.officer, alert)
        submitter = self.officer if alert.state == AlertState.DRAFT else None
        releasers = who_could_release(alert, submitter=submitter)
        body = serializers.alert_out(alert, content, findings, preview, note, releasers)
        shown = body if self.request.method == "GET" else None
        return Response(body, status=code, headers={"ETag": etag_of(alert, shown)})


def etag_of(alert: Alert, shown: object = None) -> str:
    """Return revision and state, with which a change is compared; for a read also a digest of what was shown."""
    digest = "" if shown is None else f".{b64u(sha256(JSONRenderer().render(shown)))}"
    return f'"{alert.current}-{alert.state}{digest}"'


def revision_in(request: Request) -> int:
    """Return the revision that a change was made from; raises `RevisionRequiredError` without `If-Match`."""
    return _tag_in(request)[0]


def check_tag(request: Request, alert: Alert) -> None:
    """Raise `StaleTagError` for another state, or a revision that never was.

    An older revision passes: the service answers it with both texts, under its lock.
    """
    number, state = _tag_in(request)
    if state != alert.state or not 1 <= number <= alert.current:
        raise StaleTagError(number=alert.current, state=alert.state)


def check_newest_tag(request: Request, alert: Alert) -> None:
    """Raise `StaleTagError` unless the newest revision is named, for a change that leaves nothing to compare."""
    if revision_in(request) != alert.current:
        raise StaleTagError(number=alert.current, state=alert.state)


def _tag_in(request: Request) -> tuple[int, str]:
    match = _ETAG.fullmatch(request.headers.get("If-Match", "").strip())
    if match is None:
        raise RevisionRequiredError
    return int(match[1]), match[2]


def file_answer(file: AttachmentFile) -> HttpResponse:
    """Return a file as a download, never as a page."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(file.data, content_type=file.media_type, headers=headers)


def answer_facts(alert: Alert, code: int = OK) -> Response:
    return Response(serializers.AlertFactsOut(alert).data, status=code, headers={"ETag": etag_of(alert)})
