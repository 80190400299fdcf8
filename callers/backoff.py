# SPDX-License-Identifier: Apache-2.0
"""Waiting times of a mail after refusals, and the number of attempts after which it has failed."""

from datetime import timedelta
from typing import Final

FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(hours=1)
MOST_ATTEMPTS: Final = 30
"""With these waits about a day, after which people are told to phone."""


def next_wait(attempts: int, jitter: float) -> timedelta:
    """Return the wait after `attempts` attempts: doubled each time, then varied between half and one and a half of it.

    `jitter` is a random number in [0, 1), so that many mails are not repeated at the same moment.
    """
    doubled: timedelta = min(FIRST_WAIT * 2 ** min(attempts, 16), LONGEST_WAIT)
    return doubled * (0.5 + jitter)
