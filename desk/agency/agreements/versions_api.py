# SPDX-License-Identifier: Apache-2.0
"""Versions of agreements in JSON: propose, list, accept, refuse, leave."""

from datetime import datetime
from typing import Any, ClassVar, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from accord.agreements import SignedVersion, VersionState
from accord.envelope.vocabulary import MAX_RECIPIENTS
from accord.moments import moment_of
from alerts.agency.agreement_versions import (
    Terms,
    answer_version,
    leave_agreement,
    propose_agreement,
    version_of,
    versions_of,
)
from callers.capabilities import Capability
from callers.closed_lists import Lane, Purpose, Tlp
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body
from desk.web.api import CREATED
from desk.web.api_answers import AgencyView


class TermsIn(s.Serializer[Any]):
    """Terms of a version; the own agency is always a party. A ref that is in force gets its next version."""

    ref = s.CharField(max_length=20)
    parties = s.ListField(child=s.CharField(max_length=23), min_length=1, max_length=MAX_RECIPIENTS + 1)
    lanes = s.ListField(child=s.ChoiceField(Lane.values), min_length=1, max_length=len(Lane.values))
    tlp = s.ChoiceField(Tlp.values)
    purposes = s.ListField(child=s.ChoiceField(Purpose.values), min_length=1, max_length=len(Purpose.values))
    begins = s.DateTimeField()
    until = s.DateTimeField()
    survive_lanes = s.ListField(child=s.ChoiceField(Lane.values), max_length=len(Lane.values), default=list)
    survive_flash = s.BooleanField(default=False)
    clocks = s.ChoiceField(["freeze", "run"])
    emergency = s.BooleanField(default=False)


class AgreementVersionOut(s.Serializer[Any]):
    """A version as its parties sign it; `accepted`, `refused` and `left` name those who have said so."""

    od = s.CharField()
    ref = s.CharField()
    version = s.IntegerField()
    state = s.ChoiceField([state.value for state in VersionState])
    proposed_by = s.CharField()
    parties = s.ListField(child=s.CharField())
    lanes = s.ListField(child=s.ChoiceField(Lane.values))
    tlp = s.ChoiceField(Tlp.values)
    purposes = s.ListField(child=s.ChoiceField(Purpose.values))
    begins = s.DateTimeField()
    until = s.DateTimeField()
    survive_lanes = s.ListField(child=s.ChoiceField(Lane.values))
    survive_flash = s.BooleanField()
    clocks = s.ChoiceField(["freeze", "run"])
    emergency = s.BooleanField()
    accepted = s.ListField(child=s.CharField())
    refused = s.ListField(child=s.CharField())
    left = s.ListField(child=s.CharField())


class AgreementVersionsOut(s.Serializer[Any]):
    items = AgreementVersionOut(many=True)


class VersionsView(AgencyView):
    capability: ClassVar = {"GET": Capability.AGREEMENT_READ, "POST": Capability.AGENCY_MANAGE}

    @extend_schema(responses={200: AgreementVersionsOut}, operation_id="agreement_versions_list")
    def get(self, request: Request) -> Response:
        """Every version of an agreement that names the agency, by the signed statements held here, the newest first."""
        shown = [_shown(one, self.now) for one in versions_of(self.officer, now=self.now)]
        return self.answer(AgreementVersionsOut({"items": shown}).data)

    @extend_schema(
        request=TermsIn, responses={201: AgreementVersionOut}, operation_id="agreement_versions_propose"
    )
    def post(self, request: Request) -> Response:
        """Propose a version to its parties by a signed statement; the own agency accepts by it."""
        terms = _terms(read_body(TermsIn, request))
        made = idempotent(
            request,
            self.actor,
            lambda: Outcome(CREATED, propose_agreement(self.officer, terms, now=self.now)),
            now=self.now,
        )
        shown = _shown(version_of(self.officer, made.resource, now=self.now), self.now)
        return self.answer(AgreementVersionOut(shown).data, made.status)


class AnswerView(AgencyView):
    capability = Capability.AGENCY_MANAGE

    def say(self, od: str, st: str) -> Response:
        """Answer the proposal; return it as it stands now."""
        version_of(self.officer, od, now=self.now)
        self.act(lambda: answer_version(self.officer, od, st, now=self.now))
        return self.answer(
            AgreementVersionOut(_shown(version_of(self.officer, od, now=self.now), self.now)).data
        )


class AcceptView(AnswerView):
    @extend_schema(
        request=None, responses={200: AgreementVersionOut}, operation_id="agreement_versions_accept"
    )
    def post(self, request: Request, od: str) -> Response:
        """Accept a proposed version; it is in force once every party has."""
        return self.say(od, "accept")


class RefuseView(AnswerView):
    @extend_schema(
        request=None, responses={200: AgreementVersionOut}, operation_id="agreement_versions_refuse"
    )
    def post(self, request: Request, od: str) -> Response:
        """Refuse a proposed version; it is over for all its parties."""
        return self.say(od, "refuse")


class LeaveView(AgencyView):
    capability = Capability.AGENCY_MANAGE

    @extend_schema(request=None, responses={204: None}, operation_id="agreements_leave")
    def post(self, request: Request, ref: str) -> Response:
        """Leave a signed agreement, at once; the others go on."""
        self.act(lambda: leave_agreement(self.officer, ref, now=self.now), code=204)
        return Response(status=204)


def _terms(asked: dict[str, Any]) -> Terms:
    sets = ("parties", "lanes", "purposes", "survive_lanes")
    said: dict[str, Any] = {name: frozenset(asked.pop(name)) for name in sets}
    return Terms(**said, **asked)


def _shown(one: SignedVersion, now: datetime) -> dict[str, Any]:
    same = ("ref", "parties", "lanes", "tlp", "purposes", "clocks", "emergency")
    return {
        **{name: one.body[name] for name in same},
        "od": one.od,
        "version": one.body["ver"],
        "state": one.state(int(now.timestamp())).value,
        "proposed_by": one.statement.iss,
        "begins": moment_of(one.body["nbf"]),
        "until": moment_of(one.until),
        "survive_lanes": one.body["survive"]["lanes"],
        "survive_flash": one.body["survive"]["flash"],
        "accepted": sorted(one.accepted),
        "refused": sorted(one.refused),
        "left": sorted(one.left),
    }


_V: Final = "agreements/versions"
urlpatterns = [
    path(_V, VersionsView.as_view(), name="agreement-versions"),
    path(f"{_V}/<str:od>/accept", AcceptView.as_view(), name="agreement-version-accept"),
    path(f"{_V}/<str:od>/refuse", RefuseView.as_view(), name="agreement-version-refuse"),
    path("agreements/<str:ref>/leave", LeaveView.as_view(), name="agreements-leave"),
]
