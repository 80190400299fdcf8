# SPDX-License-Identifier: Apache-2.0
"""Notices that work was given to an officer: that it waits is all the mail says, no case and no alert is named."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from callers.task_calls import call_task
from notices.queueing import queue_plain_notices, save_notices
from notices.states import Occasion
from officers.models import Officer


def tell_of_work(officer: Officer, subject: UUID, *, now: datetime) -> None:
    """Queue, in the caller's transaction, that the officer has this task, or what this colleague had; once for each moment."""
    about = f"{subject}:{int(now.timestamp())}"
    save_notices(queue_plain_notices(about, Occasion.TASK_ASSIGNED, [officer], now=now))
    transaction.on_commit(lambda: call_task("notices.send"))
