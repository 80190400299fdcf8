# SPDX-License-Identifier: Apache-2.0
"""The early-warning board: what is new, what rises, where harm gathers, what waits for a second look; drawn, and in tables."""

import csv
import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alerts.access import agency_of
from alerts.document.countries import country_name
from callers import clock
from desk.web.frame import render_page, signed_in
from officers.policy_in_force import policy_of
from science.board.counting import ROWS, SECOND_LOOK_AFTER, SPANS, Board, Week
from science.board.reading import USUAL, read_board

MAP_WIDTH, MAP_HEIGHT = 720, 311
"""Size of the drawing of the world, in the units of `places.csv`."""
BARS_HEIGHT: Final = 120
BAR_STEP: Final = 13
LEAST_RADIUS, MOST_RADIUS = 4.0, 22.0
LABEL_GAP: Final = 3


@dataclass(frozen=True)
class Bubble:
    """Country on the map; the area of the circle is proportional to the number of reports."""

    code: str
    name: str
    count: int
    x: int = 0
    y: int = 0
    radius: float = 0.0

    @property
    def label_below(self) -> float:
        """Distance from the centre to the top of a label under the circle."""
        return self.radius + LABEL_GAP


@dataclass(frozen=True)
class Bar:
    """Week of the chart. Heights are measured from the top of the drawing."""

    week: Week
    x: int
    top: float
    height: float
    label: str


@dataclass(frozen=True)
class Bars:
    """Chart of 52 weeks; `most` is its highest bar."""

    bars: tuple[Bar, ...]
    most: int
    total: int
    width: int


@dataclass(frozen=True)
class Map:
    """Reports by country; `elsewhere` are codes without a place on the map, such as those of exercises."""

    bubbles: tuple[Bubble, ...] = field(default=())
    elsewhere: tuple[Bubble, ...] = field(default=())
    outlines: tuple[str, ...] = ()
    """Of a demonstration's countries, in place of the world's: paths of SVG."""


def board(request: HttpRequest) -> HttpResponse:
    """Show the board for the span in the address, or for 90 days."""
    officer = signed_in(request)
    chosen = request.GET.get("days", "")
    days = int(chosen) if chosen in {str(span) for span in SPANS} else USUAL
    read = read_board(officer, days=days, now=clock.now())
    drawn = read.board
    return render_page(
        request,
        "science/board",
        _("Early warning"),
        board=drawn,
        read=read,
        spans=SPANS,
        limit=f":{ROWS}",
        map=draw_map(drawn.by_country),
        reports=draw_weeks(drawn, cases=False),
        cases=draw_weeks(drawn, cases=True),
        opens_on_duty=not policy_of(agency_of(officer)).case_number_required,
        second_look_days=SECOND_LOOK_AFTER.days,
        ends=drawn.weeks[-1].monday + dt.timedelta(days=6),
    )


def draw_map(by_country: Sequence[tuple[str, int]]) -> Map:
    """Return circles for the countries that have a place, the largest first so that none hides another."""
    most = max((count for _code, count in by_country), default=1)
    placed, elsewhere, places = [], [], _invented_places() or _places()
    for code, count in by_country:
        bubble = Bubble(code, country_name(code), count)
        place = places.get(code)
        if place is None:
            elsewhere.append(bubble)
        else:
            placed.append(Bubble(code, bubble.name, count, *place, radius=_radius(count, most)))
    outlines = tuple(country["outline"] for country in settings.INVENTED_COUNTRIES.values())
    return Map(tuple(placed), tuple(elsewhere), outlines)


def draw_weeks(drawn: Board, *, cases: bool) -> Bars:
    """Return reports, or cases of harm, of the last 52 weeks."""
    counts = [week.cases if cases else week.reports for week in drawn.weeks]
    most = max(1, *counts)
    bars = tuple(
        Bar(
            week,
            number * BAR_STEP,
            round(BARS_HEIGHT * (1 - count / most), 1),
            round(BARS_HEIGHT * count / most, 1),
            _label(week),
        )
        for number, (week, count) in enumerate(zip(drawn.weeks, counts, strict=True))
    )
    return Bars(bars, most, sum(counts), len(bars) * BAR_STEP)


def _label(week: Week) -> str:
    return _("Week of %(day)s: %(reports)s reports, %(cases)s cases") % {
        "day": week.monday.isoformat(),
        "reports": week.reports,
        "cases": week.cases,
    }


def _radius(count: int, most: int) -> float:
    return round(max(LEAST_RADIUS, MOST_RADIUS * math.sqrt(count / max(most, 1))), 1)


def _invented_places() -> dict[str, tuple[int, int]]:
    return {code: (country["x"], country["y"]) for code, country in settings.INVENTED_COUNTRIES.items()}


@lru_cache(maxsize=1)
def _places() -> dict[str, tuple[int, int]]:
    text = files("science").joinpath("board", "places.csv").read_text(encoding="utf-8")
    return {row["code"]: (int(row["x"]), int(row["y"])) for row in csv.DictReader(text.splitlines())}
