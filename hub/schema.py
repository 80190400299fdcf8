# SPDX-License-Identifier: Apache-2.0
"""The API description: what every operation has in common is said here once, so that no view can forget it.

A view describes its own answer; the problems (RFC 9457), `Idempotency-Key` and `If-None-Match` are added.
"""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from agencies.answers import PROBLEM_TYPE, ProblemSerializer

_PREFIX: Final = "/api/v1/"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

WITHOUT_KEY: Final = frozenset(
    {
        "envelopes",
        "statements",
        "slices",
        "agencies/{agency_id}/challenges",
        "alerts/check-recipients",
        "alerts/received/{received_id}/open",
        "alerts/received/{received_id}/attachments/{n}",
    }
)
"""Writes that need no `Idempotency-Key`: what is sent carries its own id, or sending it again is harmless."""

CONDITIONAL: Final = frozenset({"agencies", "agencies/{agency_id}/keyset", "inbox"})
"""Reads that answer 304 to the ETag of their last answer."""

BEYOND: Final[Mapping[tuple[str, str], frozenset[int]]] = {
    ("GET", "envelopes/{md}"): frozenset({409, 410}),
    ("GET", "envelopes/{md}/blobs/{n}"): frozenset({409, 410}),
    ("POST", "agencies/{agency_id}/keysets"): frozenset({429}),
    ("POST", "envelopes"): frozenset({413, 503}),
    ("POST", "statements"): frozenset({413}),
    ("POST", "alerts/{alert_id}/release"): frozenset({503}),
}
"""Problems that only some operations answer."""

MEANINGS: Final[Mapping[int, str]] = {
    400: "The request could not be read.",
    401: "No valid API key and no session.",
    403: "The caller may not do this.",
    404: "Absent, or not for this caller.",
    409: "It does not fit what stands.",
    410: "Its time has ended.",
    412: "It was made from something older; load it again.",
    413: "Too large.",
    415: "Another content type is needed.",
    422: "A field or a check failed.",
    428: "Say in If-Match what it was made from.",
    429: "So much within a day is not taken; again later.",
    503: "The hub is catching up; send it again after Retry-After.",
}

IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="1 to 120 visible ASCII characters. Sent again within a day, the request is done once.",
)
IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag of the last answer; 304 while it still holds.",
)


class ProblemAwareSchema(AutoSchema):
    """Adds to what a view says of itself the problems and headers that hold for all operations of its kind."""

    def get_override_parameters(self) -> list[Any]:
        """The view's parameters, and the header of a write or of a read that is cheap to repeat."""
        parameters = list(super().get_override_parameters())
        if self._is_write and self._address not in WITHOUT_KEY:
            parameters.append(IDEMPOTENCY_KEY)
        if self._is_conditional:
            parameters.append(IF_NONE_MATCH)
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        describe: Any = self._get_response_for_code
        if direction != "response":
            return bodies
        for status in self._problem_statuses():
            if str(status) not in bodies:
                described = OpenApiResponse(ProblemSerializer, MEANINGS[status])
                bodies[str(status)] = describe(described, str(status), (PROBLEM_TYPE,))
        if self._is_conditional:
            bodies.setdefault("304", {"description": "Nothing new."})
        return dict(sorted(bodies.items()))

    def _problem_statuses(self) -> frozenset[int]:
        statuses = {401, 403, 404} | BEYOND.get((self.method, self._address), frozenset())
        names = {parameter.name for parameter in self.get_override_parameters()}
        if self._is_write:
            statuses |= {400, 409, 415, 422}
        elif names - {IF_NONE_MATCH.name}:
            statuses.add(422)
        if "If-Match" in names:
            statuses |= {412, 428}
        return frozenset(statuses)

    @property
    def _address(self) -> str:
        return str(self.path).removeprefix(_PREFIX)

    @property
    def _is_write(self) -> bool:
        return self.method not in SAFE

    @property
    def _is_conditional(self) -> bool:
        return not self._is_write and self._address in CONDITIONAL
