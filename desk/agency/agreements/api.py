# SPDX-License-Identifier: Apache-2.0
"""The agency's agreements in JSON, what they let through, and suspending and resuming their lanes."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from accord.envelope.statements.bodies import SUSPEND_REASONS
from accord.envelope.vocabulary import MAX_RECIPIENTS, PRIORITIES
from alerts.agency.agreements import AgreementShown, agreement_of, agreements_of, circles_of
from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.errors import AgreementRefusedError
from alerts.review.may_send import may_send
from callers.capabilities import Capability
from callers.closed_lists import Lane, Purpose, Tlp
from callers.directory import AGENCY_ID_FORM
from callers.reading import read_body, read_query
from desk.web.api_answers import AgencyView, moment


class LanesIn(s.Serializer[Any]):
    agencies = s.ListField(child=s.CharField(max_length=23), min_length=1, max_length=MAX_RECIPIENTS)
    lanes = s.ListField(child=s.ChoiceField(Lane.values), min_length=1, max_length=len(Lane.values))


class SuspendIn(LanesIn):
    why = s.ChoiceField(sorted(SUSPEND_REASONS), allow_null=True, default=None)


class StoppedLaneOut(s.Serializer[Any]):
    lane = s.ChoiceField(Lane.values)
    agency = s.CharField(help_text="Who suspends it.")
    peer = s.CharField(help_text="The other of the two: yours is one of them.")
    since = s.DateTimeField()
    why = s.ChoiceField(sorted(SUSPEND_REASONS), allow_null=True)


class AgreementOut(s.Serializer[Any]):
    """An agreement as the exchange states it, and the lanes that this agency or a party has suspended with the other."""

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

    def change(self, ref: str, read: type[LanesIn], do: Callable[..., None]) -> Response:
        """Do the act on the lanes of the body with parties of this agreement; answer the resulting agreement."""
        parties = agreement_of(self.officer, ref, now=self.now).said.parties
        asked = read_body(read, self.request)
        agencies, lanes = asked.pop("agencies"), asked.pop("lanes")
        if not set(agencies) <= set(parties):
            raise AgreementRefusedError("agencies", _("Agencies: choose from the list; it may have changed."))
        self.act(lambda: do(self.officer, agencies, lanes, **asked, now=self.now))
        return self.answer(AgreementOut(_shown(agreement_of(self.officer, ref, now=self.now))).data)


class SuspendView(LanesView):
    @extend_schema(request=SuspendIn, responses={200: AgreementOut}, operation_id="agreements_suspend")
    def post(self, request: Request, ref: str) -> Response:
        """Suspend lanes with parties, in every agreement with them, at once and both ways, by a signed statement.

        Nothing is deleted, waiting envelopes are held. Nothing goes from this agency to them on such a lane before it resumes
        it, whatever the exchange says.
        """
        return self.change(ref, SuspendIn, suspend_lanes)


class ResumeView(LanesView):
    @extend_schema(request=LanesIn, responses={200: AgreementOut}, operation_id="agreements_resume")
    def post(self, request: Request, ref: str) -> Response:
        """Lift this agency's own suspension; held envelopes that have not expired are delivered, in order."""
        return self.change(ref, LanesIn, resume_lanes)


def _shown(standing: AgreementShown) -> dict[str, Any]:
    facts = ("ref", "title", "version", "parties", "lanes", "ceiling", "purposes")
    return {
        **{name: getattr(standing.said, name) for name in facts},
        "nbf": standing.begins,
        "until": standing.until,
        "survive_lanes": standing.said.survive_lanes,
        "survive_flash": standing.said.survive_flash,
        "suspended": [
            {
                "lane": row.code,
                "agency": stop.agency,
                "peer": stop.peer,
                "since": stop.since,
                "why": stop.why or None,
            }
            for row in standing.lanes
            for stop in row.stopped
        ],
    }


class MaySendQuery(s.Serializer[Any]):
    """Terms as of an alert, and an agency."""

    lane = s.ChoiceField(Lane.values, help_text="The lane.")
    purpose = s.ChoiceField(Purpose.values, help_text="The purpose.")
    tlp = s.ChoiceField(Tlp.values, help_text="The marking.")
    pri = s.ChoiceField(sorted(PRIORITIES), default="routine", help_text="The speed.")
    agency = s.RegexField(AGENCY_ID_FORM, required=False, help_text="Without it, every other agency.")


class MaySendItemOut(s.Serializer[Any]):
    """The answer on one agency: `text` says why not, for `code`.

    `agreement` allows it, or came nearest to that. `open_lanes` are those on which anything may pass between the two now;
    `life_passes`: flash on public health passes although that lane is suspended.
    """

    agency = s.CharField(source="verdict.agency")
    name = s.CharField(source="verdict.name")
    allowed = s.BooleanField(source="verdict.will")
    code = s.CharField(source="verdict.code", allow_blank=True)
    text = s.CharField(source="verdict.text", allow_blank=True)
    agreement = s.CharField(source="ref", allow_blank=True)
    ceiling = s.CharField(allow_blank=True)
    open_lanes = s.ListField(child=s.ChoiceField(Lane.values))
    life_passes = s.BooleanField()


class MaySendOut(s.Serializer[Any]):
    items = MaySendItemOut(many=True, source="rows")
    as_of = s.DateTimeField(
        allow_null=True, help_text="When the exchange said so, where it could not be asked now."
    )


class MaySendView(AgencyView):
    capability = Capability.AGREEMENT_READ

    @extend_schema(parameters=[MaySendQuery], responses={200: MaySendOut}, operation_id="agreements_may_send")
    def get(self, request: Request) -> Response:
        """Tell whom something with these terms would reach if it were sent now, and why not the others."""
        asked = read_query(MaySendQuery, request)
        agencies = [asked.pop("agency")] if "agency" in asked else []
        return self.answer(MaySendOut(may_send(self.officer, asked, agencies, now=self.now)).data)


_A: Final = "agreements/<str:ref>"
urlpatterns = [
    path("agreements/may-send", MaySendView.as_view(), name="agreements-may-send"),
    path("agreements", AgreementsView.as_view(), name="agreements-list"),
    path("circles", CirclesView.as_view(), name="circles-list"),
    path(f"{_A}/suspend", SuspendView.as_view(), name="agreements-suspend"),
    path(f"{_A}/resume", ResumeView.as_view(), name="agreements-resume"),
]
