# SPDX-License-Identifier: Apache-2.0
"""How the REST views of this app answer: problems in the API description, reads that are cheap to repeat."""

from collections.abc import Mapping
from typing import Any, Final

from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from accord.envelope.encoding import b64u, canonical, sha256

PROBLEM_TYPE: Final = "application/problem+json"


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457: what went wrong. Some problems carry further members, named in the guide."""

    type = serializers.CharField(help_text="urn:accord:problem:<slug>")
    title = serializers.CharField()
    status = serializers.IntegerField()


def answer_conditionally(request: Request, data: Mapping[str, Any]) -> HttpResponseBase:
    """The data under a strong ETag, or 304 when the caller has it already."""
    etag = f'"{b64u(sha256(canonical(dict(data))))}"'
    response = Response(data, headers={"ETag": etag, "Cache-Control": "private, no-cache"})
    conditional = get_conditional_response(request._request, etag=etag, response=response)
    return response if conditional is None else conditional


def problem_of(error: Exception, context: Mapping[str, Any]) -> dict[str, Any]:
    """The problem of an error that is answered as one item of several; raises the error where it has none."""
    answer: Any = api_settings.EXCEPTION_HANDLER
    response = answer(error, dict(context))
    if response is None:
        raise error
    return dict(response.data)
