# SPDX-License-Identifier: Apache-2.0
"""Own alerts in JSON, from draft to withdrawal: the desk signs, seals and opens for the agency, in an officer's session.

A key with `draft:write` may write drafts here and nothing else. A change names what it was made from: the ETag of the
alert in `If-Match` (428 without it, 412 with both texts when somebody saved in between).
"""

import uuid
from typing import ClassVar, Final

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_alert
from alerts.boxes.outbox import read_sent
from alerts.drafting.drafts import create_draft, discard_draft, save_revision
from alerts.models import Alert
from alerts.review.validation import return_alert, submit_alert, validate_alert
from alerts.sending.amendment import amend_alert
from alerts.sending.reaffirmation import reaffirm_alert
from alerts.sending.release import confirm_second_look, release_alert
from alerts.sending.withdrawal import withdraw_alert
from alerts.states import SENT
from callers.capabilities import Capability
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body, read_query
from desk.alerts import serializers
from desk.alerts.boxes.api import read_box
from desk.alerts.boxes.queries import BoxQuery
from desk.web.api import CREATED, IF_MATCH, DeskView, answer_facts, check_newest_tag, etag_of, revision_in

BOX_PAGE: Final = PolymorphicProxySerializer(
    component_name="BoxPage",
    serializers=[serializers.AlertPageOut, serializers.ReceivedPageOut, serializers.WayPageOut],
    resource_type_field_name=None,
)
OWN_ALERT: Final = PolymorphicProxySerializer(
    component_name="OwnAlert",
    serializers=[serializers.AlertOut, serializers.SentOut],
    resource_type_field_name=None,
)


class AlertsView(DeskView):
    capability: ClassVar = {
        "GET": Capability.ALERT_READ,
        "POST": frozenset({Capability.ALERT_WRITE, Capability.DRAFT_WRITE}),
    }

    @extend_schema(parameters=[BoxQuery], responses={200: BOX_PAGE}, operation_id="alerts_list")
    def get(self, request: Request) -> Response:
        """List a page of a box, newest first.

        `inbox` answers rows with `received` in place of `alert`. `on_the_way` are the caller's own alerts since they were
        submitted, until 14 days after they were sent: where each is, who acts next, why it came back. `next` is the cursor of
        the following page, good for a day, for the same box and filters.
        """
        return read_box(self, read_query(BoxQuery, request))

    @extend_schema(
        request=serializers.DraftIn, responses={201: serializers.AlertFactsOut}, operation_id="alerts_create"
    )
    def post(self, request: Request) -> Response:
        """Write a draft, with the defaults of its kind.

        A draft keeps values that could not be submitted; only unknown fields and values of a wrong type are refused.
        """
        body = read_body(serializers.DraftIn, request)

        def run() -> Outcome:
            alert = create_draft(
                self.actor, data=body["data"], alert_type=body.get("alert_type"), now=self.now
            )
            return Outcome(CREATED, str(alert.pk))

        outcome = idempotent(request, self.actor, run, now=self.now)
        alert = Alert.objects.changed_by(self.actor).get(pk=outcome.resource)
        return Response(
            serializers.AlertFactsOut(alert).data, status=outcome.status, headers={"ETag": etag_of(alert)}
        )


class AlertView(DeskView):
    capability: ClassVar = {
        "GET": Capability.ALERT_READ,
        "PATCH": Capability.ALERT_WRITE,
        "DELETE": Capability.ALERT_WRITE,
    }

    @extend_schema(responses={200: OWN_ALERT}, operation_id="alerts_retrieve")
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Show an alert of ours.

        A draft comes with its fields, every finding and the recipients it would have; a sent alert with its content
        and its state at each recipient.
        """
        alert = find_alert(self.officer, alert_id)
        if alert.state not in SENT:
            return self.answer_alert(alert_id)
        shown = serializers.SentOut(read_sent(self.officer, alert, now=self.now)).data
        return Response(shown, headers={"ETag": etag_of(alert, shown)})

    @extend_schema(
        parameters=[IF_MATCH],
        request=serializers.ChangeIn,
        responses={200: serializers.AlertOut},
        operation_id="alerts_partial_update",
    )
    def patch(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Save fields of a draft as a new revision; fields left out stay as they are.

        Another kind takes the fields along that still had its defaults, another lane its purpose and handling, unless they are named.
        """
        body, base = read_body(serializers.ChangeIn, request), revision_in(request)

        def change(alert: Alert) -> None:
            save_revision(
                self.officer, alert, data=body["data"], base=base, kept=body.get("kept"), now=self.now
            )

        return self.answer_alert(self.once(alert_id, change, tagged=True).resource)

    @extend_schema(parameters=[IF_MATCH], responses={204: None}, operation_id="alerts_destroy")
    def delete(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Discard a draft, as it was last read."""

        def change(alert: Alert) -> None:
            check_newest_tag(request, alert)
            discard_draft(self.officer, alert, now=self.now)

        self.once(alert_id, change, status.HTTP_204_NO_CONTENT, tagged=True)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SubmitView(DeskView):
    capability = Capability.ALERT_WRITE

    @extend_schema(parameters=[IF_MATCH], request=None, responses={200: serializers.AlertOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Hand a draft to the second person."""
        base = revision_in(request)

        def change(alert: Alert) -> None:
            submit_alert(self.officer, alert, revision=base, now=self.now)

        return self.answer_alert(self.once(alert_id, change, tagged=True).resource)


class ValidateView(DeskView):
    capability = Capability.ALERT_VALIDATE

    @extend_schema(
        parameters=[IF_MATCH], request=serializers.ValidateIn, responses={200: serializers.AlertOut}
    )
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Validate this revision and these recipients as a second person.

        `preview` is the digest of the recipients that were shown: if they have changed since, nothing happens.
        """
        body, base = read_body(serializers.ValidateIn, request), revision_in(request)

        def change(alert: Alert) -> None:
            seen = body.get("preview")
            validate_alert(self.officer, alert, revision=base, seen_preview=seen, now=self.now)

        return self.answer_alert(self.once(alert_id, change, tagged=True).resource)


class ReturnView(DeskView):
    capability = frozenset({Capability.ALERT_VALIDATE, Capability.ALERT_WRITE})

    @extend_schema(request=serializers.ReturnIn, responses={200: serializers.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Give an alert back to its author, with a reason."""
        body = read_body(serializers.ReturnIn, request)

        def change(alert: Alert) -> None:
            return_alert(self.officer, alert, **body, now=self.now)

        outcome = self.once(alert_id, change)
        return answer_facts(Alert.objects.changed_by(self.actor).get(pk=outcome.resource))


class ReleaseView(DeskView):
    capability = Capability.ALERT_RELEASE

    @extend_schema(parameters=[IF_MATCH], request=None, responses={200: serializers.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Sign, seal and send a validated alert. The receipt follows within about a second."""
        base = revision_in(request)

        def change(alert: Alert) -> None:
            release_alert(self.officer, alert, revision=base, now=self.now)

        return answer_facts(find_alert(self.officer, self.once(alert_id, change, tagged=True).resource))


class AmendView(DeskView):
    capability = Capability.ALERT_WRITE

    @extend_schema(request=serializers.AmendIn, responses={201: serializers.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Begin the next version of a sent alert: a draft with its fields and files, to the same recipients.

        Until that draft is released nothing changes for those who received the alert.
        """

        change = read_body(serializers.AmendIn, request)["question_change"]

        def run() -> Outcome:
            sent = find_alert(self.officer, alert_id)
            draft = amend_alert(self.officer, sent, question_change=change, now=self.now)
            return Outcome(CREATED, str(draft.pk))

        outcome = idempotent(request, self.actor, run, now=self.now)
        draft = find_alert(self.officer, outcome.resource)
        return answer_facts(draft, CREATED)


class WithdrawView(DeskView):
    capability = Capability.ALERT_WITHDRAW

    @extend_schema(request=serializers.WithdrawIn, responses={200: serializers.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Withdraw a sent alert with a signed retract."""
        body = read_body(serializers.WithdrawIn, request)

        def change(alert: Alert) -> None:
            withdraw_alert(self.officer, alert, **body, now=self.now)

        return answer_facts(find_alert(self.officer, self.once(alert_id, change).resource))


class ReaffirmView(DeskView):
    capability = Capability.ALERT_RELEASE

    @extend_schema(request=None, responses={200: serializers.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Reaffirm a sent alert whose key was revoked since, by a signed statement."""

        def change(alert: Alert) -> None:
            reaffirm_alert(self.officer, alert, now=self.now)

        return answer_facts(find_alert(self.officer, self.once(alert_id, change).resource))


class SecondLookView(DeskView):
    capability = Capability.ALERT_VALIDATE

    @extend_schema(request=None, responses={200: serializers.AlertFactsOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Record that a second officer has read a flash alert that one person sent alone."""

        def change(alert: Alert) -> None:
            confirm_second_look(self.officer, alert, now=self.now)

        return answer_facts(find_alert(self.officer, self.once(alert_id, change).resource))
