# SPDX-License-Identifier: Apache-2.0
"""The release queue: alerts that wait for a second person, last submitted first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.boxes.paging import PAGE_ROWS, Page, by_moment, take_page
from alerts.models import Alert
from alerts.projections.cards import Card, open_alert_cards
from alerts.states import IN_REVIEW
from callers.capabilities import Capability, require
from officers.models import Officer


@dataclass(frozen=True)
class QueueRow:
    """Alert that waits for release; `re_md` names the question that it answers, where the query was annotated with it."""

    alert: Alert
    card: Card | None
    since: datetime
    to: tuple[str, ...]
    re_md: str = ""


def list_waiting(
    officer: Officer,
    *,
    cursor: str = "",
    limit: int = PAGE_ROWS,
    pri: str = "",
    state: str = "",
    by: str = "submitted_at",
) -> Page[QueueRow]:
    """Return a page of the queue, last submitted first, or ordered `by` `FIRST_WRITTEN`.

    `state` is submitted or validated; `to` is known once validated.
    """
    require(officer, Capability.QUEUE_READ)
    states = IN_REVIEW & {state} if state else IN_REVIEW
    rows = Alert.objects.visible_to(officer).filter(state__in=states, submitted_at__isnull=False)
    if pri:
        rows = rows.filter(pri=pri)
    rows = rows.select_related("author", "agency__desk_policy")
    found = take_page(rows, by_moment(by), cursor, limit)
    cards = open_alert_cards(officer.agency_id or "", found.rows)
    return found.page(queue_rows(found.rows, cards), filtered=bool(pri or state))


def queue_rows(alerts: Sequence[Alert], cards: Mapping[str, Card]) -> tuple[QueueRow, ...]:
    """Return rows for waiting alerts; `cards` are their opened cards by id."""
    return tuple(
        QueueRow(
            alert,
            cards.get(str(alert.pk)),
            alert.submitted_at or alert.changed_at,
            _to(alert),
            getattr(alert, "re_md", None) or "",
        )
        for alert in alerts
    )


def _to(alert: Alert) -> tuple[str, ...]:
    return tuple(row["agency"] for row in alert.validated_preview or () if row["will"])
