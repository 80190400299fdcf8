# SPDX-License-Identifier: Apache-2.0
"""Months of a record as bars: what was given beside what was got, on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from reciprocity.reading import MonthRow

HEIGHT: Final = 96
LEAST_TOP: Final = 4
"""Least number at the top of the scale, so that one item is no peak."""
WIDTH: Final = 10
STEP: Final = 26
"""Width of a month: two bars, a gap between them, and one to the next month."""


@dataclass(frozen=True)
class Bar:
    """One direction of one month; heights from the top of the drawing."""

    x: int
    top: int
    height: int
    is_given: bool
    label: str


@dataclass(frozen=True)
class Bars:
    """The whole drawing; `most`, an even number, is at the top of the scale, `half` in its middle."""

    bars: tuple[Bar, ...]
    most: int
    width: int
    height: int = HEIGHT

    @property
    def half(self) -> int:
        return self.most // 2


def draw_months(months: Sequence[MonthRow]) -> Bars:
    """Return the drawing of these months."""
    most = max([LEAST_TOP, *(n for row in months for n in (row.gave, row.got))])
    most += most % 2
    found = []
    for place, row in enumerate(months):
        month = date_format(row.month, _("F Y"))
        words = {"month": month, "gave": row.gave, "got": row.got}
        label = _("%(month)s: gave %(gave)s, got %(got)s") % words
        for is_given, n in ((True, row.gave), (False, row.got)):
            height = round(n / most * HEIGHT) if n else 0
            x = place * STEP + (0 if is_given else WIDTH + 2)
            found.append(Bar(x, HEIGHT - height, height, is_given, label))
    return Bars(tuple(found), most, max(STEP, len(months) * STEP))
