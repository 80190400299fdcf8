# SPDX-License-Identifier: Apache-2.0
"""The worker's doorbells: each looks at rows, does what is due, and may be rung twice or not at all."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from sharing.doorbell import ring
from sharing.notices.api_keys import tell_of_api_keys
from sharing.notices.expansion import expand_deliveries, tell_again
from sharing.notices.key_endings import warn_of_endings
from sharing.notices.repudiation import expand_doubts, find_repudiated, look_again
from sharing.notices.sending import send_notifications
from sharing.notices.sweeping import sweep_notices

BATCHES_A_CALL = 20


@shared_task(name="sharing.expand", queue="notify")
def expand() -> None:
    """Turns into notices what is numbered, and what revoked keys put in doubt.

    What is new goes first at each round: a key with a long history must not keep an alert waiting. After twenty
    rounds it rings for the next worker, so that none holds the queue.
    """
    tell_again(now=timezone.now())
    look_again(now=timezone.now())
    for _ in range(BATCHES_A_CALL):
        while expand_deliveries(now=timezone.now()):
            pass
        if not find_repudiated(now=timezone.now()) + expand_doubts(now=timezone.now()):
            return
    ring("sharing.expand")


@shared_task(name="sharing.send", queue="notify")
def send() -> None:
    """Sends due notices; after twenty batches it rings for the next worker, so that none holds the queue."""
    lease_length = timedelta(seconds=settings.NOTICE_LEASE_SECONDS)
    for _ in range(BATCHES_A_CALL):
        if not send_notifications(clock=timezone.now, lease_length=lease_length).left:
            return
    ring("sharing.send")


@shared_task(name="sharing.sweep", queue="notify")
def sweep() -> None:
    sweep_notices(now=timezone.now())


@shared_task(name="sharing.warn_of_endings", queue="notify")
def warn_of_key_endings() -> None:
    """Key officers hear 30, 14, 7 and 1 days ahead that a key ends; safe to run at any time and twice."""
    warn_of_endings(now=timezone.now())


@shared_task(name="sharing.tell_of_api_keys", queue="notify")
def tell_of_keys_of_systems() -> None:
    """Admins hear that an API key ends or has replaced itself; safe to run at any time and twice."""
    tell_of_api_keys(now=timezone.now())
