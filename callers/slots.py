# SPDX-License-Identifier: Apache-2.0
"""Limits on how many threads of one worker each kind of work may use, so that slow work leaves threads for the rest.

A mail server that hangs holds the threads of mail, never those that expand, sweep, or send flash mail. A task that
finds no slot ends; whoever holds the slot calls the task again when done.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Final

from callers.task_calls import call_task


class Slots:
    """Slots for one kind of work in this process."""

    def __init__(self, task: str, most: int) -> None:
        self.most = most
        self._task = task
        self._lock = threading.Lock()
        self._taken = 0
        self._was_anybody_turned_away = False

    def run(self, work: Callable[[], bool]) -> bool:
        """Do the work in a free slot; return False where none is free. The task is called again if `work` says that more
        is left.
        """
        if not self._enter():
            return False
        is_more_left = False
        try:
            is_more_left = work()
        finally:
            if self._leave() or is_more_left:
                call_task(self._task)
        return True

    def _enter(self) -> bool:
        with self._lock:
            if self._taken == self.most:
                self._was_anybody_turned_away = True
                return False
            self._taken += 1
            return True

    def _leave(self) -> bool:
        """Release the slot; return whether a task found no slot meanwhile, which may have known of newer rows."""
        with self._lock:
            self._taken -= 1
            turned_away, self._was_anybody_turned_away = self._was_anybody_turned_away, False
            return turned_away


DOUBTS: Final = Slots("sharing.mark_doubts", 1)
HOUSEKEEPING: Final = Slots("sharing.sweep", 1)
CONTACT_MAIL: Final = Slots("sharing.mail_contacts", 1)
MAIL: Final = Slots("notices.send", 2)
URGENT_MAIL: Final = Slots("notices.send", 1)
SWEEP: Final = Slots("notices.sweep", 1)
FREE: Final = 1
"""Thread for the hourly tasks, which are short."""
THREADS: Final[Mapping[str, int]] = {
    "exchange-worker": DOUBTS.most + HOUSEKEEPING.most + CONTACT_MAIL.most + FREE,
    "mailer": MAIL.most + URGENT_MAIL.most + SWEEP.most + FREE,
}
"""Threads of each role's worker; a role that is not named uses processes."""
