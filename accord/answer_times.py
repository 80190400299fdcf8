# SPDX-License-Identifier: Apache-2.0
"""Times at which an agency is told that an answer waits, from when the question came and when its answer is due.

One length rules them all, the pause: half of the time between the two, at least `PAUSE_LEAST` and at most `PAUSE_MOST`.

- The reminder goes out one pause before the answer is due: half of the time is gone by then, and at most a day is left.
- Once it is overdue somebody else is told after each further pause.
- A question that came less than one pause before its answer was due has no reminder: it has just been told of.
- Nobody is told of an answer that was due long before the question came here, as where a feed is read anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

PAUSE_LEAST: Final = timedelta(minutes=15)
PAUSE_MOST: Final = timedelta(days=1)
DUE_LONG_BEFORE: Final = timedelta(days=7)
SENT_WITHIN: Final = timedelta(days=180)
"""Age of the oldest own alert of which it is still said that others owe something."""


def pause_of(came: datetime, due: datetime) -> timedelta:
    """Return the time between the reminder and the end, and between two steps of the escalation."""
    return max(PAUSE_LEAST, min((due - came) / 2, PAUSE_MOST))


def first_telling(came: datetime, due: datetime) -> datetime | None:
    """Return when somebody is first told that the answer waits; None for one that was due long before."""
    if due + DUE_LONG_BEFORE < came:
        return None
    reminder = due - pause_of(came, due)
    return reminder if reminder > came else max(came, due)
