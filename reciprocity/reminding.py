# SPDX-License-Identifier: Apache-2.0
"""Reminders that a commitment of the own agency is due: the other side hears nothing.

Answers have reminders of their own (`alerts.replies.reminding`), and a court outcome that is owed is known to nobody else.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accord.commitment_states import Kept
from ledger.set_aside import Item, Loop, begin_round
from notices.commitments import remind_to_give
from peers.models import Agency
from reciprocity.commitments import Standing, standing_commitments
from vault.errors import is_ring_away

AHEAD: Final = timedelta(days=14)
"""Time before a commitment is due when its agency is reminded; never more than a quarter of its period."""
REMINDING: Final = Loop("commitments.reminders", "system:desk-worker", is_ring_away)


def remind_of_commitments(*, now: datetime) -> None:
    """Queue the reminders that are due and were not queued yet, for all agencies of the desk; may run at any time and again."""
    a_round = begin_round(REMINDING, now=now)
    a_round.try_again(lambda agency: _remind(agency, now))
    aside = a_round.keys_aside()
    for agency in list(Agency.objects.filter(is_hosted=True).order_by("pk").values_list("pk", flat=True)):
        if agency not in aside:
            a_round.take(Item(agency, agency=agency), lambda agency=agency: _remind(agency, now))  # type: ignore[misc]


def soon_due(standing: Iterable[Standing], *, now: datetime) -> list[tuple[Standing, datetime]]:
    """Return those of an agency's own commitments that are due soon, with by when."""
    found = []
    for one in standing:
        owed = one.next if one.is_ours and one.commitment.every is not None else None
        if owed is not None and owed.state == Kept.DUE:
            ahead = min(AHEAD, (owed.due - owed.begins) / 4)
            if owed.due - ahead <= now:
                found.append((one, owed.due))
    return found


@transaction.atomic
def _remind(agency_id: str, now: datetime) -> None:
    agency = Agency.objects.get(pk=agency_id)
    for one, due in soon_due(standing_commitments(agency, now=now), now=now):
        remind_to_give(agency_id, f"{one.version.od[:22]}/{one.n}", due, now=now)
