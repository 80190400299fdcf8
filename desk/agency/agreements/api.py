# SPDX-License-Identifier: Apache-2.0
"""The agency's agreements in JSON, and suspending and resuming their lanes."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.agency.agreements import AgreementShown, agreement_of, agreements_of, circles_of
from alerts.peers.lanes import resume_lanes, suspend_lanes
from callers.capabilities import Capability
from callers.closed_lists import Lane, Purpose, Tlp
from callers.reading import read_body
from desk.web.api_answers import AgencyView, moment


class LanesIn(s.Serializer[Any]):
    lanes = s.ListField(child=s.ChoiceField(Lane.values), min_length=1, max_length=len(Lane.values))


class StoppedLaneOut(s.Serializer[Any]):
    lane = s.ChoiceField(Lane.values)
    agency = s.CharField()
    since = s.DateTimeField()


class AgreementOut(s.Serializer[Any]):
    """An agreement as the exchange states it, and this agency's suspended lanes, even if the exchange does not list them."""

    ref = s.CharField()
    title = s.CharField()
    version = s.IntegerField()
    parties = s.ListField(child=s.CharField())
    lanes = s.ListField(child=s.ChoiceField(Lane.values))
    ceiling = s.ChoiceField(Tlp.values)
    purposes = s.ListField(child=s.ChoiceField(Purpose.values), help_text="None: every purpose.")
    nbf = s.DateTimeField()
    until = s.DateTimeField(allow_null=True)
    survive_lanes = s.ListField(child=s.ChoiceField(Lane.values))
    survive_flash = s.BooleanField()
    suspended = StoppedLaneOut(many=True)


class AgreementsOut(s.Serializer[Any]):
    items = AgreementOut(many=True)


class AgreementsView(AgencyView):
    capability = Capability.AGREEMENT_READ

    @extend_schema(responses={200: AgreementsOut}, operation_id="agreements_list")
    def get(self, request: Request) -> Response:
        """Every agreement of the agency, by ref."""
        shown = [_shown(standing) for standing in agreements_of(self.officer, now=self.now)]
        return self.answer(AgreementsOut({"items": shown}).data)


class CircleOut(s.Serializer[Any]):
    name = s.CharField()
    agreement = s.CharField()
    members = s.ListField(child=s.CharField())
    since = s.DateTimeField()


class CirclesOut(s.Serializer[Any]):
    items = CircleOut(many=True)


class CirclesView(AgencyView):
    capability = Capability.AGREEMENT_READ

    @extend_schema(responses={200: CirclesOut}, operation_id="circles_list")
    def get(self, request: Request) -> Response:
        """Every circle of the agency."""
        shown = [
            {**asdict(one), "since": moment(one.since)} for one in circles_of(self.officer, now=self.now)
        ]
        return self.answer(CirclesOut({"items": shown}).data)


class LanesView(AgencyView):
    capability = Capability.AGENCY_MANAGE

    def change(self, ref: str, do: Callable[..., None]) -> Response:
        """Do the act on the lanes of the body; answer the resulting agreement."""
        lanes = sorted(set(read_body(LanesIn, self.request)["lanes"]))
        self.act(lambda: do(self.officer, ref, lanes, now=self.now))
        return self.answer(AgreementOut(_shown(agreement_of(self.officer, ref, now=self.now))).data)


class SuspendView(LanesView):
    @extend_schema(request=LanesIn, responses={200: AgreementOut}, operation_id="agreements_suspend")
    def post(self, request: Request, ref: str) -> Response:
        """Suspend lanes with every other party, at once and both ways; nothing is deleted, waiting envelopes are held.

        Nothing goes from this agency on such a lane before it resumes it, whatever the exchange says.
        """
        return self.change(ref, suspend_lanes)


class ResumeView(LanesView):
    @extend_schema(request=LanesIn, responses={200: AgreementOut}, operation_id="agreements_resume")
    def post(self, request: Request, ref: str) -> Response:
        """Lift this agency's own suspension; held envelopes that have not expired are delivered, in order."""
        return self.change(ref, resume_lanes)


def _shown(standing: AgreementShown) -> dict[str, Any]:
    facts = ("ref", "title", "version", "parties", "lanes", "ceiling", "purposes")
    return {
        **{name: getattr(standing.said, name) for name in facts},
        "nbf": standing.begins,
        "until": standing.until,
        "survive_lanes": standing.said.survive_lanes,
        "survive_flash": standing.said.survive_flash,
        "suspended": [
            {"lane": row.code, "agency": stop.agency, "since": stop.since}
            for row in standing.lanes
            for stop in row.stopped
        ],
    }


_A: Final = "agreements/<str:ref>"
urlpatterns = [
    path("agreements", AgreementsView.as_view(), name="agreements-list"),
    path("circles", CirclesView.as_view(), name="circles-list"),
    path(f"{_A}/suspend", SuspendView.as_view(), name="agreements-suspend"),
    path(f"{_A}/resume", ResumeView.as_view(), name="agreements-resume"),
]
