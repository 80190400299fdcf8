# SPDX-License-Identifier: Apache-2.0
"""Lanes of an agreement suspended and resumed by this agency, in JSON."""

from collections.abc import Callable
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.api_affairs.answering import AffairsView
from callers.capabilities import Capability
from callers.errors import AbsentError
from callers.reading import read_body
from sharing.agreement_facts import list_agreements
from sharing.agreements import resume_lanes, suspend_lanes
from sharing.models import Agreement
from sharing.shapes import AgreementShape
from sharing.terms import Lane


class LanesIn(s.Serializer[Any]):
    lanes = s.ListField(child=s.ChoiceField(Lane.values), min_length=1, max_length=len(Lane.values))


class LanesView(AffairsView):
    capability = Capability.AGENCY_MANAGE

    def change(self, ref: str, do: Callable[..., object]) -> Response:
        """Does it to the lanes of the body and answers the agreement as it counts then."""
        lanes = sorted(set(read_body(LanesIn, self.request)["lanes"]))
        agreement = Agreement.objects.visible_to(self.officer).filter(ref=ref).first()
        if agreement is None:
            raise AbsentError
        self.act(lambda: do(self.officer, agreement, lanes, now=self.now))
        facts = {row.ref: row for row in list_agreements(self.officer, now=self.now)}
        if ref not in facts:
            raise AbsentError
        return self.answer(AgreementShape(facts[ref]).data)


class SuspendView(LanesView):
    @extend_schema(request=LanesIn, responses={200: AgreementShape}, operation_id="agreements_suspend")
    def post(self, request: Request, ref: str) -> Response:
        """Stop lanes with every other party, at once and both ways; nothing is deleted, what waits is held."""
        return self.change(ref, suspend_lanes)


class ResumeView(LanesView):
    @extend_schema(request=LanesIn, responses={200: AgreementShape}, operation_id="agreements_resume")
    def post(self, request: Request, ref: str) -> Response:
        """Lift this agency's own suspension; what was held and has not expired is delivered, in order."""
        return self.change(ref, resume_lanes)


_A: Final = "agreements/<str:ref>"
urlpatterns = [
    path(f"{_A}/suspend", SuspendView.as_view(), name="agreements-suspend"),
    path(f"{_A}/resume", ResumeView.as_view(), name="agreements-resume"),
]
