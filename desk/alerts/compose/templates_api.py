# SPDX-License-Identifier: Apache-2.0
"""Sources of a draft in JSON: the agency's templates, and copies of alerts."""

import uuid
from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_alert, find_received
from alerts.drafting.templates import (
    NAME_AT_MOST,
    TemplateShown,
    copy_alert,
    copy_received,
    create_template,
    delete_template,
    find_template,
    list_templates,
    start_from_template,
)
from alerts.models import Alert
from callers.capabilities import Capability
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body
from desk.alerts import serializers
from desk.web.api import CREATED, DeskView


class TemplateIn(s.Serializer[Any]):
    """A name by which the agency's officers know the starting point."""

    name = s.CharField(max_length=NAME_AT_MOST)


class TemplateOut(s.Serializer[TemplateShown]):
    """A template by its name; a draft started from it shows its fields."""

    id = s.UUIDField()
    name = s.CharField()
    kind_text = s.CharField()
    created_by = s.CharField()
    created_at = s.DateTimeField()


class TemplatesOut(s.Serializer[Any]):
    """All templates of the agency, by name."""

    items = TemplateOut(many=True)


class CopiedDraftView(DeskView):
    """Answer the started draft, once per `Idempotency-Key`."""

    capability: ClassVar[Any] = Capability.ALERT_WRITE

    def _started(self, start: Callable[[], Alert]) -> Response:
        def run() -> Outcome:
            return Outcome(CREATED, str(start().pk))

        outcome = idempotent(self.request, self.actor, run, now=self.now)
        return self.answer_alert(outcome.resource, outcome.status)


class TemplatesView(DeskView):
    capability = Capability.ALERT_WRITE

    @extend_schema(responses={200: TemplatesOut}, operation_id="templates_list")
    def get(self, request: Request) -> Response:
        """List the templates that the agency keeps."""
        return Response(TemplatesOut({"items": list_templates(self.officer)}).data)


class TemplateView(DeskView):
    capability = Capability.ALERT_WRITE

    @extend_schema(responses={204: None}, operation_id="templates_destroy")
    def delete(self, request: Request, template_id: uuid.UUID) -> Response:
        """Delete a template; drafts made from it stay."""

        def run() -> Outcome:
            delete_template(self.officer, find_template(self.officer, template_id), now=self.now)
            return Outcome(status.HTTP_204_NO_CONTENT)

        idempotent(request, self.actor, run, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)


class KeepTemplateView(DeskView):
    capability = Capability.ALERT_WRITE

    @extend_schema(request=TemplateIn, responses={201: TemplateOut}, operation_id="templates_create")
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Save the fields of a draft as a template, without days and files."""
        name = read_body(TemplateIn, request)["name"]

        def run() -> Outcome:
            alert = find_alert(self.officer, alert_id)
            return Outcome(CREATED, str(create_template(self.officer, alert, name=name, now=self.now).pk))

        outcome = idempotent(request, self.actor, run, now=self.now)
        kept = {str(template.id): template for template in list_templates(self.officer)}
        return Response(TemplateOut(kept[outcome.resource]).data, status=outcome.status)


class StartFromTemplateView(CopiedDraftView):
    @extend_schema(request=None, responses={201: serializers.AlertOut}, operation_id="templates_start")
    def post(self, request: Request, template_id: uuid.UUID) -> Response:
        """Start a draft from a template, with the days of a new one."""
        officer = self.officer
        return self._started(
            lambda: start_from_template(officer, find_template(officer, template_id), now=self.now)
        )


class CopyAlertView(CopiedDraftView):
    @extend_schema(request=None, responses={201: serializers.AlertOut}, operation_id="alerts_copy")
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Start a draft with the fields of an alert of ours: sent, withdrawn, or a draft."""
        return self._started(
            lambda: copy_alert(self.officer, find_alert(self.officer, alert_id), now=self.now)
        )


class CopyReceivedView(CopiedDraftView):
    @extend_schema(
        request=serializers.OpenIn, responses={201: serializers.AlertOut}, operation_id="alerts_received_copy"
    )
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Start a draft with the fields of a received alert, unless its sender reserved passing it on.

        The alert is opened for that, with the officer's reason in the audit.
        """
        body = read_body(serializers.OpenIn, request)
        return self._started(
            lambda: copy_received(
                self.officer, find_received(self.officer, received_id), **body, now=self.now
            )
        )


_T: Final = "alerts/templates"
urlpatterns = [
    path(_T, TemplatesView.as_view(), name="templates"),
    path(f"{_T}/<uuid:template_id>", TemplateView.as_view(), name="template"),
    path(f"{_T}/<uuid:template_id>/start", StartFromTemplateView.as_view(), name="template-start"),
    path("alerts/<uuid:alert_id>/template", KeepTemplateView.as_view(), name="alert-template"),
    path("alerts/<uuid:alert_id>/copy", CopyAlertView.as_view(), name="alert-copy"),
    path("alerts/received/<uuid:received_id>/copy", CopyReceivedView.as_view(), name="received-copy"),
]
