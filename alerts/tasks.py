# SPDX-License-Identifier: Apache-2.0
"""The desk-worker's task: safe to run twice, and no worse for running late."""

from celery import shared_task
from django.utils import timezone

from alerts.following import follow_feeds


@shared_task(name="alerts.follow_feed", ignore_result=True)
def follow_feed() -> int:
    """Takes what is new in the feed of every agency."""
    return follow_feeds(now=timezone.now())
