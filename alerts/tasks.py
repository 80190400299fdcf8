# SPDX-License-Identifier: Apache-2.0
"""The desk-worker's tasks: safe to run twice, and no worse for running late."""

import time
from typing import Final

from celery import shared_task

from alerts.agency.desk_warnings import warn_of_the_desk
from alerts.agency.power_changes import apply_due_changes
from alerts.projections.registry import ring_where_work_waits
from alerts.receiving.following import BELL, follow_feeds
from alerts.receiving.pace import Pace
from alerts.sending.hand_in import BELL as SENDING
from alerts.sending.hand_in import offer_all_again, send_waiting
from alerts.sending.ledger_places import BELL as RECEIPTS
from alerts.sending.ledger_places import take_receipts
from callers import clock
from peers.credentials import follow_credentials

SLICE_SECS: Final = 5.0
PACE: Final = Pace()


@shared_task(name=BELL, ignore_result=True)
def follow_feed() -> int:
    """Takes for some seconds what is new in the feeds, and rings for what features have left to do."""
    until = time.monotonic() + SLICE_SECS
    try:
        return follow_feeds(now=clock.now(), is_over=lambda: time.monotonic() > until, pace=PACE)
    finally:
        ring_where_work_waits()


@shared_task(name=SENDING, ignore_result=True)
def send() -> int:
    """Tries for some seconds what waits for the exchange."""
    until = time.monotonic() + SLICE_SECS
    return send_waiting(now=clock.now(), is_over=lambda: time.monotonic() > until)


@shared_task(name="alerts.offer_again", ignore_result=True)
def offer_again() -> int:
    """Gives an exchange that was restored what it has lost."""
    return offer_all_again()


@shared_task(name="alerts.apply_power_changes", ignore_result=True)
def apply_power_changes() -> None:
    """Applies the changes of power whose time has come."""
    apply_due_changes(now=clock.now())


@shared_task(name="alerts.warn_keepers", ignore_result=True)
def warn_keepers_of_the_desk() -> None:
    """Have the keepers mailed of what ends or stands still; the mailer rings, since without one nobody is."""
    warn_of_the_desk(now=clock.now())


@shared_task(name="alerts.follow_credentials", ignore_result=True)
def follow_keys_at_exchange() -> None:
    """Asks which API keys of the agencies serve at the exchange, so that admins can be told of an end."""
    follow_credentials()


@shared_task(name=RECEIPTS, ignore_result=True)
def receipts() -> None:
    """Asks for the receipts of what was just sent."""
    take_receipts(now=clock.now())
