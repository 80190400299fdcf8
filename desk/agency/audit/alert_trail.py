# SPDX-License-Identifier: Apache-2.0
"""Timeline of one alert: its events, oldest first, and a summary of them. No content, and no title."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Min, Q, QuerySet

from alerts.boxes.export import EXPORTED
from callers.errors import AbsentError
from desk.agency.audit.audited_alerts import AuditedAlert, find_audited
from desk.agency.audit.events import Event, person_of
from ledger.models import AuditEvent
from officers.models import Officer

_OPENED = Q(act="alert.opened", actor__startswith="officer:")
_ACKNOWLEDGED = Q(act="alert.acknowledged")


@dataclass(frozen=True)
class Summary:
    """Summary of what the agency did with an alert. `opened_by` counts people; `acknowledged_by` has their names."""

    opened_by: int
    first_opened_at: datetime | None
    last_opened_at: datetime | None
    exported: int
    acknowledged_by: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One act of one person; what was done several times for one reason is one row with the first and last time."""

    first: Event
    last: Event
    times: int


def audited_alert(officer: Officer, item: str) -> AuditedAlert:
    """Return the alert that a reference, an id or a digest names in the own agency; raises AbsentError."""
    alert = find_audited(officer, item)
    if alert is None:
        raise AbsentError
    return alert


def events_of(officer: Officer, alert: AuditedAlert) -> QuerySet[AuditEvent]:
    """Select the alert's events that the officer may see, oldest first."""
    return AuditEvent.objects.visible_to(officer).filter(alert.events).order_by("seq")


def summary_of(officer: Officer, alert: AuditedAlert, colleagues: Mapping[str, str]) -> Summary:
    """Return what all events of the alert say together, in one query."""
    told = events_of(officer, alert).aggregate(
        people=Count("actor", filter=_OPENED, distinct=True),
        first=Min("at", filter=_OPENED),
        last=Max("at", filter=_OPENED),
        exported=Count("pk", filter=Q(act=EXPORTED)),
        acknowledged=ArrayAgg("actor", filter=_ACKNOWLEDGED, distinct=True),
    )
    acknowledged = tuple(person_of(actor, colleagues)[0] for actor in told["acknowledged"] or ())
    return Summary(told["people"], told["first"], told["last"], told["exported"], acknowledged)


def as_rows(events: Iterable[Event]) -> list[Row]:
    """Return a row for each act of a person for a reason, in the order in which each was done first."""
    rows: dict[tuple[str, ...], Row] = {}
    for event in events:
        before = rows.get(_said(event))
        rows[_said(event)] = Row(before.first, event, before.times + 1) if before else Row(event, event, 1)
    return list(rows.values())


def _said(event: Event) -> tuple[str, str, str, str]:
    return event.event.actor, event.event.act, event.event.reason, event.detail
