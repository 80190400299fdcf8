# SPDX-License-Identifier: Apache-2.0
"""Tasks of the desk-worker: safe to run twice, and harmless when late."""

import time
from typing import Final

from celery import shared_task

from alerts.agency.desk_warnings import warn_of_the_desk
from alerts.agency.power_changes import apply_due_changes
from alerts.projections.registry import call_tasks_with_work
from alerts.receiving.following import FOLLOW_TASK, follow_feeds
from alerts.receiving.round_memory import Pace
from alerts.replies.reminding import remind_of_answers
from alerts.sending.hand_in import SEND_TASK, offer_all_again, send_waiting
from alerts.sending.ledger_places import RECEIPTS_TASK, take_receipts
from callers import clock
from peers.credentials import follow_credentials

SLICE_SECS: Final = 5.0
PACE: Final = Pace()


@shared_task(name=FOLLOW_TASK, ignore_result=True)
def follow_feed() -> int:
    """Follow the feeds for some seconds, and ring for work that features have left."""
    until = time.monotonic() + SLICE_SECS
    try:
        return follow_feeds(now=clock.now(), is_over=lambda: time.monotonic() > until, pace=PACE)
    finally:
        call_tasks_with_work()


@shared_task(name=SEND_TASK, ignore_result=True)
def send() -> int:
    """Try what waits for the exchange, for some seconds."""
    until = time.monotonic() + SLICE_SECS
    return send_waiting(now=clock.now(), is_over=lambda: time.monotonic() > until)


@shared_task(name="alerts.offer_again", ignore_result=True)
def offer_again() -> int:
    """Give an exchange that was restored what it has lost."""
    return offer_all_again()


@shared_task(name="alerts.apply_power_changes", ignore_result=True)
def apply_power_changes() -> None:
    """Apply the changes of power whose time has come."""
    apply_due_changes(now=clock.now())


@shared_task(name="alerts.warn_keepers", ignore_result=True)
def warn_keepers_of_the_desk() -> None:
    """Mail keepers about what ends or stands still. The mailer calls this task: without a mailer, no mail can be sent."""
    warn_of_the_desk(now=clock.now())


@shared_task(name="alerts.remind_of_answers", ignore_result=True)
def remind_of_due_answers() -> None:
    """Tell officers of answers that are due or overdue, and who asked of those that are missing."""
    remind_of_answers(now=clock.now())


@shared_task(name="alerts.follow_credentials", ignore_result=True)
def follow_keys_at_exchange() -> None:
    """Ask which API keys of the agencies are in force at the exchange, so that admins can be told of an end."""
    follow_credentials()


@shared_task(name=RECEIPTS_TASK, ignore_result=True)
def receipts() -> None:
    """Ask for the receipts of what was just sent."""
    take_receipts(now=clock.now())
