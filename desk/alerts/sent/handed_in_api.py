# SPDX-License-Identifier: Apache-2.0
"""Objects of the agency that wait for the exchange or that it refused, in JSON; and cancelling an alert that never arrived."""

import uuid
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_alert
from alerts.models import Alert
from alerts.sending.hand_in import cancel_release
from alerts.sending.handed_in import HandedIn, list_handed_in
from callers.capabilities import Capability
from desk.alerts.serializers import AlertFactsOut
from desk.web.api import DeskView, answer_facts
from desk.web.api_answers import AgencyView
from peers.models import OutgoingState


class HandedInOut(s.Serializer[HandedIn]):
    """One object. `k` is manifest or a statement's kind, `alert` or `received` its alert, `text` its outcome.

    `altered`: its record was changed outside the program, so it is not sent.
    """

    k = s.CharField()
    state = s.ChoiceField((OutgoingState.QUEUED.value, OutgoingState.REFUSED.value))
    signed_at = s.DateTimeField(source="since")
    settled_at = s.DateTimeField(allow_null=True)
    may_have_arrived = s.BooleanField()
    altered = s.BooleanField(source="is_altered")
    text = s.CharField()
    alert = s.UUIDField(source="alert.pk", allow_null=True, default=None)
    received = s.UUIDField(source="received.pk", allow_null=True, default=None)


class HandedInListOut(s.Serializer[Any]):
    """The newest 100, waiting ones first."""

    items = HandedInOut(many=True)


class HandedInView(AgencyView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: HandedInListOut}, operation_id="alerts_handed_in")
    def get(self, request: Request) -> Response:
        """List signed objects that the exchange has not accepted yet, and those that came back within a week."""
        found = {"items": list_handed_in(self.officer, now=self.now)}
        return self.answer(HandedInListOut(found).data)


class CancelReleaseView(DeskView):
    capability = Capability.ALERT_RELEASE

    @extend_schema(request=None, responses={200: AlertFactsOut}, operation_id="alerts_cancel_create")
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Cancel a released alert that waits for the exchange and never arrived."""

        def change(alert: Alert) -> None:
            cancel_release(self.officer, alert, now=self.now)

        return answer_facts(find_alert(self.officer, self.once(alert_id, change).resource))


urlpatterns = [
    path("alerts/handed-in", HandedInView.as_view(), name="alerts-handed-in"),
    path("alerts/<uuid:alert_id>/cancel", CancelReleaseView.as_view(), name="alert-cancel"),
]
