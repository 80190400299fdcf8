# SPDX-License-Identifier: Apache-2.0
"""The holder of an agency's identity, over REST: it announces itself, and gives the identity back."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agencies.instances import announce_instance, release_instance
from agencies.models import Instance
from callers import clock
from callers.caller import caller_of
from callers.capabilities import Capability
from callers.idempotency import Outcome, idempotent, repeatable
from callers.reading import read_body


class AnnouncementSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Drawn once, and kept over restarts and updates.")
    software = serializers.RegexField(
        r"\A[A-Za-z0-9][A-Za-z0-9 ._+-]{0,59}\Z", max_length=60, help_text="Name and version."
    )


class InstanceSerializer(serializers.ModelSerializer[Instance]):
    """The holder of the agency's identity."""

    id = serializers.UUIDField(source="instance_id")

    class Meta:
        model = Instance
        fields = ("id", "software", "since", "seen_at")


class InstancesView(APIView):
    """The holder of the caller's identity."""

    capability: ClassVar = Capability.STATEMENT_SUBMIT

    @extend_schema(
        request=AnnouncementSerializer, responses={200: InstanceSerializer}, operation_id="instances_announce"
    )
    def post(self, request: Request) -> Response:
        """Announce that this desk or command works for the agency: at each start, and once a day.

        A second holder is refused, with the name of the first, until the first gives the identity back or is silent
        for 7 days. The same id is the same holder, whatever its version.
        """
        body, caller, now = read_body(AnnouncementSerializer, request), caller_of(request), clock.now()

        def announce() -> Instance:
            return announce_instance(caller, str(body["id"]), software=body["software"], now=now)

        return Response(InstanceSerializer(repeatable(request, caller, announce, now=now)).data)


class InstanceView(APIView):
    """The holder of the caller's identity."""

    capability: ClassVar = Capability.STATEMENT_SUBMIT

    @extend_schema(responses={204: None}, operation_id="instances_release")
    def delete(self, request: Request, instance_id: UUID) -> Response:
        """Give the identity back, so that another desk or command may hold it."""
        caller, now = caller_of(request), clock.now()

        def release() -> Outcome:
            release_instance(caller, str(instance_id), now=now)
            return Outcome(204)

        return Response(status=idempotent(request, caller, release, now=now).status)
