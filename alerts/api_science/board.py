# SPDX-License-Identifier: Apache-2.0
"""The early-warning board in JSON: the same conclusions as on the page, with the numbers they were drawn from."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.capabilities import Capability
from agencies.reading import read_query
from alerts.api_desk import DeskView
from alerts.science.board.counting import SPANS
from alerts.science.board.reading import USUAL, read_board


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
    """What is usual in one span: the mean of `total` over `spans`, with its 95 % interval."""

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
    """`chance` is that of so many reports if nothing has changed."""

    name = s.CharField()
    is_class = s.BooleanField()
    count = s.IntegerField()
    before = BaselineOut()
    chance = s.FloatField()
    newest = SightingOut()


class ClusterOut(s.Serializer[Any]):
    """`week` is its Monday; `chance` that of so many cases if nothing has changed."""

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


class WeekOut(s.Serializer[Any]):
    monday = s.DateField()
    reports = s.IntegerField()
    cases = s.IntegerField()


class BoardOut(s.Serializer[Any]):
    """A reason to look, not a finding. `is_whole` false: the oldest alerts were not looked at."""

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
        """What the alerts of the officer's agency say of new, rising and harmful substances."""
        query = read_query(BoardQuery, request)
        return Response(BoardOut(read_board(self.officer, days=int(query["days"]), now=self.now)).data)


urlpatterns = [path("science/board", BoardView.as_view(), name="science-board")]
