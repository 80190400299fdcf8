# SPDX-License-Identifier: Apache-2.0
"""Agreements and circles over REST: a party's system reads its agency's agreements."""

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from callers import clock
from callers.answers import answer_conditionally
from callers.caller import caller_of
from callers.capabilities import Capability
from sharing import serializers
from sharing.agreement_facts import list_agreements, list_circles

READS = frozenset({Capability.AGREEMENT_READ, Capability.DIRECTORY_READ})


class AgreementsView(APIView):
    capability = READS

    @extend_schema(responses={200: serializers.AgreementListSerializer})
    def get(self, request: Request) -> HttpResponseBase:
        """List the caller's agreements as they count now, including ended ones. Suspensions are signed statements."""
        found = list_agreements(caller_of(request), now=clock.now())
        return answer_conditionally(
            request, {"items": serializers.AgreementSerializer(found, many=True).data}
        )


class CirclesView(APIView):
    capability = READS

    @extend_schema(responses={200: serializers.CircleListSerializer})
    def get(self, request: Request) -> HttpResponseBase:
        """List the circles of which the caller's agency is a member."""
        found = list_circles(caller_of(request), now=clock.now())
        return answer_conditionally(request, {"items": serializers.CircleSerializer(found, many=True).data})
