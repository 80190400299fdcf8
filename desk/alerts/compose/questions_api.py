# SPDX-License-Identifier: Apache-2.0
"""Questions of the JSON desk that change nothing: a check, a preview of recipients, a search.

They are POSTs, because the question holds content, which must not be in an address.
"""

from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.boxes.export import Chosen, choose_hits, choose_received, choose_sent
from alerts.boxes.outbox import outbox_filters
from alerts.boxes.search import Query, SearchResult, search_alerts
from alerts.document.schema import json_schema
from alerts.review.preview import (
    Preview,
    candidates_for,
    check_fields,
    fields_of_draft,
    for_display,
    preview_recipients_of,
)
from callers.capabilities import Capability
from callers.cursors import list_name, open_cursor, seal_cursor
from callers.errors import InputError
from callers.idempotency import repeatable
from callers.reading import read_body
from desk.alerts import serializers
from desk.alerts.boxes.api import inbox_filters
from desk.alerts.boxes.export_page import export_list
from desk.alerts.boxes.queries import ExportIn, filters_of
from desk.web.api import DeskView


class CheckView(DeskView):
    capability = frozenset({Capability.ALERT_WRITE, Capability.DRAFT_WRITE})

    @extend_schema(
        request=serializers.CheckIn, responses={200: serializers.FindingsOut}, operation_id="alerts_check"
    )
    def post(self, request: Request) -> Response:
        """Check fields before anything is saved, by the check that the forms use.

        Obstacles stand in `errors` and in questions that were not kept; the rest is advice.
        """
        body = read_body(serializers.CheckIn, request)
        found = repeatable(
            request,
            self.actor,
            lambda: check_fields(self.actor, body["data"], kept=body["kept"], now=self.now),
            now=self.now,
        )
        return Response(serializers.FindingsOut(found).data)


class CheckRecipientsView(DeskView):
    capability = Capability.ALERT_WRITE

    @extend_schema(
        request=serializers.RecipientsIn,
        responses={200: serializers.PreviewOut},
        operation_id="alerts_check_recipients",
    )
    def post(self, request: Request) -> Response:
        """Preview the recipients of an alert with these fields, by the rules that sending uses. It changes nothing.

        Without recipients the whole directory is judged.
        """
        fields = read_body(serializers.RecipientsIn, request)["data"]

        def judge() -> Preview:
            values = fields_of_draft(self.officer, fields, now=self.now)
            of = preview_recipients_of if values.get("recipients") else candidates_for
            return for_display(self.officer.agency_id or "", of(self.officer, values, now=self.now))

        return Response(serializers.PreviewOut(repeatable(request, self.actor, judge, now=self.now)).data)


class SearchView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(
        request=serializers.SearchIn, responses={200: serializers.SearchOut}, operation_id="alerts_search"
    )
    def post(self, request: Request) -> Response:
        """Search received and sent alerts by an exact identifier or by words, newest first.

        A search by words looks at 20,000 alerts a request and stops at 50 hits; `next` goes on from there. Each
        search is audited, without its text.
        """
        asked = read_body(serializers.SearchIn, request)
        cursor = asked.pop("cursor")
        listed = list_name("search", asked)
        before = open_cursor(self.actor, listed, cursor, now=self.now)

        def search() -> SearchResult:
            return search_alerts(self.officer, Query(**asked), before=before, now=self.now)

        found = repeatable(request, self.actor, search, now=self.now)
        following = seal_cursor(self.actor, listed, found.older, now=self.now)
        lists = {
            "received": found.received,
            "sent": found.sent,
            "is_exact": found.is_exact,
            "next": following,
        }
        return Response(serializers.SearchOut(lists).data)


class ExportView(DeskView):
    capability = Capability.ALERT_READ

    @extend_schema(
        request=ExportIn,
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, "application/jsonl"): OpenApiTypes.STR},
        operation_id="alerts_export",
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Export a list as a file: a row or line for each alert, as the list shows it. The export is audited.

        At most 5,000 alerts of a box, or the hits of one page of a search. Alerts marked RED are left out. A line of
        JSON is an item of `GET /alerts` with `list`, which is `received` or `sent`.
        """
        asked = read_body(ExportIn, request)
        form, search = asked.pop("format"), asked.pop("search", None)
        if search is None and "box" not in asked:
            raise InputError("box", _("Name a box, or a search."))
        if search is not None and asked:
            raise InputError(next(iter(asked)), _("A search has its own filters; leave this out."))
        of = asked.get("box", "search")
        filters = filters_of(asked) if search is None else {}

        def export() -> HttpResponseBase:
            chosen = self._hits(search) if search is not None else self._listed(of, filters)
            return export_list(self.officer, chosen, of=of, filters=filters, form=form, now=self.now)

        return repeatable(request, self.actor, export, now=self.now)

    def _listed(self, box: str, filters: dict[str, Any]) -> Chosen:
        if box == "inbox":
            return choose_received(self.officer, inbox_filters(filters), now=self.now)
        return choose_sent(self.officer, outbox_filters(filters))

    def _hits(self, search: dict[str, Any]) -> Chosen:
        query = {name: value for name, value in search.items() if name != "cursor"}
        before = open_cursor(self.actor, list_name("search", query), search["cursor"], now=self.now)
        return choose_hits(self.officer, Query(**query), before=before, now=self.now)


class SchemaView(DeskView):
    capability = Capability.DIRECTORY_READ

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, operation_id="alerts_schema_retrieve")
    def get(self, request: Request) -> Response:
        """Show the alert document as JSON Schema; `/api/schema/alert.json` has it for everybody."""
        return Response(json_schema())
