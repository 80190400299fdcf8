# SPDX-License-Identifier: Apache-2.0
"""Tasks of a locked desk: a message that comes meanwhile is dropped, and its work is done at the next message after opening.

This loses nothing, since rows are the work and messages only call for it (`hub.celery`).
"""

import logging
import threading
from typing import Any, Final

from celery import Task

from hub.lock import is_locked, is_refused_by_lock

log = logging.getLogger(__name__)


class _Noticed:
    """State in which the last task found the desk; each change is logged once."""

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
    """Base of every task of the hub; processes without the vault never wait."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task; return None while the desk is locked, or when it is locked during the task."""
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
