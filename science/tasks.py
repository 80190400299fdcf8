# SPDX-License-Identifier: Apache-2.0
"""Task of the desk-worker for the science desk: safe to run twice, and harmless when late."""

from celery import shared_task

from callers import clock
from callers.task_calls import call_task
from science.law.reevaluating import REEVALUATE_TASK, reevaluate_structures


@shared_task(name=REEVALUATE_TASK, ignore_result=True)
def reevaluate() -> None:
    """Judge stored structures for some seconds, and ring for the next round where any is left."""
    if reevaluate_structures(now=clock.now()):
        call_task(REEVALUATE_TASK)
