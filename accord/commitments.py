# SPDX-License-Identifier: Apache-2.0
"""Standing commitments of an agreement: what one party gives another, how often or how fast, as the sealed text lists them.

They are rows of a text that `accord.document.agreement_texts` has checked. A time zone that was abolished since is read all the
same: days and hours are counted in UTC then, and whoever shows them names the zone.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from typing import Any, Final

from accord.timezones import is_timezone

ANSWERS: Final = "answers"
COURT_OUTCOMES: Final = "court_outcomes"
GIVEN: Final = ("spectra", "methods", "reference_standards", "samples_offered", COURT_OUTCOMES, ANSWERS)
"""What can be committed to."""
IN_TIME: Final = frozenset({ANSWERS, COURT_OUTCOMES})
"""What is owed within a time after a cause; the others are owed once in each period."""


@dataclass(frozen=True)
class Span:
    """A number of units: hour or day of a time limit; day, week, month, quarter or year of a period."""

    n: int
    unit: str


@dataclass(frozen=True)
class Commitment:
    """One row: `by` gives `what` to `to`. Exactly one of `every` and `within` is set; it counts from the day `begins` on."""

    by: str
    to: str
    what: str
    every: Span | None
    within: Span | None
    zone: str
    begins: date

    @property
    def is_zone_known(self) -> bool:
        """Tell whether the time-zone database of this machine has its zone."""
        return is_timezone(self.zone)

    @property
    def tz(self) -> tzinfo:
        """Its time zone; UTC where the zone was abolished."""
        return zoneinfo.ZoneInfo(self.zone) if self.is_zone_known else UTC


def read_commitments(document: Mapping[str, Any]) -> tuple[Commitment, ...]:
    """Return the commitments of a checked text, in its order."""
    return tuple(_commitment(row) for row in document.get("commitments") or ())


def _commitment(row: Mapping[str, Any]) -> Commitment:
    return Commitment(
        by=row["by"],
        to=row["to"],
        what=row["what"],
        every=_span(row.get("every")),
        within=_span(row.get("within")),
        zone=row["zone"],
        begins=date.fromisoformat(row["from"]),
    )


def _span(value: Mapping[str, Any] | None) -> Span | None:
    return None if value is None else Span(value["n"], value["unit"])
