# SPDX-License-Identifier: Apache-2.0
"""The agency's calendar in JSON."""

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from callers.capabilities import Capability
from callers.reading import read_body
from desk.web.api_answers import AgencyView
from officers.calendars import MOST_HOLIDAYS, NAME_CHARS, Calendar, calendar_of, change_calendar


class HolidayOut(s.Serializer[Any]):
    day = s.DateField()
    name = s.CharField(required=False, default="", allow_blank=True, max_length=NAME_CHARS)


class CalendarOut(s.Serializer[Any]):
    """Working days (1 is Monday), hours in `zone`, and holidays. Without a calendar `working_days` is empty: always."""

    working_days = s.ListField(child=s.IntegerField(min_value=1, max_value=7))
    opens = s.TimeField(allow_null=True)
    closes = s.TimeField(allow_null=True)
    holidays = HolidayOut(many=True)
    zone = s.CharField()


class CalendarIn(s.Serializer[Any]):
    """The whole calendar; it replaces the present one."""

    working_days = s.ListField(child=s.IntegerField(min_value=1, max_value=7), min_length=1, max_length=7)
    opens = s.TimeField()
    closes = s.TimeField()
    holidays = s.ListField(child=HolidayOut(), max_length=MOST_HOLIDAYS)


class CalendarView(AgencyView):
    capability: ClassVar = {"GET": Capability.OFFICER_READ, "PUT": Capability.AGENCY_MANAGE}

    @extend_schema(responses={200: CalendarOut}, operation_id="calendar_retrieve")
    def get(self, request: Request) -> Response:
        """Show when the agency works: its forms propose times within it, and routine reminders keep to it."""
        return self.answer_calendar()

    @extend_schema(request=CalendarIn, responses={200: CalendarOut}, operation_id="calendar_update")
    def put(self, request: Request) -> Response:
        """State working days, hours and holidays anew; a day that stands twice keeps its last name."""
        body = read_body(CalendarIn, request)
        holidays = {one["day"]: one["name"] for one in body["holidays"]}
        wanted = Calendar(
            tuple(body["working_days"]), body["opens"], body["closes"], tuple(sorted(holidays.items()))
        )
        self.act(lambda: change_calendar(self.officer, wanted, now=self.now))
        return self.answer_calendar()

    def answer_calendar(self) -> Response:
        stated, agency = calendar_of(self.agency), self.agency
        listed = [{"day": day, "name": name} for day, name in stated.holidays] if stated else []
        shown = {
            "working_days": list(stated.working_days) if stated else [],
            "opens": stated.opens if stated else None,
            "closes": stated.closes if stated else None,
            "holidays": listed,
            "zone": agency.timezone,
        }
        return Response(CalendarOut(shown).data)


urlpatterns = [
    path("calendar", CalendarView.as_view(), name="calendar"),
]
