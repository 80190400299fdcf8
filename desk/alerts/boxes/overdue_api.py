# SPDX-License-Identifier: Apache-2.0
"""The overdue board in JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.boxes.inbox import Owed
from alerts.boxes.overdue import read_overdue
from callers.capabilities import Capability
from desk.alerts.serializers import AlertFactsOut, CardOut, ReceivedFactsOut
from desk.web.api import DeskView


class CalledOut(s.Serializer[Any]):
    """The last call noted about it; its text is in `calls` of the alert."""

    called_at = s.DateTimeField()
    noted_by = s.CharField()


class WeOweOut(s.Serializer[Any]):
    """A received alert whose acknowledgement or answer is overdue since `due`."""

    received = ReceivedFactsOut(source="row.received")
    card = CardOut(source="row.card", allow_null=True)
    owed = s.ChoiceField(list(Owed))
    due = s.DateTimeField()
    called = CalledOut(allow_null=True)


class TheyOweOut(s.Serializer[Any]):
    """An alert of ours to which `agency` owes an acknowledgement or an answer since `due`."""

    alert = AlertFactsOut()
    card = CardOut(allow_null=True)
    agency = s.CharField(source="agency.pk")
    owed = s.ChoiceField(list(Owed))
    due = s.DateTimeField()
    called = CalledOut(allow_null=True)


class OverdueOut(s.Serializer[Any]):
    """Both sides of the board, at most 50 alerts of each; `more_of_ours`, `more_of_theirs`: others follow."""

    we_owe = WeOweOut(many=True)
    they_owe = TheyOweOut(many=True)
    more_of_ours = s.BooleanField()
    more_of_theirs = s.BooleanField()


class OverdueView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: OverdueOut})
    def get(self, request: Request) -> Response:
        """List what is overdue both ways: what this agency owes, and what others owe it."""
        return Response(OverdueOut(read_overdue(self.officer, now=self.now)).data)
