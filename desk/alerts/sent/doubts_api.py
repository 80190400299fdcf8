# SPDX-License-Identifier: Apache-2.0
"""Own objects that a revocation put in doubt, in JSON: reaffirming them, or withdrawing alerts that this desk never sent."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.sending.reaffirmation import (
    DoubtedAlert,
    DoubtedStatement,
    list_doubted,
    list_doubted_statements,
    reaffirm_statement,
)
from alerts.sending.withdrawal import withdraw_unsent
from callers.capabilities import Capability
from callers.reading import read_body
from desk.alerts.serializers import SignatureStateOut, WithdrawIn
from desk.web.api_answers import AgencyView


class DoubtedAlertOut(s.Serializer[DoubtedAlert]):
    """An envelope in the agency's name that awaits a decision; `alert` is null if this desk never sent it."""

    md = s.CharField()
    jti = s.CharField()
    alert = s.UUIDField(source="alert.pk", allow_null=True, default=None)
    standing = SignatureStateOut()
    total = s.IntegerField()
    opened = s.IntegerField()


class DoubtedStatementOut(s.Serializer[DoubtedStatement]):
    """An acknowledgement, withdrawal or confirmation that awaits a decision; `about` is the digest of its subject."""

    od = s.CharField()
    k = s.CharField()
    about = s.CharField()
    act = s.CharField()
    standing = SignatureStateOut()


class DoubtsOut(s.Serializer[Any]):
    """The newest 50 of each kind."""

    envelopes = DoubtedAlertOut(many=True)
    statements = DoubtedStatementOut(many=True)


class DoubtsView(AgencyView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: DoubtsOut}, operation_id="doubts_list")
    def get(self, request: Request) -> Response:
        """List the objects that a revoked key signed in the agency's name and that are neither reaffirmed nor withdrawn."""
        found = {
            "envelopes": list_doubted(self.officer, now=self.now),
            "statements": list_doubted_statements(self.officer, now=self.now),
        }
        return self.answer(DoubtsOut(found).data)


class ReaffirmStatementView(AgencyView):
    capability = Capability.ALERT_RELEASE

    @extend_schema(request=None, responses={204: None}, operation_id="doubts_reaffirm_statement")
    def post(self, request: Request, od: str) -> Response:
        """Reaffirm an answer whose key was revoked since, by a signed statement."""
        self.act(lambda: reaffirm_statement(self.officer, od, now=self.now), code=status.HTTP_204_NO_CONTENT)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WithdrawUnsentView(AgencyView):
    capability = Capability.ALERT_WITHDRAW

    @extend_schema(request=WithdrawIn, responses={204: None}, operation_id="doubts_withdraw_envelope")
    def post(self, request: Request, md: str) -> Response:
        """Withdraw an alert in the agency's name that this desk never sent."""
        code = read_body(WithdrawIn, request)["code"]
        self.act(
            lambda: withdraw_unsent(self.officer, md, code=code, now=self.now),
            code=status.HTTP_204_NO_CONTENT,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("doubts", DoubtsView.as_view(), name="doubts-list"),
    path("doubts/statements/<str:od>/reaffirm", ReaffirmStatementView.as_view(), name="doubts-reaffirm"),
    path("doubts/envelopes/<str:md>/withdraw", WithdrawUnsentView.as_view(), name="doubts-withdraw"),
]
