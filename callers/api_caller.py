# SPDX-License-Identifier: Apache-2.0
"""First call at either half: who the caller is, and its limits and the versions spoken here."""

from typing import Any

from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accord.envelope import vocabulary
from accord.version import API_VERSIONS
from callers.actors import Actor, ApiClient
from callers.answers import answer_conditionally
from callers.caller import caller_of
from callers.capabilities import Capability
from callers.directory import AgencyStatus
from callers.limits import limits_of_calls
from callers.systems_address import EXCHANGE_HELP, exchange_elsewhere


class LimitsSerializer(serializers.Serializer[Any]):
    """Limits of one request or answer; beyond them the answer is 422, 413 or 429."""

    feed_items = serializers.IntegerField(help_text="Items of one page of the feed.")
    submissions = serializers.IntegerField(help_text="Items of one page of submissions.")
    slices = serializers.IntegerField(help_text="Envelopes of one `POST /slices`.")
    changed_deliveries = serializers.IntegerField(help_text="Changed deliveries in one answer.")
    reported_facts = serializers.IntegerField(help_text="Facts about deliveries in one report.")
    keysets = serializers.IntegerField(help_text="Agencies of one `POST /keysets/query`.")
    recipients = serializers.IntegerField(help_text="Of one envelope, and of one `POST /previews`.")
    json_bytes = serializers.IntegerField(help_text="One JSON body.")
    file_bytes = serializers.IntegerField(help_text="One file, sealed.")
    request_bytes = serializers.IntegerField(help_text="One request.")
    requests_per_second = serializers.IntegerField(help_text="Of one API key, in each web process.")


class VersionRangeSerializer(serializers.Serializer[Any]):
    oldest = serializers.IntegerField()
    newest = serializers.IntegerField()


class VersionsSerializer(serializers.Serializer[Any]):
    """The versions that this hub speaks; a caller that speaks none of these goes no further."""

    api = VersionRangeSerializer(help_text="Of the interface, as its address says it.")
    profile = VersionRangeSerializer(help_text="Of what is signed and sealed, as its `v` says it.")


class CallerSerializer(serializers.Serializer[Any]):
    """The caller and its capabilities; `form_token` goes into `X-CSRFToken` of an officer's writes."""

    kind = serializers.ChoiceField(["officer", "client"])
    name = serializers.CharField()
    agency = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(
        AgencyStatus.values,
        allow_null=True,
        help_text="Of the agency on this hub; suspended: nothing can be sent.",
    )
    capabilities = serializers.ListField(child=serializers.ChoiceField(sorted(Capability)))
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="When the API key ends; it may rotate itself in its last 30 days."
    )
    form_token = serializers.CharField(allow_null=True)
    exchange = serializers.CharField(allow_null=True, help_text=EXCHANGE_HELP)
    limits = LimitsSerializer()
    versions = VersionsSerializer()


class CallerView(APIView):
    """The caller as the hub knows it, and its capabilities: the first call of a new system."""

    # A key for entering may only read its accession.
    capability = frozenset(Capability) - {Capability.KEY_ENROL}

    def status_of(self, caller: Actor) -> str | None:
        """Return the status of the caller's agency as this half has it."""
        raise NotImplementedError

    @extend_schema(responses={200: CallerSerializer}, operation_id="caller_retrieve")
    def get(self, request: Request) -> HttpResponseBase:
        caller = caller_of(request)
        is_officer = not isinstance(caller, ApiClient)
        answer = {
            "kind": "officer" if is_officer else "client",
            "name": caller.client if isinstance(caller, ApiClient) else getattr(caller, "full_name", ""),
            "agency": caller.agency_id,
            "status": self.status_of(caller),
            "capabilities": sorted(caller.capabilities),
            "expires_at": getattr(caller, "expires_at", None),
            "form_token": get_token(request._request) if is_officer else None,
            "exchange": exchange_elsewhere(),
            "limits": limits_of_calls(),
            "versions": {
                "api": _range(*API_VERSIONS),
                "profile": _range(vocabulary.VERSION, vocabulary.VERSION),
            },
        }
        shown = CallerSerializer(answer).data
        if is_officer:
            # The form token is new each time, and must not be cached.
            return Response(shown, headers={"Cache-Control": "no-store"})
        return answer_conditionally(request, shown)


def _range(oldest: int, newest: int) -> dict[str, int]:
    return {"oldest": oldest, "newest": newest}
