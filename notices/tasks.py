# SPDX-License-Identifier: Apache-2.0
"""Tasks of the mailer: each looks at rows and does what is due; a call may be repeated or lost."""

from datetime import timedelta
from functools import partial

from celery import shared_task
from django.conf import settings

from callers import clock
from callers.slots import MAIL, SWEEP, URGENT_MAIL
from callers.task_calls import call_task
from notices.api_keys import tell_of_api_keys
from notices.key_endings import warn_of_endings
from notices.sending import send_notifications
from notices.sweeping import sweep_notices

SLICE = timedelta(seconds=5)
"""Time after which one call starts the next and ends, so that none occupies a slot for ever."""


@shared_task(name="notices.send", queue="notify")
def send() -> None:
    """Send due notices; while all slots of mail are in use, flash mail has a slot of its own."""
    if not MAIL.run(_send_slice):
        URGENT_MAIL.run(partial(_send_slice, urgent_only=True))


@shared_task(name="notices.sweep", queue="notify")
def sweep() -> None:
    SWEEP.run(_sweep_once)


def _send_slice(*, urgent_only: bool = False) -> bool:
    until = clock.now() + SLICE
    lease_length = timedelta(seconds=settings.NOTICE_LEASE_SECONDS)
    while send_notifications(
        clock=clock.now, lease_length=lease_length, until=until, urgent_only=urgent_only
    ).left:
        if clock.now() > until:
            return True
    return False


def _sweep_once() -> bool:
    sweep_notices(now=clock.now())
    return False


@shared_task(name="notices.warn_of_endings", queue="notify")
def warn_of_key_endings() -> None:
    """Queue warnings to key officers 30, 14, 7 and 1 days before a key ends; may run at any time and again."""
    warn_of_endings(now=clock.now())


@shared_task(name="notices.warn_keepers", queue="notify")
def call_keeper_warnings() -> None:
    """Start the desk-worker's task that queues warnings to keepers: it knows certificate and feeds."""
    call_task("alerts.warn_keepers")


@shared_task(name="notices.tell_of_api_keys", queue="notify")
def tell_of_keys_of_systems() -> None:
    """Queue notices to admins that an API key ends or has replaced itself; may run at any time and again."""
    tell_of_api_keys(now=clock.now())
