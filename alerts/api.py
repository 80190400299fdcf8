# SPDX-License-Identifier: Apache-2.0
"""The hosted desk in JSON: the hub signs, seals and opens for the agency, under an officer's session.

An API key with `draft:write` may put a draft here and nothing else. A change names what it was made from: the
ETag of the alert in `If-Match` (428 without, 412 when somebody saved in between, with both texts).
"""

import uuid
from typing import ClassVar, Final

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.capabilities import Capability
from agencies.idempotency import Outcome, idempotent
from alerts import api_received as received
from alerts import shapes
from alerts.api_boxes import read_box
from alerts.api_desk import (
    CREATED,
    CURSOR,
    IF_MATCH,
    DeskView,
    answer_facts,
    etag_of,
    file_answer,
    read_body,
    revision_in,
)
from alerts.document.schema import json_schema
from alerts.drafts import (
    attach_file,
    create_draft,
    discard_draft,
    read_attachment,
    remove_attachment,
    save_revision,
)
from alerts.finding import find_alert
from alerts.models import Alert
from alerts.outbox import open_sent_attachment, read_sent
from alerts.preview import preview_recipients_of
from alerts.reaffirmation import reaffirm_alert
from alerts.release import confirm_second_look, release_alert
from alerts.review import return_alert, submit_alert, validate_alert
from alerts.states import SENT
from alerts.withdrawal import withdraw_alert

BOX_PAGE: Final = PolymorphicProxySerializer(
    component_name="BoxPage",
    serializers=[shapes.AlertPageOut, shapes.ReceivedPageOut],
    resource_type_field_name=None,
)
OWN_ALERT: Final = PolymorphicProxySerializer(
    component_name="OwnAlert",
    serializers=[shapes.AlertOut, shapes.SentOut],
    resource_type_field_name=None,
)


class AlertsView(DeskView):
    capability: ClassVar = {
        "GET": Capability.ALERT_READ,
        "POST": frozenset({Capability.ALERT_WRITE, Capability.DRAFT_WRITE}),
    }

    @extend_schema(
        parameters=[
            OpenApiParameter("box", OpenApiTypes.STR, enum=["inbox", "outbox", "drafts", "queue"]),
            CURSOR,
            *(
                OpenApiParameter(name, OpenApiTypes.STR)
                for name in (
                    "unread",
                    "overdue",
                    "kind",
                    "lane",
                    "from",
                    "exercise",
                    "state",
                    "to",
                    "pri",
                    "mine",
                )
            ),
        ],
        responses={200: BOX_PAGE},
        operation_id="alerts_list",
    )
    def get(self, request: Request) -> Response:
        """A page of a box, 50 rows, newest first; `inbox` answers rows with `received` in place of `alert`."""
        query = request.query_params
        return read_box(self, query)

    @extend_schema(request=shapes.DraftIn, responses={201: shapes.AlertFactsOut})
    def post(self, request: Request) -> Response:
        """A new draft with the defaults of its kind."""
        body = read_body(shapes.DraftIn, request)

        def run() -> Outcome:
            alert = create_draft(
                self.actor, data=body["data"], alert_type=body.get("alert_type"), now=self.now
            )
            return Outcome(CREATED, str(alert.pk))

        outcome = idempotent(request, self.actor, run, now=self.now)
        alert = Alert.objects.changed_by(self.actor).get(pk=outcome.resource)
        return Response(
            shapes.AlertFactsOut(alert).data, status=outcome.status, headers={"ETag": etag_of(alert)}
        )


class AlertView(DeskView):
    capability: ClassVar = {
        "GET": Capability.ALERT_READ,
        "PATCH": Capability.ALERT_WRITE,
        "DELETE": Capability.ALERT_WRITE,
    }

    @extend_schema(responses={200: OWN_ALERT})
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """An alert of ours; a sent one answers what was sent and what became of it."""
        alert = find_alert(self.officer, alert_id)
        if alert.state not in SENT:
            return self.answer_alert(alert_id)
        sent = read_sent(self.officer, alert, now=self.now)
        return Response(shapes.SentOut(sent).data, headers={"ETag": etag_of(alert)})

    @extend_schema(parameters=[IF_MATCH], request=shapes.ChangeIn, responses={200: shapes.AlertOut})
    def patch(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Saves fields of a draft as a new revision."""
        body, base = read_body(shapes.ChangeIn, request), revision_in(request)
        alert = find_alert(self.officer, alert_id)

        def change() -> None:
            save_revision(
                self.officer, alert, data=body["data"], base=base, kept=body.get("kept"), now=self.now
            )

        return self.answer_alert(self.once(change, alert_id, made_from=alert).resource)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Discards a draft."""
        alert = find_alert(self.officer, alert_id)
        self.once(lambda: discard_draft(self.officer, alert, now=self.now), alert_id, 204)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SubmitView(DeskView):
    capability = Capability.ALERT_WRITE

    @extend_schema(parameters=[IF_MATCH], request=None, responses={200: shapes.AlertOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Hands the draft to the second person."""
        base, alert = revision_in(request), find_alert(self.officer, alert_id)
        outcome = self.once(
            lambda: submit_alert(self.officer, alert, revision=base, now=self.now), alert_id, made_from=alert
        )
        return self.answer_alert(outcome.resource)


class ValidateView(DeskView):
    capability = Capability.ALERT_VALIDATE

    @extend_schema(parameters=[IF_MATCH], request=shapes.ValidateIn, responses={200: shapes.AlertOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """A second person has checked this revision and these recipients."""
        body, base = read_body(shapes.ValidateIn, request), revision_in(request)
        alert, seen = find_alert(self.officer, alert_id), body.get("preview")

        def change() -> None:
            validate_alert(self.officer, alert, revision=base, seen_preview=seen, now=self.now)

        return self.answer_alert(self.once(change, alert_id, made_from=alert).resource)


class ReturnView(DeskView):
    capability = frozenset({Capability.ALERT_VALIDATE, Capability.ALERT_WRITE})

    @extend_schema(request=shapes.ReturnIn, responses={200: shapes.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Gives the alert back to its author, with a reason."""
        body, alert = read_body(shapes.ReturnIn, request), find_alert(self.officer, alert_id)
        self.once(lambda: return_alert(self.officer, alert, **body, now=self.now), alert_id)
        return answer_facts(Alert.objects.changed_by(self.actor).get(pk=alert.pk))


class ReleaseView(DeskView):
    capability = Capability.ALERT_RELEASE

    @extend_schema(parameters=[IF_MATCH], request=None, responses={200: shapes.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Signs, seals and sends what was validated. The receipt follows within about a second."""
        base, alert = revision_in(request), find_alert(self.officer, alert_id)
        self.once(
            lambda: release_alert(self.officer, alert, revision=base, now=self.now),
            alert_id,
            made_from=alert,
        )
        return answer_facts(find_alert(self.officer, alert_id))


class WithdrawView(DeskView):
    capability = Capability.ALERT_WITHDRAW

    @extend_schema(request=shapes.WithdrawIn, responses={200: shapes.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Withdraws a sent alert with a signed retract."""
        body, alert = read_body(shapes.WithdrawIn, request), find_alert(self.officer, alert_id)
        self.once(lambda: withdraw_alert(self.officer, alert, **body, now=self.now), alert_id)
        return answer_facts(find_alert(self.officer, alert_id))


class ReaffirmView(DeskView):
    capability = Capability.ALERT_RELEASE

    @extend_schema(request=None, responses={200: shapes.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Stands by a sent alert whose key was revoked since, with a signed reaffirm."""
        alert = find_alert(self.officer, alert_id)
        self.once(lambda: reaffirm_alert(self.officer, alert, now=self.now), alert_id)
        return answer_facts(find_alert(self.officer, alert_id))


class SecondLookView(DeskView):
    capability = Capability.ALERT_VALIDATE

    @extend_schema(request=None, responses={200: shapes.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Somebody else has read a flash alert that one person sent alone."""
        alert = find_alert(self.officer, alert_id)
        self.once(lambda: confirm_second_look(self.officer, alert, now=self.now), alert_id)
        return answer_facts(find_alert(self.officer, alert_id))


class FilesView(DeskView):
    capability = Capability.ALERT_WRITE
    parser_classes = [MultiPartParser]

    @extend_schema(parameters=[IF_MATCH], request=shapes.FileIn, responses={201: shapes.AlertOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Adds a file to a draft, sealed at once."""
        file, base = read_body(shapes.FileIn, request)["file"], revision_in(request)
        alert = find_alert(self.officer, alert_id)

        def change() -> None:
            attach_file(self.officer, alert, base=base, filename=file.name, data=file.read(), now=self.now)

        return self.answer_alert(self.once(change, alert_id, CREATED, made_from=alert).resource, CREATED)


class FileView(DeskView):
    capability: ClassVar = {"GET": Capability.ALERT_READ, "DELETE": Capability.ALERT_WRITE}

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, alert_id: uuid.UUID, n: int) -> HttpResponse:
        """A file of an alert of ours."""
        alert = find_alert(self.officer, alert_id)
        if alert.state in SENT:
            return file_answer(open_sent_attachment(self.officer, alert, n=n, now=self.now))
        return file_answer(read_attachment(self.officer, alert, n=n))

    @extend_schema(parameters=[IF_MATCH], responses={200: shapes.AlertOut})
    def delete(self, request: Request, alert_id: uuid.UUID, n: int) -> Response:
        """Takes a file out of a draft."""
        base, alert = revision_in(request), find_alert(self.officer, alert_id)
        outcome = self.once(
            lambda: remove_attachment(self.officer, alert, base=base, n=n, now=self.now),
            alert_id,
            made_from=alert,
        )
        return self.answer_alert(outcome.resource)


class CheckRecipientsView(DeskView):
    capability = Capability.ALERT_WRITE

    @extend_schema(request=shapes.RecipientsIn, responses={200: shapes.PreviewOut})
    def post(self, request: Request) -> Response:
        """Who would receive an alert with these fields, by the code that sends. Changes nothing."""
        fields = read_body(shapes.RecipientsIn, request)["data"]
        return Response(shapes.PreviewOut(preview_recipients_of(self.officer, fields, now=self.now)).data)


class SchemaView(DeskView):
    capability = Capability.DIRECTORY_READ

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """The alert document as JSON Schema."""
        return Response(json_schema())


_A: Final = "alerts/<uuid:alert_id>"
_R: Final = "alerts/received/<uuid:received_id>"

urlpatterns = [
    path("alerts", AlertsView.as_view(), name="alerts"),
    path("alerts/check-recipients", CheckRecipientsView.as_view(), name="alerts-check-recipients"),
    path("alerts/schema", SchemaView.as_view(), name="alerts-schema"),
    path(_R, received.ReceivedView.as_view(), name="received"),
    path(f"{_R}/open", received.OpenView.as_view(), name="received-open"),
    path(f"{_R}/acknowledge", received.AcknowledgeView.as_view(), name="received-acknowledge"),
    path(
        f"{_R}/confirm-withdrawal",
        received.ConfirmWithdrawalView.as_view(),
        name="received-confirm-withdrawal",
    ),
    path(f"{_R}/attachments/<int:n>", received.ReceivedFileView.as_view(), name="received-attachment"),
    path(_A, AlertView.as_view(), name="alert"),
    path(f"{_A}/submit", SubmitView.as_view(), name="alert-submit"),
    path(f"{_A}/validate", ValidateView.as_view(), name="alert-validate"),
    path(f"{_A}/return", ReturnView.as_view(), name="alert-return"),
    path(f"{_A}/release", ReleaseView.as_view(), name="alert-release"),
    path(f"{_A}/reaffirm", ReaffirmView.as_view(), name="alert-reaffirm"),
    path(f"{_A}/withdraw", WithdrawView.as_view(), name="alert-withdraw"),
    path(f"{_A}/second-look", SecondLookView.as_view(), name="alert-second-look"),
    path(f"{_A}/attachments", FilesView.as_view(), name="alert-attachments"),
    path(f"{_A}/attachments/<int:n>", FileView.as_view(), name="alert-attachment"),
]
