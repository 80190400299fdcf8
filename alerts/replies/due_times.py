# SPDX-License-Identifier: Apache-2.0
"""Due times of answers that suspensions move: on our rows of questions to us; those of others are reckoned when they are shown.

A due time is set anew from all that was stated, never added to: in which order statements come, and how often it is done, changes
nothing. What an agency unsays, or what counts no more since a key was revoked, moves it back.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accord.suspensions import RESUME, SUSPEND
from alerts.models import Alert, ReceivedAlert
from alerts.peers.suspensions import Suspensions, clock_of_received, suspensions_of
from alerts.replies.answers import still_to_answer
from alerts.replies.reminder_times import first_reminder
from peers.models import HeldStatement
from peers.sent import deliveries_of


def settle_by_statement(said: HeldStatement, *, now: datetime) -> None:
    """Settle what a statement moves that came, went, or was placed in the ledger; nothing for one that is not about lanes."""
    if said.k not in (SUSPEND, RESUME):
        return
    peers = said.body["with"] if said.iss == said.reader else [said.iss]
    settle_due_times(said.reader, peers, said.body["lanes"], now=now)


def settle_by_digest(agency_id: str, od: str, *, now: datetime) -> None:
    """Settle what this statement moves, where the agency holds one about lanes; it came, or its signature counts no more."""
    said = HeldStatement.objects.filter(reader=agency_id, od=od, k__in=(SUSPEND, RESUME)).first()
    if said is not None:
        settle_by_statement(said, now=now)


def settle_due_times(
    agency_id: str, peers: Collection[str], lanes: Collection[str], *, now: datetime
) -> None:
    """Set when the open questions of these peers on these lanes are due, and when to remind of those that moved.

    Whom the agency itself asked is looked at anew. In the caller's transaction.
    """
    of_lanes, here = Q(agency_id=agency_id, lane__in=lanes), Alert.objects.select_for_update()
    sent_there = deliveries_of(agency_id).filter(md=OuterRef("md"), recipient__in=peers)
    asked = here.filter(of_lanes, Exists(sent_there), answers_due_at__isnull=False).order_by("pk")
    Alert.objects.filter(pk__in=[alert.pk for alert in asked]).update(answers_due_at=now)
    rows = ReceivedAlert.objects.filter(of_lanes, still_to_answer(now), issuer__in=peers)
    locked = list(rows.select_related("agency").select_for_update(of=("self",)).order_by("pk"))
    # Read once the rows are locked: what another act has stated meanwhile counts for them too.
    known = suspensions_of(agency_id, now=now)
    moved = [row for row in locked if move_due(row, known, now=now)]
    ReceivedAlert.objects.bulk_update(moved, ["answer_by", "remind_at"], batch_size=500)


def move_due(received: ReceivedAlert, known: Suspensions, *, now: datetime) -> bool:
    """Set on a question when its answer is due and when to remind of it first; return whether that moved. Saves nothing."""
    due = clock_of_received(received, known).due
    if received.answer_by == due:
        return False
    received.answer_by = due
    if received.status == "actual":
        received.remind_at = first_reminder(received, now=now)
    return True
