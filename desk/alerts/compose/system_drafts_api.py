# SPDX-License-Identifier: Apache-2.0
"""Drafts that an agency's own system wrote, in JSON, with their files and their further state."""

import uuid
from typing import Any, Final, cast

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.drafting.system_drafts import (
    SystemDraft,
    attach_system_draft_file,
    list_system_drafts,
    read_system_draft,
    read_system_draft_file,
)
from alerts.states import AlertState
from callers.actors import ApiClient
from callers.capabilities import Capability
from callers.deliveries import DeliveryState
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body, read_query
from desk.alerts import serializers
from desk.web.api import CREATED, file_answer
from desk.web.api_answers import AgencyView, PageQuery

LISTED: Final = "written"


class SystemDraftFactsOut(s.Serializer[Any]):
    """A draft of the calling system and its state; `md` names the alert that it became."""

    id = s.UUIDField()
    state = s.ChoiceField(AlertState.values)
    created_at = s.DateTimeField()
    submitted_at = s.DateTimeField(allow_null=True)
    validated_at = s.DateTimeField(allow_null=True)
    released_at = s.DateTimeField(allow_null=True)
    withdrawn_at = s.DateTimeField(allow_null=True)
    md = s.CharField()


class SystemDraftListOut(s.Serializer[Any]):
    items = SystemDraftFactsOut(many=True)
    next = s.CharField(allow_null=True)


class SystemDraftDeliveryOut(s.Serializer[Any]):
    """The state of the sent alert at one recipient."""

    recipient = s.CharField()
    state = s.ChoiceField(DeliveryState.values)
    told_at = s.DateTimeField(allow_null=True)
    fetched_at = s.DateTimeField(allow_null=True)
    opened_at = s.DateTimeField(allow_null=True)
    acknowledged_at = s.DateTimeField(allow_null=True)


class SystemDraftOut(SystemDraftFactsOut):
    """A draft with the system's own text. `is_changed`: somebody else has saved since; the change is not shown."""

    revision = s.IntegerField()
    is_changed = s.BooleanField()
    data = s.DictField()  # type: ignore[assignment]
    attachments = serializers.FileOut(many=True)
    findings = serializers.FindingsOut()
    deliveries = SystemDraftDeliveryOut(many=True)


class CallingSystemView(AgencyView):
    capability = Capability.DRAFT_WRITE

    @property
    def system(self) -> ApiClient:
        """Calling system; no officer has this capability."""
        return cast(ApiClient, self.request.user)

    def shown(self, alert_id: uuid.UUID) -> dict[str, Any]:
        return _system_draft_out(read_system_draft(self.system, alert_id, now=self.now))


class SystemDraftsView(CallingSystemView):
    @extend_schema(
        parameters=[PageQuery], responses={200: SystemDraftListOut}, operation_id="alerts_written_list"
    )
    def get(self, request: Request) -> Response:
        """List the drafts of the calling system and their state, newest first."""
        query = read_query(PageQuery, request)
        page = list_system_drafts(self.system, cursor=self.place_in(LISTED, query), limit=query["limit"])
        return self.page(LISTED, SystemDraftFactsOut(page.rows, many=True).data, page.next)


class SystemDraftView(CallingSystemView):
    @extend_schema(responses={200: SystemDraftOut}, operation_id="alerts_written_retrieve")
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Read a draft as the calling system last wrote it, with its findings and its state.

        An officer's changes are not shown.
        """
        return self.answer(self.shown(alert_id))


class SystemDraftFilesView(CallingSystemView):
    parser_classes = [MultiPartParser]

    @extend_schema(
        request=serializers.FileIn,
        responses={201: SystemDraftOut},
        operation_id="alerts_written_attachments_create",
    )
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Add a file to a draft of the calling system that no officer has changed."""
        file = read_body(serializers.FileIn, request)["file"]

        def attach() -> Outcome:
            attach_system_draft_file(
                self.system, alert_id, filename=file.name, data=file.read(), now=self.now
            )
            return Outcome(CREATED, str(alert_id))

        outcome = idempotent(request, self.actor, attach, now=self.now)
        return Response(self.shown(alert_id), status=outcome.status)


class SystemDraftFileView(CallingSystemView):
    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        operation_id="alerts_written_attachments_retrieve",
    )
    def get(self, request: Request, alert_id: uuid.UUID, n: int) -> HttpResponse:
        """Read back a file that the calling system attached, always as a download."""
        return file_answer(read_system_draft_file(self.system, alert_id, n=n))


def _system_draft_out(draft: SystemDraft) -> dict[str, Any]:
    facts: dict[str, Any] = dict(SystemDraftFactsOut(draft.alert).data)
    rest = {
        "revision": draft.content.number,
        "is_changed": draft.is_changed,
        "data": dict(draft.content.data),
        "attachments": serializers.FileOut(draft.content.attachments, many=True).data,
        "findings": serializers.FindingsOut(draft.findings).data,
        "deliveries": SystemDraftDeliveryOut(draft.deliveries, many=True).data,
    }
    return facts | rest


_W: Final = "alerts/written"
urlpatterns = [
    path(_W, SystemDraftsView.as_view(), name="alerts-written"),
    path(f"{_W}/<uuid:alert_id>", SystemDraftView.as_view(), name="alert-written"),
    path(
        f"{_W}/<uuid:alert_id>/attachments", SystemDraftFilesView.as_view(), name="alert-written-attachments"
    ),
    path(
        f"{_W}/<uuid:alert_id>/attachments/<int:n>",
        SystemDraftFileView.as_view(),
        name="alert-written-attachment",
    ),
]
