# SPDX-License-Identifier: Apache-2.0
"""The release queue: what waits for second eyes, urgent first within the page's order by time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from agencies.capabilities import Capability, require
from agencies.models import Officer
from alerts.cards import Card, open_alert_cards
from alerts.models import Alert
from alerts.paging import PAGE_ROWS, Page, cut, moment_before, moment_cursor
from alerts.states import IN_REVIEW


@dataclass(frozen=True)
class QueueRow:
    alert: Alert
    card: Card | None
    since: datetime
    to: tuple[str, ...]


def list_waiting(officer: Officer, *, cursor: str = "", pri: str = "") -> Page[QueueRow]:
    """A page of the queue, last submitted first. `to` is known once validated."""
    require(officer, Capability.QUEUE_READ)
    wanted = Q(state__in=IN_REVIEW, submitted_at__isnull=False)
    if pri:
        wanted &= Q(pri=pri)
    rows = Alert.objects.visible_to(officer).filter(wanted, moment_before(cursor, "submitted_at"))
    rows = rows.select_related("author", "agency").order_by("-submitted_at", "-pk")
    page, has_more = cut(list(rows[: PAGE_ROWS + 1]))
    last = page[-1] if has_more else None
    following = moment_cursor(last.submitted_at, last.pk) if last and last.submitted_at else None
    return Page(tuple(_rows(officer, page)), following, filtered=bool(pri))


def _rows(officer: Officer, alerts: Sequence[Alert]) -> list[QueueRow]:
    cards = open_alert_cards(officer.agency_id or "", alerts)
    return [
        QueueRow(alert, cards.get(str(alert.pk)), alert.submitted_at or alert.changed_at, _to(alert))
        for alert in alerts
    ]


def _to(alert: Alert) -> tuple[str, ...]:
    return tuple(row["agency"] for row in alert.validated_preview or () if row["will"])
