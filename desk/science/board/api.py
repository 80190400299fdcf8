# SPDX-License-Identifier: Apache-2.0
"""The early-warning board in JSON: the same conclusions as on the page, with the numbers they were drawn from."""

import uuid
from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_alert, find_received
from alerts.models import Alert, ReceivedAlert
from callers.capabilities import Capability
from callers.reading import read_body, read_query
from desk.web.api import DeskView
from desk.web.api_answers import AgencyView
from science.board.counting import SPANS
from science.board.harm_reviews import NOTE_AT_MOST, HarmReviewOutcome, record_review, reviews_of
from science.board.reading import USUAL, read_board


class BoardQuery(s.Serializer[Any]):
    days = s.ChoiceField(
        [str(span) for span in SPANS],
        required=False,
        default=str(USUAL),
        help_text="Days up to today, where the officer sits.",
    )


class SightingOut(s.Serializer[Any]):
    """One alert; `is_received` says in which box `alert_id` is found. Counts are null where the alert gives none."""

    name = s.CharField()
    drug_class = s.CharField()
    kind = s.CharField()
    country = s.CharField()
    region = s.CharField()
    harm = s.CharField()
    non_fatal = s.IntegerField(allow_null=True)
    fatal = s.IntegerField(allow_null=True)
    day = s.DateField()
    known = s.DateField()
    is_received = s.BooleanField()
    alert_id = s.UUIDField()


class BaselineOut(s.Serializer[Any]):
    """The usual level in one span: the mean of `total` over `spans`, with its 95 % interval."""

    total = s.IntegerField()
    spans = s.IntegerField()
    mean = s.FloatField()
    low = s.FloatField()
    high = s.FloatField()


class FirstOut(s.Serializer[Any]):
    sighting = SightingOut()
    reports = s.IntegerField()


class NewCountryOut(s.Serializer[Any]):
    sighting = SightingOut()
    elsewhere = s.ListField(child=s.CharField())


class RiseOut(s.Serializer[Any]):
    """A rise; `chance` is the probability of this many reports if nothing has changed."""

    name = s.CharField()
    is_class = s.BooleanField()
    count = s.IntegerField()
    before = BaselineOut()
    chance = s.FloatField()
    newest = SightingOut()


class ClusterOut(s.Serializer[Any]):
    """A cluster; `week` is its Monday, `chance` the probability of this many cases if nothing has changed."""

    country = s.CharField()
    region = s.CharField()
    week = s.DateField()
    cases = s.IntegerField()
    fatal = s.IntegerField()
    before = BaselineOut()
    chance = s.FloatField()
    sightings = SightingOut(many=True)


class SecondLookOut(s.Serializer[Any]):
    sighting = SightingOut()
    reports = s.IntegerField()
    since = s.DateField()
    looked = s.DateField(allow_null=True, help_text="The day of the last look; null before the first.")


class WeekOut(s.Serializer[Any]):
    monday = s.DateField()
    reports = s.IntegerField()
    cases = s.IntegerField()


class BoardOut(s.Serializer[Any]):
    """The board: reasons to look, not findings. `is_whole` is false if the oldest alerts were not read."""

    days = s.IntegerField(source="board.days")
    since = s.DateField(source="board.since")
    today = s.DateField(source="board.today")
    reports = s.IntegerField(source="board.reports")
    cases = s.IntegerField(source="board.cases")
    substances = s.IntegerField(source="board.substances")
    first = FirstOut(many=True, source="board.first")
    countries = NewCountryOut(many=True, source="board.countries")
    rising = RiseOut(many=True, source="board.rising")
    clusters = ClusterOut(many=True, source="board.clusters")
    second_look = SecondLookOut(many=True, source="board.second_look")
    looked_later = s.IntegerField(
        source="board.looked_later", help_text="Looked at, and due on a later day or when reported anew."
    )
    by_country = s.SerializerMethodField()
    weeks = WeekOut(many=True, source="board.weeks")
    looked_at = s.IntegerField()
    is_whole = s.BooleanField()

    def get_by_country(self, read: Any) -> dict[str, int]:
        """Reports of the span by country code."""
        return dict(read.board.by_country)


class BoardView(DeskView):
    capability = Capability.SCIENCE_READ

    @extend_schema(operation_id="science_board", parameters=[BoardQuery], responses={200: BoardOut})
    def get(self, request: Request) -> Response:
        """Show the board of new, rising and harmful substances in the alerts of the officer's agency."""
        query = read_query(BoardQuery, request)
        return Response(BoardOut(read_board(self.officer, days=int(query["days"]), now=self.now)).data)


class HarmReviewIn(s.Serializer[Any]):
    """A harm review; `next_on` belongs to `none_found` and to no other outcome."""

    outcome = s.ChoiceField(HarmReviewOutcome.choices)
    next_on = s.DateField(required=False, allow_null=True, default=None)
    note = s.CharField(required=False, default="", allow_blank=True, max_length=NOTE_AT_MOST)


class HarmReviewOut(s.Serializer[Any]):
    """A harm review of the agency; `outcome` is empty if its record does not open."""

    id = s.UUIDField(source="row.pk")
    outcome = s.CharField(allow_blank=True)
    next_on = s.DateField(source="row.next_on", allow_null=True)
    note = s.CharField(allow_blank=True)
    looked_at = s.DateTimeField(source="row.looked_at")
    looked_by = s.CharField(source="row.looked_by.public_id")


class HarmReviewsOut(s.Serializer[Any]):
    items = HarmReviewOut(many=True)


class HarmReviewsView(AgencyView):
    """Harm reviews of the substance of one alert."""

    capability: ClassVar[Any] = Capability.SCIENCE_READ

    def shown(self, subject: ReceivedAlert | Alert) -> Response:
        return self.answer({"items": HarmReviewOut(reviews_of(self.officer, subject), many=True).data})

    def record(self, subject: ReceivedAlert | Alert) -> Response:
        body = read_body(HarmReviewIn, self.request)
        self.act(lambda: record_review(self.officer, subject, **body, now=self.now))
        return self.shown(subject)


class ReceivedHarmReviewsView(HarmReviewsView):
    @extend_schema(responses={200: HarmReviewsOut}, operation_id="received_looks")
    def get(self, request: Request, received_id: uuid.UUID) -> Response:
        """List the agency's harm reviews of an alert that reached it."""
        return self.shown(find_received(self.officer, received_id))

    @extend_schema(request=HarmReviewIn, responses={200: HarmReviewsOut}, operation_id="received_look")
    def post(self, request: Request, received_id: uuid.UUID) -> Response:
        """Record a harm review of a substance of which no harm was known, and when the next is due."""
        return self.record(find_received(self.officer, received_id))


class SentHarmReviewsView(HarmReviewsView):
    @extend_schema(responses={200: HarmReviewsOut}, operation_id="alert_looks")
    def get(self, request: Request, alert_id: uuid.UUID) -> Response:
        """List the agency's harm reviews of an alert that it sent."""
        return self.shown(find_alert(self.officer, alert_id))

    @extend_schema(request=HarmReviewIn, responses={200: HarmReviewsOut}, operation_id="alert_look")
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Record a harm review of the substance of an alert that the agency sent."""
        return self.record(find_alert(self.officer, alert_id))


urlpatterns = [
    path("science/board", BoardView.as_view(), name="science-board"),
    path(
        "alerts/received/<uuid:received_id>/looks", ReceivedHarmReviewsView.as_view(), name="received-looks"
    ),
    path("alerts/<uuid:alert_id>/looks", SentHarmReviewsView.as_view(), name="alert-looks"),
]
