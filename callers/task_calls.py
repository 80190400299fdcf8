# SPDX-License-Identifier: Apache-2.0
"""Calls to workers, by the name of a task, that rows wait for them.

- A lost call costs the delay until the next sweep, nothing else.
- A call waits for the broker at most `ANSWER_WITHIN_SECS`, since the sequencer calls between two checkpoints. After a
  failure no call is tried for `REST_SECS`; the next one that succeeds also sends what was missed.
- One line is logged when the broker stops answering, and one with the number of missed calls when it answers again.
"""

import logging
import threading
import time
from collections import Counter, defaultdict
from functools import partial
from typing import Any, Final

from celery import current_app
from celery.exceptions import CeleryError
from django.db import transaction
from kombu import pools
from kombu.exceptions import KombuError

log = logging.getLogger(__name__)

QUEUES: Final = {
    "sharing.mark_doubts": "exchange",
    "sharing.mail_contacts": "exchange",
    "sharing.sweep": "exchange",
    "notices.send": "notify",
    "notices.sweep": "notify",
    "alerts.follow_feed": "desk",
    "alerts.send_waiting": "desk",
    "alerts.take_receipts": "desk",
    "science.reevaluate": "desk",
    "alerts.warn_keepers": "desk",
    "vault.announce_instances": "desk",
}
EXPIRES_SECS: Final = 60
ANSWER_WITHIN_SECS: Final = 0.2
REST_SECS: Final = 2.0
FEW: Final = 2
_BOUND: Final = {"socket_timeout": ANSWER_WITHIN_SECS, "socket_connect_timeout": ANSWER_WITHIN_SECS}


def call_task(task: str, *, in_secs: float = 0.0) -> None:
    """Call a task once the transaction has committed, or at once without one; a broker that is away is only logged.

    `in_secs` is the earliest start, where the rows to be found need that long.
    """
    transaction.on_commit(partial(_send, task, QUEUES[task], in_secs=in_secs))


def call_task_where_few_wait(task: str) -> None:
    """Call a task for the rest of some work, unless its queue has `FEW` messages already, one of which will do it.

    Each round calls the next one and the schedule calls, too: without a limit they would crowd out other work.
    """
    transaction.on_commit(partial(_send, task, QUEUES[task], FEW))


class _Breaker:
    """Circuit breaker of calls to a broker, with the calls that were missed. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until: float | None = None
        self._missed: Counter[str] = Counter()

    def lets_through(self, task: str) -> bool:
        """Tell whether to try now; a call that is not tried counts as missed. After a rest one of several threads tries."""
        with self._lock:
            if self._closed_until is None:
                return True
            if time.monotonic() < self._closed_until:
                self._missed[task] += 1
                return False
            self._closed_until = time.monotonic() + REST_SECS
            return True

    def note_failure(self, task: str, failure: Exception) -> None:
        with self._lock:
            is_first = self._closed_until is None
            self._closed_until = time.monotonic() + REST_SECS
            self._missed[task] += 1
        if is_first:
            log.warning("task not called", extra={"task_name": task, "cause": type(failure).__name__})

    def note_success(self) -> set[str]:
        """Return the tasks that were missed since the broker last answered."""
        with self._lock:
            missed, self._missed, self._closed_until = self._missed, Counter(), None
        if missed:
            log.warning("tasks called again", extra={"missed": missed.total()})
        return set(missed)


_breakers: defaultdict[str, _Breaker] = defaultdict(_Breaker)
"""Breakers by broker address: one broker that hangs says nothing about another."""


def _send(task: str, queue: str, most: int | None = None, *, in_secs: float = 0.0) -> None:
    breaker = _breakers[current_app.conf.broker_url]
    if not breaker.lets_through(task):
        return
    try:
        _publish(task, queue, most, in_secs)
        missed = breaker.note_success()
        for other in missed - {task}:
            _publish(other, QUEUES[other])
    except (KombuError, CeleryError, OSError) as failure:
        breaker.note_failure(task, failure)


def _publish(task: str, queue: str, most: int | None = None, in_secs: float = 0.0) -> None:
    """Send on a connection of its own, since that of consumers waits longer for answers."""
    options: dict[str, Any] = {**current_app.conf.broker_transport_options, **_BOUND}
    connection = current_app.connection_for_write(transport_options=options)
    with pools.producers[connection].acquire(block=True, timeout=ANSWER_WITHIN_SECS) as producer:
        if most is not None and producer.channel.client.llen(queue) >= most:
            return
        current_app.send_task(
            task,
            queue=queue,
            countdown=in_secs or None,
            expires=EXPIRES_SECS,
            retry=False,
            ignore_result=True,
            producer=producer,
        )
