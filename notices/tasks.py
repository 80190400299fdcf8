# SPDX-License-Identifier: Apache-2.0
"""The mailer's doorbells: each looks at rows, does what is due, and may be rung twice or not at all."""

from datetime import timedelta
from functools import partial

from celery import shared_task
from django.conf import settings

from callers import clock
from callers.doorbell import ring
from callers.slots import MAIL, SWEEP, URGENT_MAIL
from notices.api_keys import tell_of_api_keys
from notices.key_endings import warn_of_endings
from notices.sending import send_notifications
from notices.sweeping import sweep_notices

SLICE = timedelta(seconds=5)
"""So long one call goes on before it rings for the next, so that none holds a slot for ever."""


@shared_task(name="notices.send", queue="notify")
def send() -> None:
    """Sends due notices; while all slots of mail are taken, flash mail has one of its own."""
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
    """Key officers hear 30, 14, 7 and 1 days ahead that a key ends; safe to run at any time and twice."""
    warn_of_endings(now=clock.now())


@shared_task(name="notices.warn_keepers", queue="notify")
def have_keepers_warned() -> None:
    """Have the desk-worker, which knows certificate and feeds, queue what keepers are to be mailed."""
    ring("alerts.warn_keepers")


@shared_task(name="notices.tell_of_api_keys", queue="notify")
def tell_of_keys_of_systems() -> None:
    """Admins hear that an API key ends or has replaced itself; safe to run at any time and twice."""
    tell_of_api_keys(now=clock.now())
