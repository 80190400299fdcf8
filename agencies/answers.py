# SPDX-License-Identifier: Apache-2.0
"""How the REST views of this app answer: problems in the API description, reads that are cheap to repeat."""

from collections.abc import Mapping
from typing import Any, Final

from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accord.envelope.encoding import b64u, canonical, sha256

PROBLEM_TYPE: Final = "application/problem+json"


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457: what went wrong. Some problems carry further members, named in the guide."""

    type = serializers.CharField(help_text="urn:accord:problem:<slug>")
    title = serializers.CharField()
    status = serializers.IntegerField()


_MEANINGS: Final[Mapping[int, str]] = {
    400: "The request could not be read.",
    401: "No valid API key and no session.",
    403: "The caller may not do this.",
    404: "Absent, or not for this caller.",
    409: "It does not fit what stands.",
    413: "Too large.",
    415: "Another content type is needed.",
    422: "A check failed.",
}


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The problem answers of a view, for the API description; 401 and 403 are always among them."""
    return {
        (status, PROBLEM_TYPE): OpenApiResponse(ProblemSerializer, _MEANINGS[status])
        for status in sorted({401, 403, *statuses})
    }


def answer_conditionally(request: Request, data: Mapping[str, Any]) -> HttpResponseBase:
    """The data under a strong ETag, or 304 when the caller has it already."""
    etag = f'"{b64u(sha256(canonical(dict(data))))}"'
    response = Response(data, headers={"ETag": etag, "Cache-Control": "private, no-cache"})
    conditional = get_conditional_response(request._request, etag=etag, response=response)
    return response if conditional is None else conditional
