# SPDX-License-Identifier: Apache-2.0
"""Time by which a request asks for its answer: in one's own zone, in UTC, and in the zone of each recipient."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.document.building import answer_moment
from officers.calendars import working_time_of
from officers.models import Officer
from peers.models import Agency


@dataclass(frozen=True)
class TheirClock:
    name: str
    zone: str


@dataclass(frozen=True)
class AnswerBy:
    """`is_counted`: the time is counted from sending, so that it is right only if the request is sent now."""

    moment: datetime
    is_counted: bool
    theirs: tuple[TheirClock, ...]
    proposed: datetime | None = None
    """Next working moment of the own agency, where the time is outside of its calendar."""


def answer_by(officer: Officer, data: Mapping[str, Any], *, now: datetime) -> AnswerBy | None:
    """Return the time for a request with a valid one; None for every other draft."""
    moment = answer_moment(data, now=now)
    if moment is None:
        return None
    chosen = data.get("recipients") or []
    agencies = Agency.objects.visible_to(officer).filter(pk__in=chosen).order_by("name")
    theirs = tuple(TheirClock(*row) for row in agencies.values_list("name", "timezone"))
    work = working_time_of(officer.agency) if officer.agency else None
    proposed = work.next_from(moment) if work else moment
    is_counted = data.get("request_priority") != "custom"
    return AnswerBy(moment, is_counted, theirs, proposed if proposed != moment else None)
