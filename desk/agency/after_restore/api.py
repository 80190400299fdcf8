# SPDX-License-Identifier: Apache-2.0
"""Review after a restore, in JSON: what an agency has yet to review, and its completion by an admin."""

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from callers.capabilities import Capability
from callers.reading import read_body
from desk.web.api_answers import AgencyView
from officers.models import RestoreReview
from officers.restores import SECTIONS, restore_in_review, review_restore


class RestoreOut(s.Serializer[Any]):
    """The restore that awaits review; `restored_at` is null if there is none, and sign-in is open.

    `backup_at` is the newest moment that the backup knew of, null if unknown. Review `/officers`, `/api-keys`,
    `/powers`, `/policy` and `/peers`.
    """

    restored_at = s.DateTimeField(allow_null=True)
    backup_at = s.DateTimeField(allow_null=True)
    to_confirm = s.ListField(child=s.ChoiceField(SECTIONS))


class RestoreReviewIn(s.Serializer[Any]):
    """`restored_at` as it was shown; `confirmed`: every section, each gone through by itself."""

    restored_at = s.DateTimeField()
    confirmed = s.ListField(child=s.ChoiceField(SECTIONS), min_length=1, max_length=len(SECTIONS))


class RestoreReviewOut(s.Serializer[Any]):
    """Sign-in is open to everybody of the agency."""

    restored_at = s.DateTimeField()
    reviewed_at = s.DateTimeField()


class RestoreView(AgencyView):
    capability: ClassVar[Any] = Capability.OFFICER_MANAGE

    @extend_schema(responses={200: RestoreOut}, operation_id="restore_retrieve")
    def get(self, request: Request) -> Response:
        """Show the restore that the agency has yet to go through, and what its admin confirms."""
        row = restore_in_review(self.agency)
        shown = {
            "restored_at": row.restored_at if row else None,
            "backup_at": row.backup_at if row else None,
            "to_confirm": SECTIONS if row else [],
        }
        return self.answer(RestoreOut(shown).data)


class RestoreReviewView(AgencyView):
    capability: ClassVar[Any] = Capability.OFFICER_MANAGE
    http_method_names = ["post", "options"]

    @extend_schema(request=RestoreReviewIn, responses={200: RestoreReviewOut}, operation_id="restore_review")
    def post(self, request: Request) -> Response:
        """Confirm that the agency has gone through roles, disabled officers and API keys: sign-in opens to everybody."""
        body = read_body(RestoreReviewIn, request)
        self.act(lambda: review_restore(self.officer, **body, now=self.now))
        return self.answer(RestoreReviewOut(RestoreReview.objects.filter(agency=self.agency).first()).data)


urlpatterns = [
    path("restore", RestoreView.as_view(), name="restore-one"),
    path("restore/review", RestoreReviewView.as_view(), name="restore-review"),
]
