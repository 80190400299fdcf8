# SPDX-License-Identifier: Apache-2.0
"""The worker's doorbells: each looks at rows, does what is due, and may be rung twice or not at all."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from sharing.doorbell import ring
from sharing.notices.expansion import expand_deliveries
from sharing.notices.sending import send_notifications
from sharing.notices.sweeping import sweep_notices

BATCHES_A_CALL = 20


@shared_task(name="sharing.expand", queue="notify")
def expand() -> None:
    """Turns numbered deliveries into notices until none is left."""
    while expand_deliveries(now=timezone.now()):
        pass


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
