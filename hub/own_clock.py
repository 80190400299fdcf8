# SPDX-License-Identifier: Apache-2.0
"""Check whether a refusal may come from this process's own clock, by comparison with other clocks of the hub.

Such a refusal would be final for a sender who did nothing wrong: to a clock an hour slow everything signed now seems
signed in the future. Clocks are compared only where something is refused for its time; accepting costs no query.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError

from accord.envelope.errors import Failure, VerificationError
from callers import clock
from hub import halves
from ledger.clock import DatabaseClock

MAX_DIFFERENCE: Final = timedelta(minutes=1)
"""Less than the envelope allows between two clocks, and more than a loaded machine needs for a query."""
HANGS_ON_TIME: Final = frozenset(
    {
        Failure.STALE,
        Failure.FUTURE,
        Failure.EXPIRED,
        Failure.KEY_NOT_CURRENT,
        Failure.KEY_ENDING,
        Failure.KEY_NOT_VALID_THEN,
        Failure.KEYSET_EXPIRED,
        Failure.CHALLENGE,
    }
)


def is_own_fault(refusal: BaseException) -> bool:
    """Tell whether this refusal may be caused by our clock."""
    found = next((one for one in (refusal, refusal.__cause__) if isinstance(one, VerificationError)), None)
    if found is None or found.failure not in HANGS_ON_TIME:
        return False
    try:
        return is_off(clock.now(), database=DatabaseClock().ask(), beat=_last_beat())
    except DatabaseError:
        return True


def _last_beat() -> datetime | None:
    """Return the sequencer's last beat; a desk does not know it."""
    if not halves.is_of_the_exchange():
        return None
    from sharing.models import FeedMark

    return FeedMark.objects.values_list("beat", flat=True).first()


def is_off(now: datetime, *, database: datetime, beat: datetime | None) -> bool:
    """Tell whether the clock differs too much from the database server's, or from the sequencer's last beat.

    An old beat only means that the sequencer is silent; a beat ahead of us can only come from another clock.
    """
    return abs(database - now) > MAX_DIFFERENCE or (beat is not None and beat - now > MAX_DIFFERENCE)
