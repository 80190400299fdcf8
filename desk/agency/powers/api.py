# SPDX-License-Identifier: Apache-2.0
"""Waiting changes of power, in JSON: list, agree, stop."""

import uuid
from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.agency.power_changes import WaitingChange, waiting_for
from callers.capabilities import Capability
from desk.web.api_answers import AgencyView, name_of
from officers.deciding import agree_to_change, stop_change
from officers.models import PowerChange


class PowerChangeOut(s.Serializer[Any]):
    """A waiting change. `officer` is null for the policy; `changes` and `before` hold roles or policy fields.

    `until`: when it counts unless somebody stops it; null while nobody was told yet (`hours` run from the first
    delivered mail), or if `hours` is null and only another person's confirmation counts.
    """

    id = s.UUIDField()
    kind = s.ChoiceField(PowerChange.Kind.values)
    officer = s.CharField(allow_null=True)
    cause = s.ChoiceField(PowerChange.Cause.values, allow_null=True)
    changes = s.DictField()
    before = s.DictField()
    asked_by = s.CharField(allow_null=True)
    asked_at = s.DateTimeField()
    hours = s.IntegerField(allow_null=True)
    until = s.DateTimeField(allow_null=True)
    may_agree = s.BooleanField()
    may_stop = s.BooleanField()


class PowerChangesOut(s.Serializer[Any]):
    items = PowerChangeOut(many=True)


class PowersView(AgencyView):
    capability: ClassVar[Any] = Capability.OFFICER_READ

    @extend_schema(responses={200: PowerChangesOut}, operation_id="powers_list")
    def get(self, request: Request) -> Response:
        """List the waiting changes of power in the agency, oldest first."""
        return self.answer_waiting()

    def answer_waiting(self) -> Response:
        """Answer what waits now, for this officer."""
        rows = [_facts(row) for row in waiting_for(self.officer, now=self.now)]
        return self.answer({"items": PowerChangeOut(rows, many=True).data})


class AgreeView(PowersView):
    capability: ClassVar[Any] = Capability.POWER_DECIDE
    http_method_names = ["post", "options"]

    @extend_schema(request=None, responses={200: PowerChangesOut}, operation_id="powers_agree")
    def post(self, request: Request, change_id: uuid.UUID) -> Response:
        """Agree to a change as a second person, or confirm that an officer is who colleagues know; it counts at once."""
        self.act(lambda: agree_to_change(self.officer, change_id, now=self.now))
        return self.answer_waiting()


class StopView(PowersView):
    capability: ClassVar[Any] = Capability.POWER_DECIDE
    http_method_names = ["post", "options"]

    @extend_schema(request=None, responses={200: PowerChangesOut}, operation_id="powers_stop")
    def post(self, request: Request, change_id: uuid.UUID) -> Response:
        """Stop a change, which any officer who was told may; the officer who asked withdraws it."""
        self.act(lambda: stop_change(self.officer, change_id, now=self.now))
        return self.answer_waiting()


def _facts(row: WaitingChange) -> dict[str, Any]:
    change = row.change
    return {
        "id": change.pk,
        "kind": change.kind,
        "officer": name_of(change.officer),
        "cause": change.cause or None,
        "changes": change.changes,
        "before": change.before,
        "asked_by": name_of(change.asked_by),
        "asked_at": change.asked_at,
        "hours": change.delay_hours,
        "until": row.until,
        "may_agree": row.may_agree,
        "may_stop": row.may_stop,
    }


urlpatterns = [
    path("powers", PowersView.as_view(), name="powers-list"),
    path("powers/<uuid:change_id>/agree", AgreeView.as_view(), name="powers-agree"),
    path("powers/<uuid:change_id>/stop", StopView.as_view(), name="powers-stop"),
]
