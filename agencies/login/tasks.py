# SPDX-License-Identifier: Apache-2.0
"""What the beat asks for: sessions that are over leave the database."""

from celery import shared_task
from django.contrib.sessions.models import Session

from agencies.login.sessions import forget_sessions
from callers import clock


@shared_task(name="login.forget_sessions")
def forget_sessions_task() -> None:
    """Expired sessions, as `clearsessions` does, and their records."""
    now = clock.now()
    Session.objects.filter(expire_date__lt=now).delete()
    forget_sessions(now=now)
