# SPDX-License-Identifier: Apache-2.0
"""Periodic sweep that makes a lost task call harmless: every half minute it looks at the rows themselves."""

from datetime import datetime
from functools import partial

from callers.task_calls import call_task
from ledger.set_aside import run_each
from notices.leasing import return_leases
from notices.models import Notification
from notices.power_changes import tell_power_changes
from notices.reopenings import tell_of_reopenings
from notices.states import SENDABLE


def sweep_notices(*, now: datetime) -> None:
    """Take back leases that ran out, queue notices of power changes and reopenings, and start sending what is due."""
    run_each(
        partial(return_leases, now=now),
        partial(tell_power_changes, now=now),
        partial(tell_of_reopenings, now=now),
        partial(_call_if_due, now),
    )


def _call_if_due(now: datetime) -> None:
    if Notification.objects.filter(state__in=SENDABLE, not_before__lte=now).exists():
        call_task("notices.send")
