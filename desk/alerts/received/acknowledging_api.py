# SPDX-License-Identifier: Apache-2.0
"""Several received alerts acknowledged in one request: each is signed and answered by itself."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.receiving.bulk_acknowledgement import AT_MOST, Acknowledgement, Outcome, acknowledge_alerts
from alerts.receiving.opening import OpeningReason
from callers.capabilities import Capability
from callers.idempotency import repeatable
from callers.reading import read_body
from desk.alerts.serializers import ReceivedFactsOut
from desk.web.api import DeskView


class AcknowledgeManyIn(s.Serializer[Any]):
    """The alerts and the reason; `reference` is the case number, if that is the reason."""

    ids = s.ListField(child=s.UUIDField(), min_length=1, max_length=AT_MOST)
    reason = s.ChoiceField(choices=OpeningReason.choices)
    reference = s.CharField(required=False, default="", max_length=60)


class AcknowledgementOut(s.Serializer[Acknowledgement]):
    """The outcome for one alert; `received` is null if there is no such alert for this officer, `text` says why one was refused."""

    id = s.UUIDField()
    outcome = s.ChoiceField(choices=[outcome.value for outcome in Outcome])
    text = s.CharField()
    received = ReceivedFactsOut(source="row.received", allow_null=True, default=None)


class AcknowledgeManyOut(s.Serializer[Any]):
    """The outcomes in the order given, each alert once."""

    items = AcknowledgementOut(many=True)


class AcknowledgeManyView(DeskView):
    capability = Capability.ALERT_ACKNOWLEDGE

    @extend_schema(
        request=AcknowledgeManyIn,
        responses={200: AcknowledgeManyOut},
        operation_id="alerts_received_acknowledge_many",
    )
    def post(self, request: Request) -> Response:
        """Acknowledge up to 50 received alerts, signed one by one, as this officer's act and for one reason.

        Only alerts that an officer of the agency has opened can be acknowledged. Others are answered with the cause
        and delay none. Sent again, the request answers `already` for those that are done.
        """
        body = read_body(AcknowledgeManyIn, request)

        def acknowledge() -> tuple[Acknowledgement, ...]:
            return acknowledge_alerts(self.officer, **body, now=self.now)

        done = repeatable(request, self.actor, acknowledge, now=self.now)
        return Response(AcknowledgeManyOut({"items": done}).data)
