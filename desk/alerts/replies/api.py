# SPDX-License-Identifier: Apache-2.0
"""Replies and the similarity of samples in JSON: begin a reply or a review, read reviews, compare, ask, answer, agree.

A reply begins as a draft; `POST /alerts/{id}/submit`, `/validate` and `/release` continue it.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_alert, find_received
from alerts.document.choices import ANSWER_CODES, ANSWER_WITHIN, OPINIONS, REFUSAL_REASONS
from alerts.document.fields import FIELDS
from alerts.errors import ReplyRefusedError
from alerts.models import Alert
from alerts.profiles.disclosure import Disclosure, disclosure_about, disclosures_of_question, questions_about
from alerts.profiles.questions import (
    TOLD,
    check_is_question,
    checked_contact,
    leads_of,
    no_profile,
    read_own,
    start_answer,
    start_details,
    start_question,
)
from alerts.profiles.samples import Lead, Leads
from alerts.receiving.opening import OpenedView, open_alert
from alerts.receiving.versions import versions_held
from alerts.replies.beginning import Opened, open_to_answer, says, start_reply
from alerts.replies.kinds import (
    ANSWER,
    CLARIFICATION,
    PEER_REVIEW,
    PROFILE_ANSWER,
    PROFILE_DETAILS,
    PROFILE_QUERY,
    REPLY,
)
from alerts.replies.reviews import reviews_of
from alerts.sending.amendment import versions_seen
from alerts.states import SENT
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from callers.idempotency import Outcome, idempotent, repeatable
from callers.reading import read_body
from desk.alerts import serializers
from desk.alerts.serializers import OpenIn
from desk.web.api import CREATED, DeskView, answer_facts

REPLIES: Final = (REPLY, ANSWER, CLARIFICATION, PEER_REVIEW)


class ReplyIn(OpenIn):
    """A reply of kind `reply` has `narrative`, an `answer` has `answer_code`, a `clarification` has `question`, a `peer_review` has `opinion`.

    `recipients` are agencies that have the alert.
    """

    kind = s.ChoiceField(choices=REPLIES)
    narrative = s.CharField(required=False, max_length=10_000)
    question = s.CharField(required=False, max_length=2_000)
    request_priority = s.ChoiceField(choices=list(ANSWER_WITHIN), required=False)
    answer_code = s.ChoiceField(choices=ANSWER_CODES, required=False)
    refusal_reason = s.ChoiceField(
        choices=REFUSAL_REASONS, required=False, help_text="Of an answer `refused`."
    )
    expected_at = s.DateField(
        required=False, help_text="When another answer follows: the day for which you expect it."
    )
    opinion = s.ChoiceField(choices=OPINIONS, required=False)
    opinion_text = s.CharField(required=False, max_length=4_000)
    contact = s.CharField(required=False, max_length=200)
    recipients = s.ListField(child=s.CharField(max_length=30), required=False, max_length=500)


class ReviewOut(s.Serializer[Any]):
    """A standing review, one of each agency. `alert` is the id of one's own, `received` that of another's."""

    agency = s.CharField()
    name = s.CharField()
    opinion = s.CharField()
    words = s.CharField()
    text = s.CharField()
    contact = s.CharField()
    evidence = s.IntegerField()
    at = s.DateTimeField(allow_null=True)
    log_index = s.IntegerField(allow_null=True)
    version = s.IntegerField()
    is_of_newest = s.BooleanField()
    suite = s.CharField()
    standing = serializers.SignatureStateOut()
    alert = s.UUIDField(allow_null=True)
    received = s.UUIDField(allow_null=True)


class ReviewsOut(s.Serializer[Any]):
    items = ReviewOut(many=True)


class QuestionIn(s.Serializer[Any]):
    """The agencies to ask about the profile of an own sent alert; nothing of its case goes out."""

    agencies = s.ListField(child=s.CharField(max_length=30), min_length=1, max_length=100)
    contact = s.CharField(required=False, default="", allow_blank=True, max_length=200)


class AnswerProfileIn(OpenIn):
    """The answer's `sample`: the own alert whose profile is similar."""

    sample = s.UUIDField()
    contact = s.CharField(max_length=200)


class DetailsIn(OpenIn):
    """Consent to exchange case details; `told` are the parts of one's own alert that go out.

    It is empty until the other side has agreed.
    """

    told = s.ListField(
        child=s.ChoiceField(choices=sorted(TOLD)), required=False, default=list, max_length=len(TOLD)
    )
    contact = s.CharField(required=False, default="", allow_blank=True, max_length=200)


class LeadOut(s.Serializer[Any]):
    """A similar sample; `comparison` is the result of comparing: a lead, not proof."""

    alert = s.UUIDField(allow_null=True)
    received = s.UUIDField(allow_null=True)
    title = s.CharField()
    comparison = s.DictField()


class NotComparableOut(s.Serializer[Any]):
    reason = s.CharField()
    samples = s.IntegerField()


class ExchangeOut(s.Serializer[Any]):
    """The exchange of details with one agency. `answer` is null while there is none: that is no consent and says nothing."""

    agency = s.CharField()
    name = s.CharField()
    answer = s.DictField(allow_null=True)
    contact = s.CharField()
    we_agreed = s.BooleanField()
    they_agreed = s.BooleanField()
    we_told = s.BooleanField()
    they_told = s.BooleanField()
    last = s.UUIDField(allow_null=True)


class AskedOut(s.Serializer[Any]):
    """A question of ours about this sample."""

    alert = s.UUIDField()
    state = s.CharField()
    exchanges = ExchangeOut(many=True)


class LeadsOut(s.Serializer[Any]):
    """Similar samples, best first. `leads` is empty for an answer, which has no profile of its own."""

    leads = LeadOut(many=True)
    compared = s.IntegerField()
    not_comparable = NotComparableOut(many=True)
    expected_false_links = s.FloatField()
    exchange = ExchangeOut(allow_null=True)
    asked = AskedOut(many=True)


class ReplyDraftView(DeskView):
    """Make a draft once per `Idempotency-Key` and answer its facts."""

    capability = Capability.ALERT_WRITE

    def begin(self, make: Callable[[], Alert], said: Mapping[str, Any] | None = None) -> Response:
        """Make a draft and answer its facts; raises ReplyRefusedError if a draft without the fields of `said` is under way."""

        def run() -> Outcome:
            alert = make()
            if alert.created_at < self.now and not says(self.officer, alert, said or {}):
                text = _(
                    "A draft of this kind is under way: %(id)s. Go on with it, or delete it and begin again."
                )
                raise ReplyRefusedError("under-way", text % {"id": alert.pk})
            return Outcome(CREATED, str(alert.pk))

        outcome = idempotent(self.request, self.actor, run, now=self.now)
        return answer_facts(find_alert(self.officer, outcome.resource), CREATED)

    def opened(self, received_id: uuid.UUID, body: Mapping[str, Any]) -> Opened:
        why = {"reason": body["reason"], "reference": body["reference"]}
        return open_to_answer(self.officer, find_received(self.officer, received_id), **why, now=self.now)


class ReplyView(ReplyDraftView):
    @extend_schema(request=ReplyIn, responses={201: serializers.AlertFactsOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Begin a reply to a received alert, or the review of its identification: a draft, marked as the alert is."""
        body = read_body(ReplyIn, request)
        if body["kind"] == PEER_REVIEW and not body.get("opinion"):
            raise InputError("opinion", _("Opinion: choose one."))
        if body["kind"] == CLARIFICATION and not body.get("question"):
            raise InputError("question", str(FIELDS["question"].problem))
        if body["kind"] == ANSWER and not body.get("answer_code"):
            raise InputError("answer_code", _("Answer: choose one."))
        said = {name: value for name, value in body.items() if name not in ("kind", "reason", "reference")}
        if "expected_at" in said:
            said["expected_at"] = said["expected_at"].isoformat()

        def make() -> Alert:
            opened = self.opened(received_id, body)
            if "recipients" in said:
                said["recipients"] = sorted({opened.source.iss, *said["recipients"]})
            return start_reply(self.officer, opened, alert_type=body["kind"], data=said, now=self.now)

        return self.begin(make, said)


class SentReviewsView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: ReviewsOut})
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """List other laboratories' reviews of a sent alert's identification: one standing review of each agency."""
        alert = _sent(self, alert_id)
        return _reviews(self, {row.md: row.version for row in versions_seen(self.officer, alert)})


class ReceivedReviewsView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(responses={200: ReviewsOut})
    def get(self, request: Request, received_id: uuid.UUID) -> Response:
        """List reviews of a received alert's identification, as far as they reached this agency."""
        held = versions_held(self.officer, find_received(self.officer, received_id), now=self.now)
        return _reviews(self, {row.md: row.version for row in held})


class AskView(ReplyDraftView):
    @extend_schema(request=QuestionIn, responses={201: serializers.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Begin a question to other agencies about the profile of a sent alert: method and numbers, no case."""
        body = read_body(QuestionIn, request)

        def make() -> Alert:
            return start_question(self.officer, find_alert(self.officer, alert_id), **body, now=self.now)

        return self.begin(make)


class AnswerProfileView(ReplyDraftView):
    @extend_schema(request=AnswerProfileIn, responses={201: serializers.AlertFactsOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Begin the answer to a question about a profile: score, rates, verdict and contact, and no case."""
        body = read_body(AnswerProfileIn, request)

        def make() -> Alert:
            opened = self.opened(received_id, body)
            check_is_question(opened)
            sample = find_alert(self.officer, body["sample"])
            return start_answer(self.officer, opened, sample=sample, contact=body["contact"], now=self.now)

        return self.begin(make, {"contact": checked_contact(body["contact"])})


class DetailsView(ReplyDraftView):
    @extend_schema(request=DetailsIn, responses={201: serializers.AlertFactsOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Begin the consent to exchanging case details; once the other side has consented, with the parts in `told`."""
        body = read_body(DetailsIn, request)

        def make() -> Alert:
            opened = self.opened(received_id, body)
            return start_details(
                self.officer, opened, told=body["told"], contact=body["contact"], now=self.now
            )

        told = {"told": body["told"]} if body["told"] else {}
        return self.begin(make, {"contact": checked_contact(body["contact"]), **told})


class SentProfileView(DeskView):
    capability = Capability.SCIENCE_READ

    @extend_schema(responses={200: LeadsOut})
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Compare the profile of a sent alert with those that this agency holds, and list the agencies asked about it."""
        alert = _sent(self, alert_id)
        document = read_own(self.officer, alert, now=self.now)
        is_question = document.get("alert_type") == PROFILE_QUERY
        leads = (
            Leads() if is_question else leads_of(self.officer, document, alert, own_only=False, now=self.now)
        )
        asked = [alert] if is_question else questions_about(self.officer, alert)
        return _leads(leads, None, [self._asked(question) for question in asked])

    def _asked(self, question: Alert) -> dict[str, Any]:
        sent = question.state in SENT
        found = disclosures_of_question(self.officer, question, now=self.now) if sent else []
        return {"alert": question.pk, "state": question.state, "exchanges": [_exchange(row) for row in found]}


class ReceivedProfileView(DeskView):
    capability = Capability.SCIENCE_READ

    @extend_schema(request=OpenIn, responses={200: LeadsOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Compare the profile of a received alert, or a question about one, with those that this agency holds.

        A question is compared with the agency's own samples only; the asking agency learns nothing of it.
        """
        why = read_body(OpenIn, request)
        received = find_received(self.officer, received_id)

        def read() -> OpenedView:
            return open_alert(self.officer, received, **why, now=self.now)

        view = repeatable(request, self.actor, read, now=self.now)
        kind = view.document.get("alert_type")
        leads = Leads()
        if view.document.get("profile"):
            leads = leads_of(
                self.officer, view.document, view.received, own_only=kind == PROFILE_QUERY, now=self.now
            )
        elif kind not in (PROFILE_ANSWER, PROFILE_DETAILS):
            raise no_profile()
        on_profiles = kind in (PROFILE_QUERY, PROFILE_ANSWER, PROFILE_DETAILS)
        exchange = disclosure_about(self.officer, view.received, now=self.now) if on_profiles else None
        return _leads(leads, exchange, [])


def _sent(view: DeskView, alert_id: uuid.UUID) -> Alert:
    alert = find_alert(view.officer, alert_id)
    if alert.state not in SENT:
        raise AbsentError
    return alert


def _reviews(view: DeskView, versions: dict[str, int]) -> Response:
    return Response(ReviewsOut({"items": reviews_of(view.officer, versions, now=view.now)}).data)


def _leads(leads: Leads, exchange: Disclosure | None, asked: list[dict[str, Any]]) -> Response:
    shown = {
        "leads": [_lead(lead) for lead in leads.rows],
        "compared": leads.compared,
        "not_comparable": [{"reason": reason, "samples": n} for reason, n in leads.reasons],
        "expected_false_links": leads.expected_false_links,
        "exchange": _exchange(exchange) if exchange else None,
        "asked": asked,
    }
    return Response(LeadsOut(shown).data)


def _lead(lead: Lead) -> dict[str, Any]:
    return {
        "alert": lead.alert.pk if lead.alert else None,
        "received": lead.received.pk if lead.received else None,
        "title": lead.card.title,
        "comparison": lead.comparison.as_json(),
    }


def _exchange(exchange: Disclosure) -> dict[str, Any]:
    return {
        "agency": exchange.agency,
        "name": exchange.name,
        "answer": exchange.answer,
        "contact": exchange.contact,
        "we_agreed": exchange.we_agreed,
        "they_agreed": exchange.they_agreed,
        "we_told": exchange.we_told,
        "they_told": exchange.they_told,
        "last": exchange.last.pk if exchange.last else None,
    }


_A: Final = "alerts/<uuid:alert_id>"
_R: Final = "alerts/received/<uuid:received_id>"

urlpatterns = [
    path(f"{_R}/reply", ReplyView.as_view(), name="received-reply"),
    path(f"{_R}/reviews", ReceivedReviewsView.as_view(), name="received-reviews"),
    path(f"{_R}/profile", ReceivedProfileView.as_view(), name="received-profile"),
    path(f"{_R}/profile/answer", AnswerProfileView.as_view(), name="received-profile-answer"),
    path(f"{_R}/profile/details", DetailsView.as_view(), name="received-profile-details"),
    path(f"{_A}/reviews", SentReviewsView.as_view(), name="alert-reviews"),
    path(f"{_A}/profile", SentProfileView.as_view(), name="alert-profile"),
    path(f"{_A}/profile/ask", AskView.as_view(), name="alert-profile-ask"),
]
