# SPDX-License-Identifier: Apache-2.0
"""Notes of telephone calls about an alert, in JSON."""

import uuid
from datetime import datetime
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_alert, find_received
from alerts.models import Alert, ReceivedAlert
from alerts.replies.calls import TEXT_CHARS, Call, calls_about, note_call
from callers.capabilities import Capability
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body
from desk.web.api import CREATED, DeskView


class CallIn(s.Serializer[Any]):
    """The time of a call and what was said; `text` is empty for RED."""

    called_at = s.DateTimeField()
    text = s.CharField(required=False, default="", allow_blank=True, max_length=TEXT_CHARS)


class CallToRecipientIn(CallIn):
    """The `agency` is one that the alert was sent to."""

    agency = s.CharField(max_length=30)


class CallOut(s.Serializer[Call]):
    """A call to `agency`; `text` is null where it is damaged."""

    agency = s.CharField()
    called_at = s.DateTimeField()
    noted_at = s.DateTimeField()
    noted_by = s.CharField()
    text = s.CharField(allow_null=True)


class CallsOut(s.Serializer[Any]):
    items = CallOut(many=True)


class _CallsView(DeskView):
    capability: Any = {"GET": Capability.ALERT_READ, "POST": Capability.ALERT_ACKNOWLEDGE}

    def listed(self, about: Alert | ReceivedAlert, status: int = 200) -> Response:
        return Response(CallsOut({"items": calls_about(self.officer, about)}).data, status)

    def noted(self, request: Request, form: type[CallIn], about: Alert | ReceivedAlert) -> Response:
        body = read_body(form, request)
        called_at: datetime = body.pop("called_at")

        def note() -> Outcome:
            made = note_call(self.officer, about, called_at=called_at, **body, now=self.now)
            return Outcome(CREATED, str(made.pk))

        idempotent(request, self.actor, note, now=self.now)
        return self.listed(about, CREATED)


class ReceivedCallsView(_CallsView):
    @extend_schema(responses={200: CallsOut})
    def get(self, request: Request, received_id: uuid.UUID) -> Response:
        """List the calls noted about a received alert, the last first, at most 50."""
        return self.listed(find_received(self.officer, received_id))

    @extend_schema(request=CallIn, responses={201: CallsOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Note a call to the sender of a received alert; it ends the escalation of an overdue answer and answers nothing."""
        return self.noted(request, CallIn, find_received(self.officer, received_id))


class SentCallsView(_CallsView):
    @extend_schema(responses={200: CallsOut})
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """List the calls noted about a sent alert, the last first, at most 50."""
        return self.listed(find_alert(self.officer, alert_id))

    @extend_schema(request=CallToRecipientIn, responses={201: CallsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Note a call to a recipient of a sent alert, after which it is not told of as missing."""
        return self.noted(request, CallToRecipientIn, find_alert(self.officer, alert_id))


_A: Final = "alerts/<uuid:alert_id>"
_R: Final = "alerts/received/<uuid:received_id>"

urlpatterns = [
    path(f"{_R}/calls", ReceivedCallsView.as_view(), name="received-calls"),
    path(f"{_A}/calls", SentCallsView.as_view(), name="alert-calls"),
]
