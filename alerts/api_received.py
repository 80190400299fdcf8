# SPDX-License-Identifier: Apache-2.0
"""The JSON desk on received alerts: facts, opening with a reason, files, acknowledgement, confirmed withdrawal."""

import uuid

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.capabilities import Capability
from alerts import shapes
from alerts.acknowledgement import acknowledge_alert
from alerts.api_desk import DeskView, file_answer, read_body
from alerts.finding import find_received
from alerts.opening import open_alert, open_attachment
from alerts.retractions import as_it_stands
from alerts.withdrawal import confirm_withdrawal


class ReceivedView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: shapes.ReceivedFactsOut})
    def get(self, request: Request, received_id: uuid.UUID) -> Response:
        """What manifest and ledger say; the content needs a reason."""
        return answer_received(self, received_id)


class OpenView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(request=shapes.OpenIn, responses={200: shapes.OpenedOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Opens and verifies, each time, with the officer's reason in the audit."""
        body, received = read_body(shapes.OpenIn, request), find_received(self.officer, received_id)
        return Response(shapes.OpenedOut(open_alert(self.officer, received, **body, now=self.now)).data)


class ReceivedFileView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(request=shapes.OpenIn, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def post(self, request: Request, received_id: uuid.UUID, n: int) -> HttpResponse:
        """A file of a received alert; an opening of its own."""
        body, received = read_body(shapes.OpenIn, request), find_received(self.officer, received_id)
        return file_answer(open_attachment(self.officer, received, n=n, **body, now=self.now))


class AcknowledgeView(DeskView):
    capability = Capability.ALERT_ACKNOWLEDGE

    @extend_schema(request=None, responses={200: shapes.ReceivedFactsOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Acknowledges, signed, as this officer's act."""
        received = find_received(self.officer, received_id)
        self.once(lambda: acknowledge_alert(self.officer, received, now=self.now), received_id)
        return answer_received(self, received_id)


class ConfirmWithdrawalView(DeskView):
    capability = Capability.ALERT_ACKNOWLEDGE

    @extend_schema(request=None, responses={200: shapes.ReceivedFactsOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Confirms, signed, that use of a withdrawn alert has stopped."""
        received = find_received(self.officer, received_id)
        self.once(lambda: confirm_withdrawal(self.officer, received, now=self.now), received_id)
        return answer_received(self, received_id)


def answer_received(view: DeskView, received_id: uuid.UUID) -> Response:
    """The facts as they stand now."""
    received = as_it_stands(find_received(view.officer, received_id), now=view.now)
    return Response(shapes.ReceivedFactsOut(received).data)
