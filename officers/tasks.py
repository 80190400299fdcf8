# SPDX-License-Identifier: Apache-2.0
"""Periodic tasks of this app. Sessions are installed only in the desk's processes."""

from functools import partial

from celery import shared_task

from callers import clock
from callers.idempotency import forget_requests
from ledger.set_aside import run_each
from officers.login.attempts import forget_old_windows
from officers.login.sessions import forget_sessions


@shared_task(name="officers.tidy", queue="desk")
def tidy() -> None:
    """Delete sessions that are over, as `clearsessions` does, with their records, old windows of sign-in attempts, and old
    idempotency keys.
    """
    from django.contrib.sessions.models import Session

    now = clock.now()
    expired = Session.objects.filter(expire_date__lt=now)
    run_each(
        expired.delete,
        partial(forget_sessions, now=now),
        partial(forget_old_windows, now=now),
        partial(forget_requests, now=now),
    )
