# SPDX-License-Identifier: Apache-2.0
"""Versions of agreements in JSON: propose, list, accept, refuse, leave."""

from datetime import datetime
from typing import Any, ClassVar, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from accord.agreement_texts import TextState
from accord.agreements import SignedVersion, VersionState
from accord.commitments import GIVEN
from accord.document.agreement_texts import agreement_text, text_schema
from accord.envelope.vocabulary import MAX_RECIPIENTS
from accord.moments import moment_of
from alerts.agency.agreement_versions import (
    Terms,
    answer_version,
    leave_agreement,
    propose_agreement,
    text_of_version,
    version_among,
    version_of,
    versions_of,
)
from alerts.agency.model_texts.filling import MODELS, differing_terms, model_text
from alerts.agency.term_words import terms_signed
from callers.capabilities import Capability
from callers.closed_lists import Lane, Purpose, Tlp
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body
from desk.agency.agreements.text_display import text_shown
from desk.web.api import CREATED
from desk.web.api_answers import AgencyView
from peers.models import Agency

_LIMITS: Final = text_schema()["properties"]


class SpanIn(s.Serializer[Any]):
    n = s.IntegerField(max_value=1000, help_text="1 or more.")
    unit = s.ChoiceField(["hour", "day", "week", "month", "quarter", "year"])


class CommitmentIn(s.Serializer[Any]):
    """Commitment of one party towards another, from a day on: `within` a time for answers and court outcomes, else once `every` period."""

    by = s.CharField(max_length=23)
    to = s.CharField(max_length=23)
    what = s.ChoiceField(GIVEN)
    every = SpanIn(allow_null=True, default=None)
    within = SpanIn(allow_null=True, default=None)
    zone = s.CharField(max_length=64, help_text="A name of the IANA database.")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": s.DateField()}


class TextIn(s.Serializer[Any]):
    """Text of a version, sealed for its parties: paragraphs with an empty line between them."""

    title = s.CharField(max_length=_LIMITS["title"]["maxLength"])
    text = s.CharField(max_length=_LIMITS["text"]["maxLength"])
    commitments = CommitmentIn(many=True, default=list)


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
    text = TextIn(allow_null=True, default=None)


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
    text = s.CharField(allow_null=True, help_text="Address (md) of its sealed text; null without one.")
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


class ParagraphOut(s.Serializer[Any]):
    text = s.CharField()
    change = s.ChoiceField(["same", "added", "removed"])


class AgreementTextOut(s.Serializer[Any]):
    """Text of a version. `compares`: `change` tells what differs from the version before.

    `differing` has what a model's paragraph in it says of a term, by the term's name, where the version says otherwise.

    `missing`, `differs` (another text came than the one that was signed), `unreadable`: it cannot be accepted.
    """

    state = s.ChoiceField([state.value for state in TextState])
    title = s.CharField(allow_blank=True)
    commitments = CommitmentIn(many=True)
    compares = s.BooleanField()
    differing = s.DictField(child=s.CharField())
    paragraphs = ParagraphOut(many=True)


class TextView(AgencyView):
    capability = Capability.AGREEMENT_READ

    @extend_schema(responses={200: AgreementTextOut}, operation_id="agreement_versions_text")
    def get(self, request: Request, od: str) -> Response:
        """Read the sealed text of a version, compared with that of the version before."""
        versions = versions_of(self.officer, now=self.now)
        version = version_among(versions, od)
        names = dict(Agency.objects.values_list("pk", "name"))
        shown = text_shown(self.officer, version, versions, names)
        document = text_of_version(self.officer, version).document or {}
        return self.answer(
            {
                "state": shown.state.value,
                "title": shown.title,
                "commitments": document.get("commitments", []),
                "compares": shown.compares,
                "differing": differing_terms(shown.text, terms_signed(version), names),
                "paragraphs": [{"text": one.text, "change": one.change} for one in shown.paragraphs],
            }
        )


class ModelTextOut(s.Serializer[Any]):
    name = s.CharField()
    title = s.CharField()
    text = s.CharField(help_text="Terms stand in braces: {parties}, {lanes}, {tlp} and so on.")


class ModelTextsOut(s.Serializer[Any]):
    items = ModelTextOut(many=True)


class ModelTextsView(AgencyView):
    capability = Capability.AGENCY_MANAGE

    @extend_schema(responses={200: ModelTextsOut}, operation_id="agreements_model_texts")
    def get(self, request: Request) -> Response:
        """Model texts to begin with, in the caller's language. Models, not legal advice."""
        items = [{"name": name, "title": str(title), "text": model_text(name)} for name, title in MODELS]
        return self.answer(ModelTextsOut({"items": items}).data)


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
        """Refuse a proposed version; it is over for all its parties. Its proposer takes it back by this."""
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
    text = asked.pop("text")
    if text is not None:
        rows = [row | {"from": row["from"].isoformat()} for row in text["commitments"]]
        said["text"] = agreement_text(text["title"], text["text"], rows)
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
        "text": (one.body["text"] or {}).get("md"),
        "accepted": sorted(one.accepted),
        "refused": sorted(one.refused),
        "left": sorted(one.left),
    }


_V: Final = "agreements/versions"
urlpatterns = [
    path("agreements/model-texts", ModelTextsView.as_view(), name="agreement-model-texts"),
    path(f"{_V}/<str:od>/text", TextView.as_view(), name="agreement-version-text"),
    path(_V, VersionsView.as_view(), name="agreement-versions"),
    path(f"{_V}/<str:od>/accept", AcceptView.as_view(), name="agreement-version-accept"),
    path(f"{_V}/<str:od>/refuse", RefuseView.as_view(), name="agreement-version-refuse"),
    path("agreements/<str:ref>/leave", LeaveView.as_view(), name="agreements-leave"),
]
