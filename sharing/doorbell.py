# SPDX-License-Identifier: Apache-2.0
"""Tells workers by the name of a task that rows wait for them. Losing a ring costs a sweep's delay, nothing else."""

import logging
from functools import partial
from typing import Final

from celery import current_app
from celery.exceptions import CeleryError
from django.db import transaction
from kombu.exceptions import KombuError

log = logging.getLogger(__name__)

QUEUES: Final = {
    "sharing.expand": "notify",
    "sharing.send": "notify",
    "sharing.sweep": "notify",
    "alerts.follow_feed": "desk",
    "alerts.backfill": "desk",
    "alerts.reevaluate": "desk",
}
EXPIRES_SECS: Final = 60


def ring(task: str) -> None:
    """Ring once the transaction has committed, at once where there is none; a broker that is away is only logged."""
    transaction.on_commit(partial(_send, task, QUEUES[task]))


def _send(task: str, queue: str) -> None:
    try:
        current_app.send_task(task, queue=queue, expires=EXPIRES_SECS, retry=False, ignore_result=True)
    except (KombuError, CeleryError, OSError) as failure:
        log.warning("doorbell not heard", extra={"task_name": task, "cause": type(failure).__name__})
