# SPDX-License-Identifier: Apache-2.0
"""What the beat asks for: sessions that are over leave the database."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from agencies.login.sessions import forget_sessions


@shared_task(name="login.forget_sessions")
def forget_sessions_task() -> None:
    """Expired sessions, as `clearsessions` does, and their records."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    forget_sessions(now=now)
