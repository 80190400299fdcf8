# SPDX-License-Identifier: Apache-2.0
"""Agreements and circles over REST: a party's system reads its agency's agreements, and may suspend their lanes."""

from collections.abc import Sequence

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from callers import clock
from callers.answers import answer_conditionally
from callers.caller import caller_of
from callers.capabilities import Capability
from callers.idempotency import repeatable
from callers.reading import read_body
from sharing import serializers
from sharing.agreement_facts import SuspendedLane, list_agreements, list_circles
from sharing.agreements import resume_lane, suspend_lane
from sharing.models import LaneSuspension

READS = frozenset({Capability.AGREEMENT_READ, Capability.DIRECTORY_READ})


class AgreementsView(APIView):
    capability = READS

    @extend_schema(responses={200: serializers.AgreementListSerializer})
    def get(self, request: Request) -> HttpResponseBase:
        """List the caller's agreements as they count now, including ended ones, with every lane that a party has suspended."""
        found = list_agreements(caller_of(request), now=clock.now())
        return answer_conditionally(
            request, {"items": serializers.AgreementSerializer(found, many=True).data}
        )


class CirclesView(APIView):
    capability = READS

    @extend_schema(responses={200: serializers.CircleListSerializer})
    def get(self, request: Request) -> HttpResponseBase:
        """List the circles of which the caller's agency is a member."""
        found = list_circles(caller_of(request))
        return answer_conditionally(request, {"items": serializers.CircleSerializer(found, many=True).data})


class SuspensionsView(APIView):
    capability = Capability.AGREEMENT_SUSPEND

    @extend_schema(
        request=serializers.SuspensionQuestion,
        responses={200: serializers.SuspendedLanesSerializer},
        operation_id="agreements_suspend_lane",
    )
    def post(self, request: Request, ref: str) -> Response:
        """Suspend a lane of an agreement with every other party, at once and both ways, until it is resumed.

        Nothing is deleted, waiting envelopes are held. Doing it again changes nothing.
        """
        lane, caller, now = (
            read_body(serializers.SuspensionQuestion, request)["lane"],
            caller_of(request),
            clock.now(),
        )
        found = repeatable(request, caller, lambda: suspend_lane(caller, ref, lane, now=now), now=now)
        return _suspended(ref, found)


class SuspensionView(APIView):
    capability = Capability.AGREEMENT_SUSPEND

    @extend_schema(
        responses={200: serializers.SuspendedLanesSerializer}, operation_id="agreements_resume_lane"
    )
    def delete(self, request: Request, ref: str, lane: str) -> Response:
        """Lift the own agency's suspension of a lane; held envelopes that have not expired are delivered, in order.

        A suspension by another party remains. Doing it again changes nothing.
        """
        caller, now = caller_of(request), clock.now()
        found = repeatable(request, caller, lambda: resume_lane(caller, ref, lane, now=now), now=now)
        return _suspended(ref, found)


def _suspended(ref: str, found: Sequence[LaneSuspension]) -> Response:
    rows = [SuspendedLane(row.lane, row.agency_id, row.suspended_at) for row in found]
    return Response(serializers.SuspendedLanesSerializer({"ref": ref, "suspended": rows}).data)
