# SPDX-License-Identifier: Apache-2.0
"""Releases onward, in JSON: prepare, release, discard, end; and the review of emergencies."""

import uuid
from typing import Any, Final

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_alert, find_received
from alerts.document.choices import PURPOSES
from alerts.models import Alert, ReceivedAlert
from alerts.rows.onward import OnwardRelease
from alerts.sending.emergencies import (
    TEXT_CHARS,
    Emergency,
    emergencies_to_review,
    find_emergency,
    review_emergency,
)
from alerts.sending.onward import (
    ENDING_CODES,
    About,
    Released,
    discard_release,
    end_release,
    find_prepared,
    prepare_release,
    prepared_of,
    release_onward,
    releases_of,
)
from callers.capabilities import Capability
from callers.errors import AbsentError
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body
from desk.web.api import CREATED, OK, DeskView


class OnwardIn(s.Serializer[Any]):
    """Recipients, end and purpose of a release; without a purpose the alert's own counts."""

    recipients = s.ListField(child=s.CharField(max_length=23), min_length=1, max_length=500)
    until = s.DateTimeField()
    purpose = s.ChoiceField([code for code, _label in PURPOSES], required=False, default="", allow_blank=True)
    is_emergency = s.BooleanField(required=False, default=False)


class PreparedOut(s.Serializer[OnwardRelease]):
    """A release that waits for a second officer."""

    id = s.UUIDField()
    recipients = s.ListField(child=s.CharField())
    until = s.DateTimeField()
    purpose = s.CharField()
    is_emergency = s.BooleanField()
    prepared_by = s.CharField(source="prepared_by.display_name")
    prepared_at = s.DateTimeField()


class ReleasedOut(s.Serializer[Released]):
    """A signed release; `ended_by` is empty unless somebody ended it before its time."""

    od = s.CharField()
    by = s.CharField()
    to = s.ListField(child=s.CharField())
    until = s.DateTimeField()
    is_emergency = s.BooleanField()
    ended_by = s.CharField()


class ReleasesOut(s.Serializer[Any]):
    prepared = PreparedOut(many=True)
    released = ReleasedOut(many=True)


class ReleaseEndIn(s.Serializer[Any]):
    code = s.ChoiceField([code for code, _label in ENDING_CODES])


class EmergencyOut(s.Serializer[Emergency]):
    """An emergency release of the own agency; `text` is the review, null before it and where it is damaged."""

    id = s.UUIDField(source="row.pk")
    od = s.CharField(source="row.od")
    to = s.ListField(child=s.CharField())
    released_by = s.CharField(source="row.released_by.display_name")
    released_at = s.DateTimeField(source="row.released_at")
    review_by = s.DateTimeField(source="row.review_by")
    may_review = s.BooleanField()
    is_justified = s.BooleanField(source="row.is_justified", allow_null=True)
    text = s.CharField(allow_null=True)


class EmergenciesOut(s.Serializer[Any]):
    items = EmergencyOut(many=True)


class EmergencyReviewIn(s.Serializer[Any]):
    is_justified = s.BooleanField()
    text = s.CharField(max_length=TEXT_CHARS)


class _ReleasesView(DeskView):
    capability: Any = {"GET": Capability.ALERT_READ, "POST": Capability.ALERT_ACKNOWLEDGE}

    def listed(self, about: About, status: int = OK) -> Response:
        shown = {"prepared": prepared_of(self.officer, about), "released": releases_of(about)}
        return Response(ReleasesOut(shown).data, status)

    def prepared(self, request: Request, about: About) -> Response:
        body = read_body(OnwardIn, request)

        def prepare() -> Outcome:
            made = prepare_release(self.officer, about, **body, now=self.now)
            return Outcome(CREATED, str(made.pk))

        idempotent(request, self.actor, prepare, now=self.now)
        return self.listed(about, CREATED)


class ReceivedReleasesView(_ReleasesView):
    @extend_schema(responses={200: ReleasesOut})
    def get(self, request: Request, received_id: uuid.UUID) -> Response:
        """List the releases onward of a received alert: prepared ones, and signed ones, the newest first."""
        return self.listed(find_received(self.officer, received_id))

    @extend_schema(request=OnwardIn, responses={201: ReleasesOut})
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Prepare a release onward of a received alert; a second officer releases it."""
        return self.prepared(request, find_received(self.officer, received_id))


class SentReleasesView(_ReleasesView):
    @extend_schema(responses={200: ReleasesOut})
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """List the releases onward of a sent alert, other agencies' too."""
        return self.listed(find_alert(self.officer, alert_id))

    @extend_schema(request=OnwardIn, responses={201: ReleasesOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Prepare a release of a sent alert to further agencies; a second officer releases it."""
        return self.prepared(request, find_alert(self.officer, alert_id))


class _EndView(DeskView):
    capability = Capability.ALERT_WITHDRAW

    def end(self, request: Request, about: Alert | ReceivedAlert, od: str) -> Response:
        if all(one.od != od for one in releases_of(about)):
            raise AbsentError
        code = read_body(ReleaseEndIn, request)["code"]

        def end() -> Outcome:
            end_release(self.officer, about, od, code=code, now=self.now)
            return Outcome(OK, od)

        idempotent(request, self.actor, end, now=self.now)
        shown = {"prepared": prepared_of(self.officer, about), "released": releases_of(about)}
        return Response(ReleasesOut(shown).data)


class EndReceivedView(_EndView):
    @extend_schema(request=ReleaseEndIn, responses={200: ReleasesOut})
    def post(self, request: Request, received_id: uuid.UUID, od: str) -> Response:
        """End an own release of a received alert before its time; every holder is told."""
        return self.end(request, find_received(self.officer, received_id), od)


class EndSentView(_EndView):
    @extend_schema(request=ReleaseEndIn, responses={200: ReleasesOut})
    def post(self, request: Request, alert_id: uuid.UUID, od: str) -> Response:
        """End a release of a sent alert, an own or another agency's; every holder is told."""
        return self.end(request, find_alert(self.officer, alert_id), od)


class PreparedReleaseView(DeskView):
    capability = Capability.ALERT_RELEASE

    @extend_schema(request=None, responses={200: ReleasesOut})
    def post(self, request: Request, release_id: uuid.UUID) -> Response:
        """Release what another officer has prepared: it is sealed, signed and handed in."""

        def release() -> Outcome:
            done = release_onward(self.officer, find_prepared(self.officer, release_id), now=self.now)
            return Outcome(OK, f"{type(done.about).__name__}:{done.about.pk}")

        outcome = idempotent(request, self.actor, release, now=self.now)
        kind, _, key = outcome.resource.partition(":")
        find = find_received if kind == ReceivedAlert.__name__ else find_alert
        about: About = find(self.officer, key)
        shown = {"prepared": prepared_of(self.officer, about), "released": releases_of(about)}
        return Response(ReleasesOut(shown).data)


class DiscardReleaseView(DeskView):
    capability = Capability.ALERT_ACKNOWLEDGE

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, release_id: uuid.UUID) -> Response:
        """Discard what was prepared and not released."""

        def discard() -> Outcome:
            discard_release(self.officer, find_prepared(self.officer, release_id), now=self.now)
            return Outcome(204, str(release_id))

        idempotent(request, self.actor, discard, now=self.now)
        return Response(status=204)


class EmergenciesView(DeskView):
    capability = frozenset({Capability.AUDIT_READ, Capability.AGENCY_MANAGE})

    @extend_schema(operation_id="alerts_emergencies_list", responses={200: EmergenciesOut})
    def get(self, request: Request) -> Response:
        """List the own agency's emergencies that wait for a review, by when it is due."""
        return Response(EmergenciesOut({"items": emergencies_to_review(self.officer)}).data)


class EmergencyView(DeskView):
    capability = frozenset({Capability.AUDIT_READ, Capability.AGENCY_MANAGE})

    @extend_schema(responses={200: EmergencyOut})
    def get(self, request: Request, release_id: uuid.UUID) -> Response:
        """Return one emergency of the own agency, with its review."""
        return Response(EmergencyOut(find_emergency(self.officer, release_id)).data)

    @extend_schema(request=EmergencyReviewIn, responses={200: EmergencyOut})
    def post(self, request: Request, release_id: uuid.UUID) -> Response:
        """Review an emergency, once, as somebody who took no part in it."""
        find_emergency(self.officer, release_id)
        body = read_body(EmergencyReviewIn, request)

        def review() -> Outcome:
            review_emergency(self.officer, release_id, **body, now=self.now)
            return Outcome(OK, str(release_id))

        idempotent(request, self.actor, review, now=self.now)
        return Response(EmergencyOut(find_emergency(self.officer, release_id)).data)


_A: Final = "alerts/<uuid:alert_id>/releases"
_R: Final = "alerts/received/<uuid:received_id>/releases"
_P: Final = "alerts/prepared-releases/<uuid:release_id>"

urlpatterns = [
    path(_R, ReceivedReleasesView.as_view(), name="received-releases"),
    path(f"{_R}/<str:od>/end", EndReceivedView.as_view(), name="received-release-end"),
    path(_A, SentReleasesView.as_view(), name="alert-releases"),
    path(f"{_A}/<str:od>/end", EndSentView.as_view(), name="alert-release-end"),
    path(f"{_P}/release", PreparedReleaseView.as_view(), name="prepared-release"),
    path(f"{_P}/discard", DiscardReleaseView.as_view(), name="prepared-release-discard"),
    path("alerts/emergencies", EmergenciesView.as_view(), name="emergencies"),
    path("alerts/emergencies/<uuid:release_id>", EmergencyView.as_view(), name="emergency-review"),
]
