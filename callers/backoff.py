# SPDX-License-Identifier: Apache-2.0
"""The time that a mail waits after a refusal, and when the hub gives up and says so."""

from datetime import timedelta
from typing import Final

FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(hours=1)
MOST_ATTEMPTS: Final = 30
"""With these waits about a day, after which "Mail failed, phone them" is the honest answer."""


def next_wait(attempts: int, jitter: float) -> timedelta:
    """The wait after `attempts` tries: doubled each time, between half and one and a half of it.

    `jitter` is a random number in [0, 1), so that many mails do not come back in one instant.
    """
    doubled: timedelta = min(FIRST_WAIT * 2 ** min(attempts, 16), LONGEST_WAIT)
    return doubled * (0.5 + jitter)
