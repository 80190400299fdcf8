# SPDX-License-Identifier: Apache-2.0
"""The hub in the past: one process that does each role's work in turn, at a given moment.

Used only for seeding, on an empty ledger, before any real process runs; it uses the same services.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from accord.envelope.private import LedgerKey
from alerts.receiving.following import follow_feeds
from alerts.receiving.taking import FeedOfAgency
from alerts.sending.hand_in import send_waiting_of
from demo.ownership import at_the_exchange
from ledger.halting import mark_beat
from ledger.sequencer import sequence_batch
from notices.sending import send_notifications
from peers.models import Agency
from sharing.hours import log_hour
from sharing.numbering import number_covered
from sharing.repudiation import WORKER

CARRIED_WITHIN = timedelta(seconds=1)
ASKED_EVERY = timedelta(days=5)
"""Time between a desk's questions for keys, agreements and what became of what it sent."""


@dataclass(frozen=True)
class Log:
    """The key and the sequencer's folder of one half's log."""

    key: LedgerKey
    folder: Path


@dataclass
class Past:
    """`now` only ever moves forward: a log's time does not go back. Without `desk` both halves share one log."""

    exchange: Log
    now: datetime
    desk: Log | None = None
    before_sending: Callable[[], object] | None = None
    """Called once, between the queueing of notices and their sending."""
    _followed_at: datetime | None = None
    _settled_at: datetime | None = None

    def move_to(self, moment: datetime) -> None:
        """Set the moment of the next event. Before, the exchange logs what it was handed; meanwhile its log goes on."""
        if moment < self.now:
            raise ValueError("the past is told in order")
        with at_the_exchange():
            if not self.is_settled and moment - self.now > CARRIED_WITHIN:
                self._sequence(self.now + CARRIED_WITHIN)
            self.now = moment
            if log_hour(WORKER.audit_name, now=moment):
                self._sequence(moment)

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing has happened since the processes worked last."""
        return self._settled_at == self.now

    def clock(self) -> int:
        """Return the moment in seconds, as the partner's client asks for it."""
        return int(self.now.timestamp())

    def settle(self) -> None:
        """Run the due work of sequencer, worker and desk-worker; new work that they create waits for the next call."""
        self._followed_at = self.now
        self._settle(lambda: follow_feeds(now=self.now))

    def carry(self) -> None:
        """Carry what was handed in, as `settle`; what a desk asks for beside its feed it asks at intervals."""
        if self._followed_at is None or self.now - self._followed_at >= ASKED_EVERY:
            self.settle()
        else:
            self._settle(self._take_feeds)

    def _take_feeds(self) -> int:
        hosted = list(Agency.objects.filter(is_hosted=True).order_by("pk"))
        taken = sum(FeedOfAgency(agency, self.now, lambda: False).follow().taken for agency in hosted)
        for agency in hosted:
            send_waiting_of(agency.pk, now=self.now, is_over=lambda: False)
        return taken

    def _settle(self, follow: Callable[[], int]) -> None:
        self.now += CARRIED_WITHIN
        with at_the_exchange():
            self._sequence(self.now)
        if self.desk is not None:
            sequence_batch(self.now, self.desk.key, self.desk.folder, mark_beat)
        if follow():
            self._happen()
        while send_notifications(clock=lambda: self.now).left:
            pass
        self._settled_at = self.now

    def _sequence(self, now: datetime) -> None:
        sequence_batch(now, self.exchange.key, self.exchange.folder, number_covered)

    def _happen(self) -> None:
        event, self.before_sending = self.before_sending, None
        if event is not None:
            event()
