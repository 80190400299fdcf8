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
from callers.cursors import open_lasting, seal_cursor, seal_lasting
from callers.idempotency import repeatable
from callers.markings import LEVELS
from callers.reading import read_body, read_query
from desk.agency.audit.act_kinds import KINDS
from desk.agency.audit.alert_trail import Summary, summary_of
from desk.agency.audit.audited_alerts import AuditedAlert, find_audited
from desk.agency.audit.events import in_words
from desk.agency.audit.export_page import export_audit
from desk.agency.audit.trail import LONGEST_ITEM, Question, colleagues_of, events_for
from desk.agency.audit.words import ACTS
from desk.web.api_answers import AgencyView, PageQuery, named_list
from officers.accounts import officer_for

FOLLOWED: Final = "audit events"


class AuditQuestion(s.Serializer[Any]):
    """An auditor's question; days are whole days in the caller's own zone."""

    officer = s.CharField(required=False, max_length=22, help_text="Who: a colleague's id.")
    act = s.ChoiceField(sorted(ACTS), required=False, help_text="What was done.")
    kind = s.ChoiceField(sorted(KINDS), required=False, help_text="What kind of act: several acts at once.")
    tlp = s.ChoiceField(LEVELS, required=False, help_text="About an alert with this marking.")
    item = s.CharField(
        required=False,
        max_length=LONGEST_ITEM,
        help_text="About what: an alert by its reference, log entry, id or digest, whatever name the log has for it; else a subject.",
    )
    since = s.DateField(required=False, help_text="From this day on.")
    until = s.DateField(required=False, help_text="Up to and with this day.")
    powers = s.BooleanField(required=False, default=False, help_text="Only changes of power.")


class AuditQuery(AuditQuestion, PageQuery):
    """An auditor's question, and the page of its answer."""

    order = s.ChoiceField(
        ("newest", "oldest"), required=False, default="newest", help_text="Which events come first."
    )


class AuditEventOut(s.Serializer[Any]):
    """`actor`, `act`, `subject` and `reason` as the log has them, the others in words; `od` is the digest in the ledger."""

    at = s.DateTimeField(source="event.at")
    actor = s.CharField(source="event.actor")
    who = s.CharField()
    act = s.CharField(source="event.act")
    act_text = s.CharField(source="act")
    subject = s.CharField(source="event.subject")
    item = s.CharField()
    reason = s.CharField(source="event.reason")
    reason_text = s.CharField(source="reason")
    detail = s.CharField()
    od = s.CharField(source="event.od")


class AuditedAlertOut(s.Serializer[Any]):
    """Summary of all acts on one alert. `reference` is empty for an own alert, `md` before it is sent.

    `opened_by` counts people of the agency, `exported` the exports of a list that held it.
    """

    id = s.UUIDField(source="alert.id")
    reference = s.CharField(source="alert.reference")
    md = s.CharField(source="alert.md")
    tlp = s.CharField(source="alert.tlp")
    is_own = s.BooleanField(source="alert.is_own")
    opened_by = s.IntegerField(source="summary.opened_by")
    first_opened_at = s.DateTimeField(source="summary.first_opened_at", allow_null=True)
    last_opened_at = s.DateTimeField(source="summary.last_opened_at", allow_null=True)
    exported = s.IntegerField(source="summary.exported")
    acknowledged_by = s.ListField(child=s.CharField(), source="summary.acknowledged_by")


class AuditPageOut(s.Serializer[Any]):
    """`about` is set where `item` names an alert, whatever else is asked; `next` is the cursor of the following page."""

    about = AuditedAlertOut(allow_null=True)
    items = AuditEventOut(many=True)
    next = s.CharField(allow_null=True)


class AuditView(AgencyView):
    capability = Capability.AUDIT_READ

    @extend_schema(parameters=[AuditQuery], responses={200: AuditPageOut}, operation_id="audit_list")
    def get(self, request: Request) -> Response:
        """List acts in the own agency with person and reason, newest first; for the keeper, acts that concern no agency.

        With `item` and `order=oldest` it is the timeline of one alert.
        """
        query = read_query(AuditQuery, request)
        listed, limit = named_list("audit", query), query["limit"]
        is_oldest = query["order"] == "oldest"
        question, colleagues = self.question(query), colleagues_of(self.officer)
        found = events_for(self.officer, question).order_by("seq" if is_oldest else "-seq")
        if place := self.place_in(listed, query):
            found = found.filter(**{"seq__gt" if is_oldest else "seq__lt": int(place)})
        rows = list(found[: limit + 1])
        page = rows[:limit]
        following = seal_cursor(
            self.actor, listed, str(page[-1].seq) if len(rows) > limit else None, now=self.now
        )
        shown = {
            "about": self.about(question, colleagues),
            "items": in_words(self.officer, page, colleagues),
            "next": following,
        }
        return Response(AuditPageOut(shown).data)

    def about(
        self, question: Question, colleagues: dict[str, str]
    ) -> dict[str, AuditedAlert | Summary] | None:
        """Return the alert that the question names, and what its acts say together."""
        alert = find_audited(self.officer, question.item) if question.item else None
        if alert is None:
            return None
        return {"alert": alert, "summary": summary_of(self.officer, alert, colleagues)}

    def question(self, asked: dict[str, Any]) -> Question:
        """Return the auditor's question; raises AbsentError for an officer who is no colleague."""
        days: dict[str, date | None] = {name: asked.get(name) for name in ("since", "until")}
        who = asked.get("officer", "")
        if who:
            officer_for(self.officer, who)
        item = " ".join(asked.get("item", "").split())
        chosen = {name: asked.get(name, "") for name in ("act", "kind", "tlp")}
        return Question(officer=who, item=item, days=days, powers=asked.get("powers", False), **chosen)


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
