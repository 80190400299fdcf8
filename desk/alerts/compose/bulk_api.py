# SPDX-License-Identifier: Apache-2.0
"""Many drafts in one request: each is saved whole or not at all, and each has its own answer."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.drafting.drafts import create_draft
from alerts.errors import AlertsError
from alerts.models import Alert
from callers.answers import problem_of
from callers.capabilities import Capability
from callers.errors import CallerError
from callers.idempotency import Outcome, idempotent, idempotent_part
from callers.reading import read_body, read_object
from desk.alerts import serializers
from desk.web.api import CREATED, DeskView, etag_of


class BulkDraftsView(DeskView):
    capability = frozenset({Capability.ALERT_WRITE, Capability.DRAFT_WRITE})

    @extend_schema(
        request=serializers.BulkDraftsIn,
        responses={200: serializers.BulkDraftsOut},
        operation_id="alerts_bulk_create",
    )
    def post(self, request: Request) -> Response:
        """Save up to 100 drafts at once.

        The answer names for each, in the order given, the new draft or the problem that stopped it; a problem does
        not delay the others. Sent again with its `Idempotency-Key`, the request finishes the drafts that a lost
        connection left over and makes none twice.
        """
        drafts = read_body(serializers.BulkDraftsIn, request)["drafts"]
        items: list[dict[str, Any]] = []

        def run() -> Outcome:
            items.extend(self._draft(at, draft) for at, draft in enumerate(drafts))
            return Outcome(200)

        if idempotent(request, self.actor, run, now=self.now).is_replayed:
            run()
        made = sum(item["status"] == CREATED for item in items)
        return Response({"created": made, "refused": len(items) - made, "items": items})

    def _draft(self, at: int, draft: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one item as `POST /alerts` would."""

        def run() -> Outcome:
            given = read_object(serializers.DraftIn, draft)
            alert = create_draft(
                self.actor, data=given["data"], alert_type=given.get("alert_type"), now=self.now
            )
            return Outcome(CREATED, str(alert.pk))

        try:
            outcome = idempotent_part(self.request, self.actor, f"draft {at}", draft, run, now=self.now)
        except (CallerError, AlertsError, ValidationError) as refused:
            problem = problem_of(refused, self.get_exception_handler_context())
            return {"index": at, "status": problem["status"], "problem": problem}
        alert = Alert.objects.changed_by(self.actor).get(pk=outcome.resource)
        facts = serializers.AlertFactsOut(alert).data
        return {"index": at, "status": CREATED, "etag": etag_of(alert), "alert": facts}
