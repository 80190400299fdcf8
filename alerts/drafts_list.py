# SPDX-License-Identifier: Apache-2.0
"""The list of unfinished drafts, for those who may go on writing them."""

from dataclasses import dataclass

from agencies.capabilities import Capability, require
from agencies.models import Officer
from alerts.cards import Card, open_alert_cards
from alerts.models import Alert
from alerts.paging import PAGE_ROWS, Page, cut, moment_before, moment_cursor
from alerts.states import AlertState


@dataclass(frozen=True)
class DraftRow:
    """`was_returned`: a second person gave it back with a note."""

    alert: Alert
    card: Card | None
    was_returned: bool


def list_drafts(officer: Officer, *, cursor: str = "", mine: bool = False) -> Page[DraftRow]:
    """A page of drafts, last changed first."""
    require(officer, Capability.ALERT_WRITE)
    rows = Alert.objects.visible_to(officer).filter(
        moment_before(cursor, "changed_at"), state=AlertState.DRAFT
    )
    if mine:
        rows = rows.filter(author=officer)
    page, has_more = cut(list(rows.select_related("author").order_by("-changed_at", "-pk")[: PAGE_ROWS + 1]))
    cards = open_alert_cards(officer.agency_id or "", page)
    shown = tuple(DraftRow(alert, cards.get(str(alert.pk)), alert.return_note is not None) for alert in page)
    return Page(shown, moment_cursor(page[-1].changed_at, page[-1].pk) if has_more else None, filtered=mine)
