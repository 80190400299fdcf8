# SPDX-License-Identifier: Apache-2.0
"""REST answers: problems in the API description, and conditional reads."""

from collections.abc import Mapping
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from accord.envelope.encoding import b64u, canonical, sha256


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457: what went wrong. Some problems carry further members, named in the guide."""

    type = serializers.CharField(help_text="urn:accord:problem:<slug>")
    title = serializers.CharField()
    status = serializers.IntegerField()


class LeafSerializer(serializers.Serializer[Any]):
    """The entry of an object that the ledger has signed."""

    d = serializers.CharField(help_text="The object's digest.")
    k = serializers.ChoiceField(["x", "keyset", "revoke"], help_text="`x` is everything but the two others.")
    t = serializers.IntegerField(help_text="Log time, seconds since 1970.")
    a = serializers.CharField(required=False, help_text="The agency, for what belongs to one.")


class ReceiptSerializer(serializers.Serializer[Any]):
    """The proof that an object stands in the ledger (envelope profile, 7.3)."""

    leaf = LeafSerializer()
    index = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField()


@extend_schema_field(ReceiptSerializer)
class ReceiptField(serializers.DictField):
    """A receipt as the ledger gave it."""


class JwsSignatureSerializer(serializers.Serializer[Any]):
    protected = serializers.CharField()
    signature = serializers.CharField()


class JwsSerializer(serializers.Serializer[Any]):
    """A signed object as it was signed: base64url of the payload, and a signature for each key."""

    payload = serializers.CharField()
    signatures = JwsSignatureSerializer(many=True)


@extend_schema_field(JwsSerializer)
class JwsField(serializers.DictField):
    """A signed object as it was received."""


def answer_conditionally(request: Request, data: Mapping[str, Any]) -> HttpResponseBase:
    """Return the data under a strong ETag, or 304 when the caller has it already."""
    etag = f'"{b64u(sha256(canonical(dict(data))))}"'
    response = Response(data, headers={"ETag": etag, "Cache-Control": "private, no-cache"})
    conditional = get_conditional_response(request._request, etag=etag, response=response)
    return response if conditional is None else conditional


def problem_of(error: Exception, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the problem of an error that is answered as one item of several; raise the error where it has none."""
    answer: Any = api_settings.EXCEPTION_HANDLER
    response = answer(error, dict(context))
    if response is None:
        raise error
    return dict(response.data)
