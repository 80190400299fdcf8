# SPDX-License-Identifier: Apache-2.0
"""Agreements and circles over REST: a party's system reads what its agency has agreed to; officers decide at the desk."""

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from callers import clock
from callers.answers import answer_conditionally
from callers.caller import caller_of
from callers.capabilities import Capability
from sharing import shapes
from sharing.agreement_facts import list_agreements, list_circles

READS = frozenset({Capability.AGREEMENT_READ, Capability.DIRECTORY_READ})


class AgreementsView(APIView):
    capability = READS

    @extend_schema(responses={200: shapes.AgreementListShape})
    def get(self, request: Request) -> HttpResponseBase:
        """The caller's agreements as they count now, ended ones too, with every lane that a party has stopped."""
        found = list_agreements(caller_of(request), now=clock.now())
        return answer_conditionally(request, {"items": shapes.AgreementShape(found, many=True).data})


class CirclesView(APIView):
    capability = READS

    @extend_schema(responses={200: shapes.CircleListShape})
    def get(self, request: Request) -> HttpResponseBase:
        """The circles that the caller's agency is a member of."""
        found = list_circles(caller_of(request))
        return answer_conditionally(request, {"items": shapes.CircleShape(found, many=True).data})
