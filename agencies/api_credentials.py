# SPDX-License-Identifier: Apache-2.0
"""The agency's API keys over REST: read by its systems, issued and ended by its signed statements alone."""

from typing import Any, ClassVar

from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agencies.credentials import end_credential, issue_credential, list_credentials
from agencies.models import ApiKey
from callers import clock
from callers.caller import caller_of
from callers.capabilities import Capability
from callers.idempotency import repeatable
from callers.octets import SIGNED, octets_of

SIGNED_BODY = {"application/jose+json": OpenApiTypes.OBJECT}


class CredentialSerializer(serializers.ModelSerializer[ApiKey]):
    """An API key of the agency; its text is stored nowhere. Keys of one `line` replaced one another and end together."""

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            "prefix",
            "line",
            "client",
            "scopes",
            "networks",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        )


class IssuedCredentialSerializer(CredentialSerializer):
    """A new API key; `key` is its text, in the first answer only, and null when the same statement comes again."""

    key = serializers.SerializerMethodField()

    class Meta(CredentialSerializer.Meta):
        fields: tuple[str, ...] = (*CredentialSerializer.Meta.fields, "key")

    def get_key(self, row: ApiKey) -> str | None:
        text: str | None = self.context["text"]
        return text


class CredentialListSerializer(serializers.Serializer[Any]):
    items = CredentialSerializer(many=True)


class CredentialsView(APIView):
    """The API keys of the caller's agency."""

    capability: ClassVar = {
        "GET": Capability.STATEMENT_SUBMIT,
        "POST": frozenset({Capability.STATEMENT_SUBMIT, Capability.KEY_ENROL}),
    }
    parser_classes = SIGNED

    @extend_schema(responses={200: CredentialListSerializer}, operation_id="credentials_list")
    def get(self, request: Request) -> Response:
        """List the agency's API keys, newest first, including ended ones."""
        items = CredentialSerializer(list_credentials(caller_of(request)), many=True).data
        return Response({"items": items}, headers={"Cache-Control": "private, no-cache"})

    @extend_schema(
        request=SIGNED_BODY, responses={201: IssuedCredentialSerializer}, operation_id="credentials_issue"
    )
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        """Issue an API key by a signed `apikey` that says `issue`; its text is shown this once."""
        jws, caller, now = octets_of(request), caller_of(request), clock.now()
        key, text = repeatable(request, caller, lambda: issue_credential(caller, jws, now=now), now=now)
        shown = IssuedCredentialSerializer(key, context={"text": text}).data
        return Response(shown, status=201, headers={"Cache-Control": "no-store"})


class CredentialEndView(APIView):
    """The end of an API key of the caller's agency."""

    capability: ClassVar = Capability.STATEMENT_SUBMIT
    parser_classes = SIGNED

    @extend_schema(request=SIGNED_BODY, responses={200: CredentialSerializer}, operation_id="credentials_end")
    def post(self, request: Request, prefix: str) -> Response:
        """End an API key, and all keys that replaced it, by a signed `apikey` that says `end` and names it.

        It ends at once and for good; doing it again changes nothing.
        """
        jws, caller, now = octets_of(request), caller_of(request), clock.now()
        key = repeatable(request, caller, lambda: end_credential(caller, prefix, jws, now=now), now=now)
        return Response(CredentialSerializer(key).data)
