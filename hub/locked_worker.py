# SPDX-License-Identifier: Apache-2.0
"""Tasks of a desk that is locked wait: whatever a message asks for is done when the next one comes after it is open.

Rows are the work and messages only bells (`hub.celery`), so one that is heard while the desk is locked is let go.
"""

import logging
import threading
from typing import Any, Final

from celery import Task

from hub.lock import is_locked, is_refused_by_lock

log = logging.getLogger(__name__)


class _Noticed:
    """The state in which the last task found the desk; a change is said once, in the log."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._was_locked = False

    def note(self, now_locked: bool) -> None:
        with self._lock:
            if now_locked == self._was_locked:
                return
            self._was_locked = now_locked
        log.info("the desk is locked: its tasks wait" if now_locked else "the desk is open: its tasks go on")


NOTICED: Final = _Noticed()


class WaitsWhileLocked(Task):  # type: ignore[misc]
    """The kind of every task of the hub; processes without the vault never wait."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The task's own answer; None, and nothing done, while the desk is locked or once it is locked on the way."""
        if _is_locked():
            return None
        try:
            return super().__call__(*args, **kwargs)
        except Exception as error:
            if not is_refused_by_lock(error):
                raise
            _is_locked()
            return None


def _is_locked() -> bool:
    locked = is_locked()
    NOTICED.note(locked)
    return locked
