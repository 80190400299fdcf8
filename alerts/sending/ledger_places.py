# SPDX-License-Identifier: Apache-2.0
"""Places in the ledger of the alerts and statements of the desk's agencies."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accord.calls.errors import ClientError
from accord.envelope.errors import EnvelopeError
from accord.following.follower import Follower
from accord.moments import moment_of
from alerts.models import Alert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.statement_subjects import DeskSubjects
from alerts.replies.due_times import settle_by_statement
from callers.errors import NotBoundError
from callers.task_calls import call_task
from peers.following import feed_follower_of
from peers.models import HeldStatement
from peers.outgoing import queued_of

log = logging.getLogger(__name__)
RECEIPTS_TASK: Final = "alerts.take_receipts"
RECEIPT_SECS: Final = 0.05
"""Approximate time that the exchange's sequencer needs for a receipt."""
NEW_FOR: Final = timedelta(seconds=2)
PLACED_AT_MOST: Final = 20
"""Limit of receipts of own alerts, and of own statements, that one round asks for."""


def take_receipts(*, now: datetime) -> None:
    """Ask for the receipts of sent alerts; for a new one without a receipt, ask again soon.

    The sequencer needs some hundredths of a second, and somebody is looking at the page. Older ones wait for the feed's round.
    """
    waiting = Alert.objects.filter(released_at__isnull=False, log_index=None)
    for agency_id in list(waiting.order_by("agency_id").values_list("agency_id", flat=True).distinct()):
        peers = VerifiedDirectory(agency_id, now, subjects=DeskSubjects(agency_id))
        follower = feed_follower_of(peers.memory, now=now)
        follower.judges_by = peers
        take_places(follower, now=now)
        peers.memory.write()
    if waiting.filter(released_at__gt=now - NEW_FOR).exists():
        call_task(RECEIPTS_TASK, in_secs=RECEIPT_SECS)


def take_places(follower: Follower, *, now: datetime) -> None:
    """Note the ledger places of the agency's own alerts and statements; ask again for those without a receipt.

    Not inside a transaction. A failure with one is logged and does not stop the others.
    """
    sent = Alert.objects.filter(agency=follower.agency, released_at__isnull=False, log_index=None)
    said = HeldStatement.objects.issued_by(follower.agency).filter(log_time=None)
    said = said.exclude(od__in=queued_of(follower.agency).values("d"))
    for alert in sent.order_by("?")[:PLACED_AT_MOST]:
        with _logged(alert.md):
            _place_alert(follower, alert)
    for row in said.order_by("?")[:PLACED_AT_MOST]:
        with _logged(row.od):
            _place_statement(follower, row, now)


@contextmanager
def _logged(d: str) -> Generator[None]:
    try:
        yield
    except (ClientError, EnvelopeError, NotBoundError) as trouble:
        log.warning("where the ledger has %s is not known: %s", d, type(trouble).__name__)


def _place_alert(follower: Follower, alert: Alert) -> None:
    receipt = follower.exchange.submission(alert.md).receipt
    if receipt is not None:
        logged = follower.log.prove(receipt, d=alert.md)
        place = {"log_index": receipt.index_at(logged), "logged_at": moment_of(logged)}
        Alert.objects.filter(pk=alert.pk).update(**place)


def _place_statement(follower: Follower, row: HeldStatement, now: datetime) -> None:
    receipt = follower.exchange.statement(row.od).receipt
    if receipt is None:
        return
    log_time = follower.log.prove(receipt, d=row.od)
    with transaction.atomic():
        locked = HeldStatement.objects.select_for_update().get(pk=row.pk)
        locked.log_time, locked.log_index = log_time, receipt.index_at(log_time)
        locked.save(update_fields=["log_time", "log_index"])
        settle_by_statement(locked, now=now)
