# SPDX-License-Identifier: Apache-2.0
"""Tasks that wait in a half's queues, as a page of health says it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import redis
from django.conf import settings
from django.utils.translation import gettext as _

from callers.tones import DANGER, OK, WARN

LONG: Final = 500
"""Tasks in one queue from which on it is said to be long."""
WAITS_SECS: Final = 2


@dataclass(frozen=True)
class WaitingTasks:
    """State of the queues by the broker: its tone, a sentence and the remedy, which is empty where none is needed."""

    tone: str
    text: str
    remedy: str = ""


def waiting_tasks(queues: Sequence[str]) -> WaitingTasks:
    """Ask the broker by this process's own login how long the longest queue is."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=WAITS_SECS, socket_connect_timeout=WAITS_SECS
        ) as broker:
            longest = max(int(broker.llen(queue)) for queue in queues)
    except redis.ResponseError:
        text = _("The broker refuses to say: this process's login lacks a right there.")
        return WaitingTasks(WARN, text, _("Give the broker its access rules anew; work goes on."))
    except redis.RedisError:
        text = _("The broker does not answer: work waits for the next sweep.")
        return WaitingTasks(DANGER, text, _("Start the broker; no work is lost."))
    if longest > LONG:
        return WaitingTasks(WARN, _("%(n)d tasks wait.") % {"n": longest}, _("Start more workers."))
    return WaitingTasks(OK, _("The broker answers; the queues are short."))
