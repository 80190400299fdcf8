# SPDX-License-Identifier: Apache-2.0
"""What every view of the JSON desk shares: the officer in session, one reading of the clock, one way to write."""

import re
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import quote

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from agencies.actors import Actor
from agencies.idempotency import Outcome, idempotent
from agencies.models import Officer
from alerts import shapes
from alerts.drafts import read_draft
from alerts.errors import RevisionRequiredError, StaleTagError
from alerts.files import AttachmentFile
from alerts.finding import find_alert
from alerts.models import Alert
from alerts.preview import findings_of, preview_of
from alerts.review import read_return_note

CREATED: Final = status.HTTP_201_CREATED
OK: Final = status.HTTP_200_OK
_ETAG: Final = re.compile(r'"([0-9]{1,9})-([a-z]+)"')
IF_MATCH: Final = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, description="The alert's ETag."
)
CURSOR: Final = OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the last page.")


class DeskView(APIView):
    """Gives every view the officer in session, one reading of the clock, and one way to write."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.now = timezone.now()
        super().initial(request, *args, **kwargs)

    @property
    def officer(self) -> Officer:
        """The caller; views that an API key may call do not use this."""
        assert isinstance(self.request.user, Officer)
        return self.request.user

    @property
    def actor(self) -> Actor:
        """The caller, officer or API key; who is not signed in does not come this far."""
        return cast(Actor, self.request.user)

    def once(
        self,
        change: Callable[[], object],
        resource: object,
        code: int = OK,
        *,
        made_from: Alert | None = None,
    ) -> Outcome:
        """Runs a change once per `Idempotency-Key`; `resource` names what the answer is read from.

        `made_from` is the alert that `If-Match` has to name. A request sent again is answered without asking.
        """

        def run() -> Outcome:
            if made_from is not None:
                check_tag(self.request, made_from)
            change()
            return Outcome(code, str(resource))

        return idempotent(self.request, self.actor, run, now=self.now)

    def answer_alert(self, alert_id: object, code: int = OK) -> Response:
        """The alert as it is now, with its ETag."""
        alert = find_alert(self.officer, str(alert_id))
        content = read_draft(self.officer, alert)
        preview = preview_of(alert.agency_id, content.data, now=self.now)
        findings = findings_of(self.officer, alert, content, preview, now=self.now)
        note = read_return_note(self.officer, alert)
        body = shapes.alert_out(alert, content, findings, preview, note)
        return Response(body, status=code, headers={"ETag": etag_of(alert)})


def etag_of(alert: Alert) -> str:
    return f'"{alert.current}-{alert.state}"'


def revision_in(request: Request) -> int:
    """The revision a change was made from; raises `RevisionRequiredError` without `If-Match`."""
    return _tag_in(request)[0]


def check_tag(request: Request, alert: Alert) -> None:
    """Raises `StaleTagError` for another state and for a revision that never was.

    An older revision passes: the service answers it with both texts, under its lock.
    """
    number, state = _tag_in(request)
    if state != alert.state or not 1 <= number <= alert.current:
        raise StaleTagError(number=alert.current, state=alert.state)


def _tag_in(request: Request) -> tuple[int, str]:
    match = _ETAG.fullmatch(request.headers.get("If-Match", "").strip())
    if match is None:
        raise RevisionRequiredError
    return int(match[1]), match[2]


def read_body(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return cast(dict[str, Any], given.validated_data)


def file_answer(file: AttachmentFile) -> HttpResponse:
    """Always a download, never a page."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(file.data, content_type=file.media_type, headers=headers)


def answer_facts(alert: Alert) -> Response:
    return Response(shapes.AlertFactsOut(alert).data, headers={"ETag": etag_of(alert)})
