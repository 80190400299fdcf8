# SPDX-License-Identifier: Apache-2.0
"""Results of an agency's turn, and memory of a desk-worker from one round to the next, so that a round each second costs little.

A feed that could not be followed rests for a while, longer each time; tidying is done at intervals. A process that has just
started remembers nothing and leaves nothing out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FIRST_REST: Final = timedelta(seconds=1)
LONGEST_REST: Final = timedelta(seconds=30)
TIDIES_EVERY: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class Turn:
    """Result of an agency's turn in a round: how many alerts it took, and whether its feed has more."""

    taken: int = 0
    has_more: bool = False


class Pace:
    """Failures in a row and end of the rest, by agency; and the time of the last tidying."""

    def __init__(self) -> None:
        self._rests: dict[str, tuple[int, datetime]] = {}
        self._tidied_at: datetime | None = None

    def rests(self, agency_id: str, now: datetime) -> bool:
        """Tell whether this feed rests now."""
        return agency_id in self._rests and now < self._rests[agency_id][1]

    def note(self, agency_id: str, now: datetime, *, is_followed: bool) -> None:
        """Note that a feed was followed, or could not be."""
        failures, _ = self._rests.pop(agency_id, (0, now))
        if not is_followed:
            rest = min(FIRST_REST * 2 ** min(failures, 8), LONGEST_REST)
            self._rests[agency_id] = (failures + 1, now + rest)

    def is_to_tidy(self, now: datetime, *, has_news: bool) -> bool:
        """Tell whether to tidy now; at once where something came."""
        last = self._tidied_at
        if has_news or last is None or not last <= now < last + TIDIES_EVERY:
            self._tidied_at = now
            return True
        return False
