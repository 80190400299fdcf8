# SPDX-License-Identifier: Apache-2.0
"""Unfinished drafts, for officers who may edit them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.boxes.paging import PAGE_ROWS, Page, by_moment, take_page
from alerts.models import Alert
from alerts.projections.cards import Card, open_alert_cards
from alerts.states import AlertState
from callers.capabilities import Capability, require
from officers.models import Officer


@dataclass(frozen=True)
class DraftRow:
    """Draft in a list. `was_returned`: a second person gave it back with a note."""

    alert: Alert
    card: Card | None
    was_returned: bool


def list_drafts(
    officer: Officer,
    *,
    cursor: str = "",
    limit: int = PAGE_ROWS,
    mine: bool = False,
    returned: bool = False,
    by: str = "changed_at",
) -> Page[DraftRow]:
    """Return a page of drafts, last changed first.

    `by` may be `FIRST_WRITTEN`, which never changes, for a caller that reads all pages. `returned`: only drafts that were given
    back with a note.
    """
    require(officer, Capability.ALERT_WRITE)
    rows = Alert.objects.visible_to(officer).filter(state=AlertState.DRAFT)
    if mine:
        rows = rows.filter(author=officer)
    if returned:
        rows = rows.filter(return_note__isnull=False)
    found = take_page(rows.select_related("author"), by_moment(by), cursor, limit)
    cards = open_alert_cards(officer.agency_id or "", found.rows)
    return found.page(draft_rows(found.rows, cards), filtered=mine or returned)


def draft_rows(drafts: Sequence[Alert], cards: Mapping[str, Card]) -> tuple[DraftRow, ...]:
    """Return rows for drafts; `cards` are their opened cards by id."""
    return tuple(DraftRow(alert, cards.get(str(alert.pk)), alert.return_note is not None) for alert in drafts)
