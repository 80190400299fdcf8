# SPDX-License-Identifier: Apache-2.0
"""The periodic task of this app."""

from functools import partial

from celery import shared_task

from agencies.registry import take_over_recoveries
from agencies.tidying import forget_expired
from callers import clock
from ledger.set_aside import run_each


@shared_task(name="agencies.tidy", queue="exchange")
def tidy() -> None:
    """Remove expired rows, register recovered roots; safe to run at any time and twice."""
    now = clock.now()
    run_each(partial(forget_expired, now=now), partial(take_over_recoveries, now=now))
