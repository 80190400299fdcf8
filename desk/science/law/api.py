# SPDX-License-Identifier: Apache-2.0
"""The law in JSON: the rules that the agency follows, new hits, watches, and changes adopted."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar, Final

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import agency_of, find_alert, find_received, today_of
from alerts.query_audit import science_errors
from callers.capabilities import Capability
from callers.errors import InputError
from callers.idempotency import repeatable
from callers.reading import read_body, read_query
from desk.alerts.serializers import OpenIn
from desk.science.api_answers import ScienceView, WhyIn, reason_in
from desk.science.law.serializers import (
    CaughtListOut,
    RuleInFullOut,
    RuleProposalOut,
    RulesOut,
    TimelineOut,
    WatchesOut,
    WatchIn,
    WatchOut,
    caught_out,
    progress_out,
    proposal_out,
    rule_in_full_out,
    rulebook_out,
    timeline_out,
)
from desk.web.api_answers import AgencyView
from science.law.adopting import adopt_rules, propose, stop_following_rules
from science.law.newly_caught import list_caught
from science.law.published import Published, open_own_published, open_published
from science.law.reevaluating import newest_reevaluation
from science.law.rulebook import Rulebook, find_rule, read_rulebook
from science.law.timelines import TimelineShown, ask_stored_timeline, ask_timeline
from science.law.watching import add_watch, end_watch, watches_of
from substances.control.results import Query
from substances.structures.limits import MAX_TEXT_CHARS


class DayQuery(s.Serializer[Any]):
    """The day of the law; today by default."""

    on = s.DateField(required=False)


class BeforeQuery(s.Serializer[Any]):
    """The last item of the previous page."""

    before = s.UUIDField(required=False)


class TimelineIn(WhyIn):
    """A structure in any notation, a name to search the lists for, or both; else only a stored structure's id."""

    structure = s.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_TEXT_CHARS, trim_whitespace=False
    )
    name = s.CharField(required=False, default="", allow_blank=True, max_length=200)
    stored = s.UUIDField(required=False)


class LawView(AgencyView):
    """Officers who use the science pages."""

    capability: ClassVar[Any] = Capability.SCIENCE_READ

    def agency_id(self) -> str:
        return agency_of(self.officer).pk

    def rules_shown(self, book: Rulebook, on: date) -> dict[str, Any]:
        agency_id = self.agency_id()
        return rulebook_out(book, on, newest_reevaluation(agency_id))


class RulesView(LawView):
    @extend_schema(parameters=[DayQuery], responses={200: RulesOut}, operation_id="rules_list")
    def get(self, request: Request) -> Response:
        """List rules and lists that the agency follows, what it adopted, and how far its structures are judged by them."""
        on = read_query(DayQuery, request).get("on") or today_of(self.officer, self.now)
        with science_errors():
            book = read_rulebook(self.officer, on=on)
        return self.answer(self.rules_shown(book, on))


class RuleView(LawView):
    @extend_schema(parameters=[DayQuery], responses={200: RuleInFullOut}, operation_id="rules_retrieve")
    def get(self, request: Request, rule_id: str) -> Response:
        """Read one rule with its reading, its clauses and its versions."""
        on = read_query(DayQuery, request).get("on") or today_of(self.officer, self.now)
        with science_errors():
            book = read_rulebook(self.officer, on=on)
        return self.answer(rule_in_full_out(find_rule(book, rule_id)))


class CaughtView(LawView):
    @extend_schema(parameters=[BeforeQuery], responses={200: CaughtListOut}, operation_id="caught_list")
    def get(self, request: Request) -> Response:
        """List substances of the agency's alerts that a change of the law reaches newly, newest first."""
        before, agency = read_query(BeforeQuery, request).get("before"), self.agency_id()
        with science_errors():
            lines, following = list_caught(self.officer, before=before)
        today = today_of(self.officer, self.now)
        shown = {
            "items": [caught_out(line, today) for line in lines],
            "next": str(following) if following else None,
            "progress": progress_out(newest_reevaluation(agency)),
        }
        return self.answer(shown)


class WatchesView(LawView):
    @extend_schema(responses={200: WatchesOut}, operation_id="watches_list")
    def get(self, request: Request) -> Response:
        """List the jurisdictions and classes that the officer watches."""
        self.agency_id()
        return self.answer({"items": WatchOut(watches_of(self.officer), many=True).data})

    @extend_schema(request=WatchIn, responses={200: WatchesOut}, operation_id="watches_create")
    def post(self, request: Request) -> Response:
        """Watch a jurisdiction, a class, or both; a mail says when it changes, and nothing more."""
        self.agency_id()
        body = read_body(WatchIn, request)
        self.act(lambda: add_watch(self.officer, **body, now=self.now))
        return self.answer({"items": WatchOut(watches_of(self.officer), many=True).data})


class WatchView(LawView):
    @extend_schema(responses={204: None}, operation_id="watches_destroy")
    def delete(self, request: Request, watch_id: uuid.UUID) -> Response:
        """End a watch."""
        self.act(lambda: end_watch(self.officer, watch_id, now=self.now), code=status.HTTP_204_NO_CONTENT)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TimelineView(ScienceView):
    @extend_schema(request=TimelineIn, responses={200: TimelineOut}, operation_id="substances_timeline")
    def post(self, request: Request) -> Response:
        """List a substance's standings over time by jurisdiction. Audited, without its content.

        The first span of a jurisdiction has no start, its last no end.
        """
        body = read_body(TimelineIn, request)

        def ask() -> TimelineShown:
            why = reason_in(body)
            if body.get("stored"):
                if body["structure"] or body["name"]:
                    raise InputError("stored", _("Stored: give it alone, without a structure or a name."))
                return ask_stored_timeline(self.actor, body["stored"], why, now=self.now)
            query = Query(body["structure"], body["name"])
            return ask_timeline(self.actor, query, why, now=self.now)

        return Response(timeline_out(self.ask(ask)))


class PublishedView(LawView):
    """A change of the law in one alert: looked at, or adopted."""

    def look(self, published: Published) -> Response:
        with science_errors():
            proposal = propose(self.officer, published, now=self.now)
        return Response(proposal_out(proposal, today_of(self.officer, self.now)))

    def look_once(self, opens: Callable[[], Published]) -> Response:
        """Open and answer a change, once for a given `Idempotency-Key`; another request with the same key is refused."""
        return self.look(repeatable(self.request, self.actor, opens, now=self.now))

    def adopt(self, published: Published) -> None:
        with science_errors():
            adopt_rules(self.officer, published, now=self.now)

    def received(self, received_id: uuid.UUID, body: dict[str, Any]) -> Published:
        row = find_received(self.officer, received_id)
        return open_published(
            self.officer, row, reason=body["reason"], reference=body["reference"], now=self.now
        )

    def own(self, alert_id: uuid.UUID) -> Published:
        return open_own_published(self.officer, find_alert(self.officer, alert_id), now=self.now)


class ReceivedRuleView(PublishedView):
    @extend_schema(request=OpenIn, responses={200: RuleProposalOut}, operation_id="received_rule")
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Open a published change of the law: its file judged, the differences, and the substances it would newly catch."""
        body = read_body(OpenIn, request)
        return self.look_once(lambda: self.received(received_id, body))


class AdoptReceivedView(PublishedView):
    capability: ClassVar[Any] = Capability.SCIENCE_MANAGE

    @extend_schema(request=OpenIn, responses={200: RuleProposalOut}, operation_id="received_rule_adopt")
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Adopt the rules of a published change beside the hub's, from its effective day."""
        body = read_body(OpenIn, request)
        self.act(lambda: self.adopt(self.received(received_id, body)))
        return self.look(self.received(received_id, body))


class SentRuleView(PublishedView):
    @extend_schema(request=None, responses={200: RuleProposalOut}, operation_id="alert_rule")
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Open a change of the law that the agency has published itself, judged like a received one."""
        return self.look_once(lambda: self.own(alert_id))


class AdoptSentView(PublishedView):
    capability: ClassVar[Any] = Capability.SCIENCE_MANAGE

    @extend_schema(request=None, responses={200: RuleProposalOut}, operation_id="alert_rule_adopt")
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Adopt the rules that the agency has published itself."""
        self.act(lambda: self.adopt(self.own(alert_id)))
        return self.look(self.own(alert_id))


class SetAsideView(LawView):
    capability: ClassVar[Any] = Capability.SCIENCE_MANAGE

    @extend_schema(request=None, responses={200: RulesOut}, operation_id="rules_set_aside")
    def post(self, request: Request, adopted_id: uuid.UUID) -> Response:
        """Stop following adopted rules; screenings made with them can still be replayed."""

        def set_aside() -> None:
            with science_errors():
                stop_following_rules(self.officer, adopted_id, now=self.now)

        self.act(set_aside)
        on = today_of(self.officer, self.now)
        with science_errors():
            book = read_rulebook(self.officer, on=on)
        return self.answer(self.rules_shown(book, on))


_R: Final = "alerts/received/<uuid:received_id>"
_A: Final = "alerts/<uuid:alert_id>"
urlpatterns = [
    path("substances/rules", RulesView.as_view(), name="rules-list"),
    path("substances/rules/<str:rule_id>", RuleView.as_view(), name="rules-one"),
    path(
        "substances/rules/adopted/<uuid:adopted_id>/set-aside", SetAsideView.as_view(), name="rules-set-aside"
    ),
    path("substances/caught", CaughtView.as_view(), name="caught-list"),
    path("substances/watches", WatchesView.as_view(), name="watches-list"),
    path("substances/watches/<uuid:watch_id>", WatchView.as_view(), name="watches-one"),
    path("substances/timeline", TimelineView.as_view(), name="substances-timeline"),
    path(f"{_R}/rule", ReceivedRuleView.as_view(), name="received-rule"),
    path(f"{_R}/rule/adopt", AdoptReceivedView.as_view(), name="received-rule-adopt"),
    path(f"{_A}/rule", SentRuleView.as_view(), name="alert-rule"),
    path(f"{_A}/rule/adopt", AdoptSentView.as_view(), name="alert-rule-adopt"),
]
