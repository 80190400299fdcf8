# SPDX-License-Identifier: Apache-2.0
"""The desk-worker's tasks: safe to run twice, and no worse for running late."""

from celery import shared_task
from django.utils import timezone

from alerts.following import follow_feeds
from alerts.science.reevaluating import reevaluate_structures, waits_for_judging
from sharing.doorbell import ring


@shared_task(name="alerts.follow_feed", ignore_result=True)
def follow_feed() -> int:
    """Takes what is new in the feed of every agency, and rings where structures wait to be judged."""
    try:
        return follow_feeds(now=timezone.now())
    finally:
        if waits_for_judging():
            ring("alerts.reevaluate")


@shared_task(name="alerts.reevaluate", ignore_result=True)
def reevaluate() -> None:
    """Judges stored structures for some seconds, and rings for the next round where any is left."""
    if reevaluate_structures(now=timezone.now()):
        ring("alerts.reevaluate")
