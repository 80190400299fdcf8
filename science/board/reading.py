# SPDX-License-Identifier: Apache-2.0
"""Reading of an agency's early-warning board by an officer: over the alerts that the officer may see, made anew each time.

Each reading is one audit event, with the number of opened cards. Nothing of the board is stored but harm reviews
(`science.board.harm_reviews`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.access import agency_of, today_of
from callers.capabilities import Capability, require
from callers.errors import InputError
from ledger.audit import record_event
from officers.models import Officer
from science.board.counting import SPANS, Board, draw_board
from science.board.harm_reviews import newest_reviews
from science.board.sightings import read_sightings

USUAL: Final = 90


@dataclass(frozen=True)
class BoardRead:
    """Board, with the number of cards it was drawn from; `is_whole` is False where older ones were left out."""

    board: Board = field(repr=False)
    looked_at: int
    is_whole: bool


def read_board(officer: Officer, *, days: int = USUAL, now: datetime) -> BoardRead:
    """Read the board; raises NotPermittedError, `InputError` naming `days`."""
    require(officer, Capability.SCIENCE_READ)
    agency = agency_of(officer)
    if days not in SPANS:
        raise InputError("days", _("Days: choose one of %(spans)s.") % {"spans": ", ".join(map(str, SPANS))})
    found = read_sightings(officer, agency, now=now)
    today, looks = today_of(officer, now), newest_reviews(officer)
    board = draw_board(found.seen, days=days, today=today, looks=looks)
    with transaction.atomic():
        record_event(
            "board.read",
            actor=officer.audit_name,
            agency=agency.pk,
            subject="science",
            detail={"cards": found.looked_at},
            now=now,
        )
    return BoardRead(board, found.looked_at, found.is_whole)
