# SPDX-License-Identifier: Apache-2.0
"""Own objects that a revocation put in doubt, in JSON: confirming them, or withdrawing what this desk never sent."""

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
from desk.alerts.serializers import StandingOut, WithdrawIn
from desk.web.api_answers import AffairsView


class DoubtedAlertOut(s.Serializer[DoubtedAlert]):
    """An envelope in the agency's name that waits for a word; `alert` is null for what this desk never sent."""

    md = s.CharField()
    jti = s.CharField()
    alert = s.UUIDField(source="alert.pk", allow_null=True, default=None)
    standing = StandingOut()
    total = s.IntegerField()
    opened = s.IntegerField()


class DoubtedStatementOut(s.Serializer[DoubtedStatement]):
    """An acknowledgement, withdrawal or confirmation that waits for a word; `about` is the digest it speaks of."""

    od = s.CharField()
    k = s.CharField()
    about = s.CharField()
    act = s.CharField()
    standing = StandingOut()


class DoubtsOut(s.Serializer[Any]):
    """The newest 50 of each."""

    envelopes = DoubtedAlertOut(many=True)
    statements = DoubtedStatementOut(many=True)


class DoubtsView(AffairsView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: DoubtsOut}, operation_id="doubts_list")
    def get(self, request: Request) -> Response:
        """List what a revoked key signed in the agency's name and what is neither reaffirmed nor withdrawn."""
        found = {
            "envelopes": list_doubted(self.officer, now=self.now),
            "statements": list_doubted_statements(self.officer, now=self.now),
        }
        return self.answer(DoubtsOut(found).data)


class ReaffirmStatementView(AffairsView):
    capability = Capability.ALERT_RELEASE

    @extend_schema(request=None, responses={204: None}, operation_id="doubts_reaffirm_statement")
    def post(self, request: Request, od: str) -> Response:
        """Stand by an answer whose key was revoked since, with a signed reaffirm."""
        self.act(lambda: reaffirm_statement(self.officer, od, now=self.now), code=status.HTTP_204_NO_CONTENT)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WithdrawUnsentView(AffairsView):
    capability = Capability.ALERT_WITHDRAW

    @extend_schema(request=WithdrawIn, responses={204: None}, operation_id="doubts_withdraw_envelope")
    def post(self, request: Request, md: str) -> Response:
        """Withdraw what stands in the agency's name and this desk never sent."""
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
