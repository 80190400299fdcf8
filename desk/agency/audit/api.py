# SPDX-License-Identifier: Apache-2.0
"""The audit in JSON: the auditor's question by page, its answer as a file, and the audit as a system follows it."""

from datetime import date
from typing import Any, Final

from django.http import HttpResponseBase
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.agency.audit_following import follow_audit
from callers.capabilities import Capability
from callers.cursors import open_lasting, seal_lasting
from callers.idempotency import repeatable
from callers.reading import read_body, read_query
from desk.agency.audit.export_page import export_audit
from desk.agency.audit.trail import (
    LONGEST_ITEM,
    Question,
    colleagues_of,
    events_for,
    in_words,
    references_of,
)
from desk.agency.audit.words import ACTS
from desk.web.api_answers import AgencyView, PageQuery, named_list
from officers.accounts import officer_for

FOLLOWED: Final = "audit events"


class AuditQuestion(s.Serializer[Any]):
    """An auditor's question; days are whole days in the caller's own zone."""

    officer = s.CharField(required=False, max_length=22, help_text="Who: a colleague's id.")
    act = s.ChoiceField(sorted(ACTS), required=False, help_text="What was done.")
    item = s.CharField(
        required=False, max_length=LONGEST_ITEM, help_text="About what: a reference, id or digest."
    )
    since = s.DateField(required=False, help_text="From this day on.")
    until = s.DateField(required=False, help_text="Up to and with this day.")
    powers = s.BooleanField(required=False, default=False, help_text="Only changes of power.")


class AuditQuery(AuditQuestion, PageQuery):
    """An auditor's question, and the page of its answer."""


class AuditEventOut(s.Serializer[Any]):
    """`actor`, `act` and `subject` as the log has them, the others in words; `od` is the digest in the ledger."""

    at = s.DateTimeField(source="event.at")
    actor = s.CharField(source="event.actor")
    who = s.CharField()
    act = s.CharField(source="event.act")
    subject = s.CharField(source="event.subject")
    item = s.CharField()
    reason = s.CharField(source="event.reason")
    detail = s.CharField()
    od = s.CharField(source="event.od")


class AuditPageOut(s.Serializer[Any]):
    """`next` is the cursor of the following page."""

    items = AuditEventOut(many=True)
    next = s.CharField(allow_null=True)


class AuditView(AgencyView):
    capability = Capability.AUDIT_READ

    @extend_schema(parameters=[AuditQuery], responses={200: AuditPageOut}, operation_id="audit_list")
    def get(self, request: Request) -> Response:
        """List acts in the own agency with person and reason, newest first; for the keeper, acts that concern no agency."""
        query = read_query(AuditQuery, request)
        listed, limit = named_list("audit", query), query["limit"]
        found = events_for(self.officer, self.question(query))
        if place := self.place_in(listed, query):
            found = found.filter(seq__lt=int(place))
        rows = list(found[: limit + 1])
        page = rows[:limit]
        shown = in_words(page, colleagues_of(self.officer), references_of(self.officer, page))
        following = str(page[-1].seq) if len(rows) > limit else None
        return self.page(listed, AuditEventOut(shown, many=True).data, following)

    def question(self, asked: dict[str, Any]) -> Question:
        """Return the auditor's question; raises AbsentError for an officer who is no colleague."""
        days: dict[str, date | None] = {name: asked.get(name) for name in ("since", "until")}
        who = asked.get("officer", "")
        if who:
            officer_for(self.officer, who)
        item = " ".join(asked.get("item", "").split())
        return Question(
            officer=who, act=asked.get("act", ""), item=item, days=days, powers=asked.get("powers", False)
        )


class AuditExportView(AuditView):
    http_method_names = ["post", "options"]

    @extend_schema(
        request=AuditQuestion, responses={(200, "text/csv"): OpenApiTypes.STR}, operation_id="audit_export"
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Export the answer as CSV in UTF-8, at most 100,000 entries; the export is audited."""
        question = self.question(read_body(AuditQuestion, request))
        return repeatable(
            request, self.actor, lambda: export_audit(self.officer, question, now=self.now), now=self.now
        )


class FollowedEventOut(s.Serializer[Any]):
    """`actor`, `act` and `subject` as the log has them; `detail` holds codes and counts; `od` is the digest in the ledger."""

    at = s.DateTimeField()
    actor = s.CharField()
    act = s.CharField()
    subject = s.CharField()
    reason = s.CharField()
    detail = s.DictField()
    od = s.CharField()


class FollowedPageOut(s.Serializer[Any]):
    """A page of events. `next` is the cursor to go on from, even without events; it never expires. `more`: further events exist."""

    items = FollowedEventOut(many=True)
    next = s.CharField()
    more = s.BooleanField()


class AuditEventsView(AgencyView):
    capability = Capability.AUDIT_FOLLOW

    @extend_schema(parameters=[PageQuery], responses={200: FollowedPageOut}, operation_id="audit_follow")
    def get(self, request: Request) -> Response:
        """Return the own agency's audit events after a cursor, oldest first, without content, for a system that monitors them.

        Without a cursor it begins with the oldest kept event. An event appears once it is in the log, some seconds
        after it happened; a caller who goes on from `next` misses none and gets none twice.
        """
        query = read_query(PageQuery, request)
        place = open_lasting(self.actor, FOLLOWED, query["cursor"])
        found = follow_audit(self.actor, place, limit=query["limit"])
        following = seal_lasting(self.actor, FOLLOWED, found.place) if found.place else ""
        shown = FollowedPageOut({"items": found.events, "next": following, "more": found.more})
        return Response(shown.data)


urlpatterns = [
    path("audit/events", AuditEventsView.as_view(), name="audit-events"),
    path("audit", AuditView.as_view(), name="audit-list"),
    path("audit/export", AuditExportView.as_view(), name="audit-file"),
]
