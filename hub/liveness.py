# SPDX-License-Identifier: Apache-2.0
"""Heartbeat of a queue worker: it touches a file while its broker answers (`HEARTBEAT_FILE`).

A worker that has not touched it for two minutes has lost its broker for good and ends itself, so that its supervisor
starts a new one. Rows are the work, so nothing is lost.
"""

import logging
import os
import threading
import time
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

from celery import Celery, bootsteps
from redis import RedisError

log = logging.getLogger(__name__)

TOUCHED_EVERY_SECS: Final = 5.0
STALE_AFTER_SECS: Final = 120.0
WOKEN_EVERY_SECS: Final = 0.05


class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]
    """Step that touches the file once the worker listens, and then while its broker answers.

    Celery's own heartbeat is an event, published for whoever listens; this one queries the broker and publishes
    nothing.
    """

    requires: ClassVar = {"celery.worker.consumer.tasks:Tasks"}

    def include_if(self, parent: Any) -> bool:
        return "HEARTBEAT_FILE" in os.environ

    def start(self, parent: Any) -> None:
        self._beat(parent)
        self._timer = parent.timer.call_repeatedly(TOUCHED_EVERY_SECS, self._beat, (parent,))
        _begin_watch()

    def stop(self, parent: Any) -> None:
        if timer := self.__dict__.pop("_timer", None):
            timer.cancel()

    def _beat(self, parent: Any) -> None:
        try:
            # Not on the channel's own client, which waits for messages.
            with parent.connection.default_channel.conn_or_acquire() as client:
                client.ping()
        except (RedisError, OSError):
            log.warning("the broker does not answer")
            return
        Path(os.environ["HEARTBEAT_FILE"]).touch()


class PromptAcknowledgements(bootsteps.StartStopStep):  # type: ignore[misc]
    """Step that wakes the loop of a worker with threads often enough.

    What a thread acknowledges waits until the loop wakes, up to a second; until then no other message replaces it.
    """

    requires: ClassVar = {"celery.worker.consumer.tasks:Tasks"}

    def include_if(self, parent: Any) -> bool:
        return bool(parent.app.conf.worker_pool == "threads")

    def start(self, parent: Any) -> None:
        self._timer = parent.timer.call_repeatedly(WOKEN_EVERY_SECS, lambda: None)

    def stop(self, parent: Any) -> None:
        if timer := self.__dict__.pop("_timer", None):
            timer.cancel()


def show_heartbeats(app: Celery) -> None:
    """Have the workers of this app touch the file, where one is named, and end when it grows old."""
    app.steps["consumer"].add(Heartbeat)


def acknowledge_promptly(app: Celery) -> None:
    """Have workers with threads take the next message soon after they finish one."""
    app.steps["consumer"].add(PromptAcknowledgements)


def exit_when_stale(file: Path, *, stale_after_secs: float) -> NoReturn:
    """Check the file's age four times in that span; end the process at once when it is too old."""
    while time.time() - file.stat().st_mtime < stale_after_secs:
        time.sleep(stale_after_secs / 4)
    log.critical("no heartbeat for %d seconds: the broker is lost, this worker ends", stale_after_secs)
    # Not sys.exit: a worker that hangs on its broker would wait for that first.
    os._exit(1)


_watching = threading.Event()


def _begin_watch() -> None:
    """Start the watch, once in a process: the worker starts its steps anew each time it has lost its broker."""
    if _watching.is_set():
        return
    _watching.set()
    file = Path(os.environ["HEARTBEAT_FILE"])
    file.touch()
    watch = {"file": file, "stale_after_secs": STALE_AFTER_SECS}
    threading.Thread(target=exit_when_stale, kwargs=watch, name="heartbeat-watch", daemon=True).start()
