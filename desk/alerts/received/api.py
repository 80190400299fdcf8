# SPDX-License-Identifier: Apache-2.0
"""Received alerts in JSON: facts, opening with a reason, files, acknowledgement, confirmed withdrawal."""

import uuid
from collections.abc import Callable
from functools import partial

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_received
from alerts.document.files import AttachmentFile
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import OpenedView, open_alert, open_attachment
from alerts.receiving.retractions import judge_for_display
from alerts.sending.withdrawal import confirm_withdrawal
from callers.capabilities import Capability
from callers.idempotency import Outcome, idempotent, repeatable
from callers.reading import read_body
from desk.alerts import serializers
from desk.alerts.versions.serializers import AnswerIn
from desk.web.api import DeskView, file_answer


class ReceivedView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: serializers.ReceivedFactsOut})
    def get(self, request: Request, received_id: uuid.UUID) -> Response:
        """Show a received alert by its manifest and the ledger; its content needs a reason."""
        return answer_received(self, received_id)


class OpenView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(request=serializers.OpenIn, responses={200: serializers.OpenedOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Open and verify a received alert, each time, with the officer's reason in the audit."""
        body = read_body(serializers.OpenIn, request)

        def read() -> OpenedView:
            received = find_received(self.officer, received_id)
            return open_alert(self.officer, received, **body, now=self.now)

        return Response(serializers.OpenedOut(repeatable(request, self.actor, read, now=self.now)).data)


class ReceivedFileView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(
        request=serializers.OpenIn, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def post(self, request: Request, received_id: uuid.UUID, n: int) -> HttpResponse:
        """Open a file of a received alert; an opening of its own, with its own reason."""
        body = read_body(serializers.OpenIn, request)

        def read() -> AttachmentFile:
            received = find_received(self.officer, received_id)
            return open_attachment(self.officer, received, n=n, **body, now=self.now)

        return file_answer(repeatable(request, self.actor, read, now=self.now))


class AnsweringView(DeskView):
    """An answer to a received alert, given once per `Idempotency-Key`."""

    def _answer_once(self, received_id: uuid.UUID, give: Callable[..., object]) -> Response:
        def run() -> Outcome:
            give(self.officer, find_received(self.officer, received_id), now=self.now)
            return Outcome(200, str(received_id))

        idempotent(self.request, self.actor, run, now=self.now)
        return answer_received(self, received_id)


class AcknowledgeView(AnsweringView):
    capability = Capability.ALERT_ACKNOWLEDGE

    @extend_schema(request=AnswerIn, responses={200: serializers.ReceivedFactsOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Acknowledge a received alert, signed, as this officer's act; or say that it is not accepted."""
        return self._answer_once(received_id, partial(acknowledge_alert, **read_body(AnswerIn, request)))


class ConfirmWithdrawalView(AnsweringView):
    capability = Capability.ALERT_ACKNOWLEDGE

    @extend_schema(request=None, responses={200: serializers.ReceivedFactsOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Confirm, signed, that use of a withdrawn alert has stopped."""
        return self._answer_once(received_id, confirm_withdrawal)


def answer_received(view: DeskView, received_id: uuid.UUID) -> Response:
    """Return the present facts of a received alert."""
    received = judge_for_display(find_received(view.officer, received_id), now=view.now)
    return Response(serializers.ReceivedFactsOut(received).data)
