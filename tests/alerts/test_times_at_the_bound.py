# SPDX-License-Identifier: Apache-2.0
"""The last time that the profile allows is shown and calculated with everywhere, even 14 hours ahead of UTC."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone
from rest_framework.serializers import DateTimeField

from accord.cli.showing import moment
from accord.client.errors import KeysetEndedError
from accord.document.rules import years_after
from accord.envelope.encoding import MAX_TIME
from accord.moments import LATEST_SHOWN, moment_of
from alerts.document.building import build_terms
from alerts.document.defaults import KEPT_DAYS_AT_MOST
from alerts.document.validators import read_moment
from alerts.receiving.signature_state import utc_text
from callers.endings import THRESHOLDS
from desk.agency.keys.forms import since_text
from notices.key_endings import moment_text
from tests.alerts.conftest import GOOD

EAST = "Pacific/Kiritimati"
"""14 hours ahead of UTC."""
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
BOUNDS = [MAX_TIME, MAX_TIME + 1, 2**53 - 1, LATEST_SHOWN, 0]


class Reader:
    effective_timezone = EAST


def page(source: str) -> Callable[[dt.datetime], object]:
    template = Template("{% load accord %}" + source)
    return lambda at: template.render(Context({"at": at, "now": NOW, "zone": EAST}))


SHOWN: dict[str, Callable[[dt.datetime], object]] = {
    "moment": page("{{ at|moment }}"),
    "moment_short": page("{{ at|moment_short:now }}"),
    "moment_in": page("{{ at|moment_in:zone }}"),
    "clock_in": page("{{ at|clock_in:zone }}"),
    "distance": page("{{ at|distance:now }}"),
    "hours_until": page("{{ at|hours_until:now }}"),
    "date": page('{{ at|date:"j M Y H:i" }}'),
    "mail": lambda at: moment_text(at, Reader()),  # type: ignore[arg-type]
    "sentence": utc_text,
    "form": since_text,
    "JSON": lambda at: DateTimeField().to_representation(at),
    "a day later": lambda at: at + dt.timedelta(days=1),
    "thresholds": lambda at: [at - NOW <= dt.timedelta(days=days) for days in THRESHOLDS],
}


@pytest.mark.parametrize("seconds", BOUNDS)
@pytest.mark.parametrize("shown", SHOWN, ids=str)
def test_a_time_at_the_bound_is_shown(shown: str, seconds: int) -> None:
    with timezone.override(ZoneInfo(EAST)):
        assert SHOWN[shown](moment_of(seconds)) is not None


@pytest.mark.parametrize("shown", ["moment", "moment_short", "moment_in", "clock_in"])
def test_what_was_stored_in_the_last_hours_of_the_calendar_is_shown_in_utc(shown: str) -> None:
    with timezone.override(ZoneInfo(EAST)):
        assert "+14" not in str(SHOWN[shown](dt.datetime.max.replace(tzinfo=dt.UTC)))


@pytest.mark.parametrize("seconds", BOUNDS)
def test_the_client_shows_it_too(seconds: int) -> None:
    assert moment(seconds).endswith("Z")
    assert "ended on" in str(KeysetEndedError(seconds))


class TestDocument:
    def test_content_is_kept_for_ten_years_at_most(self) -> None:
        ahead = NOW.date() + dt.timedelta(days=KEPT_DAYS_AT_MOST)
        for day in (ahead, ahead + dt.timedelta(days=1), dt.date.max):
            data = {**GOOD, "expiry": day.isoformat(), "review_date": day.isoformat()}
            terms = build_terms(data, jti="", now=NOW)
            assert terms.keep == terms.exp
            assert 0 <= 3653 * 86400 - (terms.keep - terms.iat) < 86400

    @pytest.mark.parametrize("day", [dt.date.max, dt.date(9995, 2, 28), dt.date(9996, 2, 29)], ids=str)
    def test_years_end_with_the_calendar(self, day: dt.date) -> None:
        assert years_after(day, 20).year == dt.MAXYEAR

    @pytest.mark.parametrize("typed", ["9999-12-31T23:59Z", "0001-01-01T00:00Z"])
    def test_a_moment_that_no_clock_everywhere_shows_is_none(self, typed: str) -> None:
        assert read_moment(typed) is None
