# SPDX-License-Identifier: Apache-2.0
"""Working time of an agency: on which days, between which hours of its zone. Pure; `officers.calendars` reads it from its row.

Hours are local ones: where a clock skips an hour, a day that begins in it begins when the clock goes on; of an hour that a
clock repeats the earlier one counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAYS_LOOKED_AT: Final = 400
"""Days in which a working one is looked for; an agency that has none is taken to work always."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class WorkingTime:
    """Working time. `days` are ISO weekdays, 1 is Monday; on `holidays` nobody works."""

    zone: str
    days: frozenset[int]
    opens: time
    closes: time
    holidays: frozenset[date] = frozenset()

    def covers(self, moment: datetime) -> bool:
        """Tell whether the agency works at this moment."""
        span = self._span(self._day_of(moment))
        return span is not None and span[0] <= moment < span[1]

    def next_from(self, moment: datetime) -> datetime:
        """Return the first working moment from this one on; the moment itself where none is near."""
        for opens, closes in self._spans(self._day_of(moment), _DAY):
            if moment < closes:
                return max(moment, opens)
        return moment

    def last_before(self, moment: datetime) -> datetime:
        """Return the last working moment up to this one, on the minute; the moment itself where none is near."""
        for opens, closes in self._spans(self._day_of(moment), -_DAY):
            if opens <= moment:
                return min(moment, closes - timedelta(minutes=1))
        return moment

    def _day_of(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def _spans(self, first: date, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
        for n in range(DAYS_LOOKED_AT):
            span = self._span(first + n * step)
            if span is not None:
                yield span

    def _span(self, day: date) -> tuple[datetime, datetime] | None:
        """Return beginning and end of work on a day, in UTC; None where nobody works."""
        if day.isoweekday() not in self.days or day in self.holidays:
            return None
        zone = ZoneInfo(self.zone)
        opens, closes = (datetime.combine(day, at, zone).astimezone(UTC) for at in (self.opens, self.closes))
        return (opens, closes) if opens < closes else None
