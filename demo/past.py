# SPDX-License-Identifier: Apache-2.0
"""Here is the hub in the past: one process that does each role's work in turn, at a given moment.

Used for seeding only, on an empty ledger, before any real process runs; it goes through the same services.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from accord.envelope.private import LedgerKey
from alerts.following import follow_feeds
from ledger.sequencer import sequence_batch
from notices.sending import send_notifications
from sharing.numbering import number_covered

CARRIED_WITHIN = timedelta(seconds=1)


@dataclass
class Past:
    """`now` only ever moves forward: the ledger's log time does not go back."""

    ledger_key: LedgerKey
    state_dir: Path
    now: datetime
    before_sending: Callable[[], None] | None = None
    """Happens once, between the queueing of notices and their sending."""

    def move_to(self, moment: datetime) -> None:
        """The next event happens at this moment."""
        if moment < self.now:
            raise ValueError("the past is told in order")
        self.now = moment

    def clock(self) -> int:
        """The moment in seconds, as the partner's client asks for it."""
        return int(self.now.timestamp())

    def settle(self) -> None:
        """Sequencer, worker and desk-worker do what is due; what they say themselves waits for the next time."""
        self.now += CARRIED_WITHIN
        sequence_batch(self.now, self.ledger_key, self.state_dir, number_covered)
        if follow_feeds(now=self.now):
            self._happen()
        while send_notifications(clock=lambda: self.now).left:
            pass

    def _happen(self) -> None:
        event, self.before_sending = self.before_sending, None
        if event is not None:
            event()
