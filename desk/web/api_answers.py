# SPDX-License-Identifier: Apache-2.0
"""Common parts of the JSON views of an agency's affairs: tags that a change is compared with, acts done once, lists by page."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from accord.envelope.encoding import b64u, sha256
from accord.moments import moment_or_none
from alerts.errors import StaleTagError
from callers.capabilities import Capability
from callers.cursors import list_name, open_cursor, seal_cursor
from callers.errors import AbsentError
from callers.idempotency import Outcome, idempotent
from desk.web.api import DeskView
from officers.models import Officer
from peers.models import Agency

EVERY_OFFICER: Final = frozenset({Capability.OFFICER_READ, Capability.DESK_KEEP})
"""Every officer has one of these, whatever the role, and no API key has any."""
IF_UNCHANGED: Final = OpenApiParameter(
    "If-Match",
    {"type": "string"},
    OpenApiParameter.HEADER,
    description="The ETag of the last read: 412 when it has changed since. Without it the change is made.",
)


class PageQuery(s.Serializer[Any]):
    """The page of a list."""

    cursor = s.CharField(
        required=False, default="", allow_blank=True, max_length=400, help_text="`next` of the last page."
    )
    limit = s.IntegerField(
        required=False, default=50, min_value=1, max_value=100, help_text="How many rows at most."
    )


class AgencyView(DeskView):
    """An officer's own agency, changes done once, and answers with their tags."""

    @property
    def agency(self) -> Agency:
        """The officer's agency; raises AbsentError for the keeper, who has none."""
        if self.officer.agency is None:
            raise AbsentError
        return self.officer.agency

    def act(self, do: Callable[[], object], *, code: int = 200, resource: str = "") -> Outcome:
        """Do the act once per `Idempotency-Key`."""

        def run() -> Outcome:
            do()
            return Outcome(code, resource)

        return idempotent(self.request, self.actor, run, now=self.now)

    def answer(self, shown: Mapping[str, Any], code: int = 200, **headers: str) -> Response:
        """Answer the object with its tag."""
        return Response(shown, status=code, headers={"ETag": tag_of(shown), **headers})

    def check_unchanged(self, shown: Mapping[str, Any]) -> None:
        """Raise `StaleTagError` where `If-Match` names another state than the present one."""
        given = self.request.headers.get("If-Match", "").strip()
        if given and given != tag_of(shown):
            raise StaleTagError

    def place_in(self, listed: str, query: Mapping[str, Any]) -> str:
        """Return the place that the query's cursor names; raises CursorRefusedError, CursorExpiredError."""
        return open_cursor(self.actor, listed, query["cursor"], now=self.now)

    def page(self, listed: str, rows: Any, following: str | None) -> Response:
        """Answer rows with the sealed cursor of the next page."""
        return Response({"items": rows, "next": seal_cursor(self.actor, listed, following, now=self.now)})


def tag_of(shown: Mapping[str, Any]) -> str:
    """Return a strong tag of what is shown."""
    return f'"{b64u(sha256(JSONRenderer().render(shown)))}"'


def named_list(name: str, query: Mapping[str, Any]) -> str:
    """Return the name of the list with its filters; its cursors serve no other."""
    return list_name(name, {key: value for key, value in query.items() if key not in ("cursor", "limit")})


def name_of(officer: Officer | None) -> str | None:
    """Return the public id of an officer, or None."""
    return officer.public_id if officer else None


def moment(seconds: int | None) -> datetime | None:
    """Convert the time of a signed object."""
    return moment_or_none(seconds)
