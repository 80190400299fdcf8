# SPDX-License-Identifier: Apache-2.0
"""Whether a refusal hangs on this process's own clock, and another clock of the hub says that it is off.

Such a refusal would be final for a sender who did nothing wrong: a clock an hour slow takes everything that is signed
now for signed in the future. It is asked only where something is refused for its time; taking costs no question.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError

from accord.envelope.errors import Failure, VerificationError
from callers import clock
from hub import halves
from ledger.clock import DatabaseClock

MAX_DIFFERENCE: Final = timedelta(minutes=1)
"""Below what the envelope allows between two clocks, and above what a loaded machine needs for a question."""
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
    """Whether this refusal may be our clock's doing."""
    found = next((one for one in (refusal, refusal.__cause__) if isinstance(one, VerificationError)), None)
    if found is None or found.failure not in HANGS_ON_TIME:
        return False
    try:
        return is_off(clock.now(), database=DatabaseClock().ask(), beat=_last_beat())
    except DatabaseError:
        return True


def _last_beat() -> datetime | None:
    """The sequencer's, of which a desk knows nothing."""
    if not halves.is_of_the_exchange():
        return None
    from sharing.models import FeedMark

    return FeedMark.objects.values_list("beat", flat=True).first()


def is_off(now: datetime, *, database: datetime, beat: datetime | None) -> bool:
    """Whether the database server's clock or the sequencer's last beat says so.

    An old beat says that the sequencer is silent; a beat ahead of us can only come from another clock.
    """
    return abs(database - now) > MAX_DIFFERENCE or (beat is not None and beat - now > MAX_DIFFERENCE)
