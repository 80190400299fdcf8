# SPDX-License-Identifier: Apache-2.0
"""Task of the desk-worker for commitments: safe to run twice, and harmless when late."""

from celery import shared_task

from callers import clock
from reciprocity.reminding import remind_of_commitments


@shared_task(name="reciprocity.remind", ignore_result=True)
def remind() -> None:
    """Remind agencies of their commitments that are due soon."""
    remind_of_commitments(now=clock.now())
