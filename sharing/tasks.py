# SPDX-License-Identifier: Apache-2.0
"""The exchange-worker's tasks: each reads rows and does what is due; it is safe to run one twice or to miss one."""

from datetime import timedelta
from functools import partial
from typing import Final

from celery import shared_task

from callers import clock
from callers.slots import CONTACT_MAIL, DOUBTS, HOUSEKEEPING
from ledger.set_aside import run_each
from sharing.contact_mails import forget_contact_mails, send_contact_mails
from sharing.hours import log_hour
from sharing.repudiation import WORKER, find_repudiated, mark_doubts, retry_set_aside
from sharing.sweeping import sweep_deliveries
from sharing.waiting import queue_contact_mails

ROUNDS_A_CALL: Final = 20
SLICE: Final = timedelta(seconds=5)
"""The longest time that one call runs before it queues the next, so that none occupies a worker for ever."""


@shared_task(name="sharing.mark_doubts", queue="exchange")
def mark() -> None:
    """Mark in feeds what revoked keys put in doubt."""
    DOUBTS.run(_mark_slice)


@shared_task(name="sharing.sweep", queue="exchange")
def sweep() -> None:
    """End and delete what is past its time, and wake the workers for everything that waits."""
    HOUSEKEEPING.run(_sweep_once)


def _mark_slice() -> bool:
    until = clock.now() + SLICE
    retry_set_aside(now=clock.now())
    for _ in range(ROUNDS_A_CALL):
        if not find_repudiated(now=clock.now()) + mark_doubts(now=clock.now()):
            return False
        if clock.now() > until:
            break
    return True


def _sweep_once() -> bool:
    sweep_deliveries(now=clock.now())
    return False


@shared_task(name="sharing.log_hour", queue="exchange")
def log_standing_hour() -> None:
    """Log an hourly entry in a ledger that has stood still."""
    log_hour(WORKER.audit_name, now=clock.now())


@shared_task(name="sharing.mail_contacts", queue="exchange")
def mail_contacts() -> None:
    """Tell contact points that something waits which nobody fetches; safe to run at any time and twice."""
    CONTACT_MAIL.run(_mail_contacts_once)


def _mail_contacts_once() -> bool:
    now = clock.now()
    run_each(
        partial(queue_contact_mails, now=now),
        partial(send_contact_mails, clock=clock.now),
        partial(forget_contact_mails, now=now),
    )
    return False
