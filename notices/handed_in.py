# SPDX-License-Identifier: Apache-2.0
"""Notices about what one's own agency has signed: a flash alert still waits for the exchange, or the exchange refused something.

A row's subject says whether it is an exercise, and which object it is, so that nobody is told twice of one object.
"""

from collections.abc import Iterable
from datetime import datetime

from callers.task_calls import call_task
from notices.queueing import queue_plain_notices, save_notices
from notices.release_waiting import BETWEEN
from notices.states import Occasion
from officers.models import Officer


def tell_of_unsent(officers: Iterable[Officer], *, md: str, status: str, now: datetime) -> None:
    """Queue, in the caller's transaction, that a flash alert has not been sent."""
    _tell(Occasion.UNSENT, officers, BETWEEN.join((status, md)), now)


def tell_of_return(officers: Iterable[Officer], *, d: str, status: str, now: datetime) -> None:
    """Queue, in the caller's transaction, that the exchange refused what one of these officers signed."""
    _tell(Occasion.CAME_BACK, officers, BETWEEN.join((status, d)), now)


def _tell(occasion: Occasion, officers: Iterable[Officer], subject: str, now: datetime) -> None:
    save_notices(queue_plain_notices(subject, occasion, officers, now=now))
    call_task("notices.send")
