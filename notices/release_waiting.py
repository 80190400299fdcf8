# SPDX-License-Identifier: Apache-2.0
"""Immediate notices that a flash alert of one's own agency waits for a second person.

A row's subject says whether it is an exercise, and which alert and revision it is, so that nobody is told twice of a
revision.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from callers.task_calls import call_task
from notices.models import Notification
from notices.queueing import queue_plain_notices, save_notices
from notices.states import Occasion
from officers.models import Officer

BETWEEN: Final = ":"
EXERCISE: Final = "exercise"


def tell_second_persons(
    officers: Iterable[Officer], *, alert_id: UUID, revision: int, status: str, now: datetime
) -> None:
    """Queue, in the caller's transaction, that a flash alert of this status waits for one of these officers."""
    subject = BETWEEN.join((status, str(alert_id), str(revision)))
    save_notices(queue_plain_notices(subject, Occasion.RELEASE_WAITS, officers, now=now))
    call_task("notices.send")


def is_exercise(notice: Notification) -> bool:
    """Tell whether the alert that waits is an exercise."""
    return notice.subject.startswith(EXERCISE + BETWEEN)
