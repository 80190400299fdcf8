# SPDX-License-Identifier: Apache-2.0
"""Runs the one process that signs checkpoints and numbers feeds; a second one waits for its turn."""

import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accord.envelope.private import LedgerKey
from hub.settings import take_secret
from ledger.errors import LedgerError, NotLeadingError
from ledger.leadership import Leadership, lead
from ledger.sequencer import sequence_batch
from sharing import numbering

POLL_SECONDS = 0.1


class Command(BaseCommand):
    help = "Sequence ledger entries, sign checkpoints and number feeds until told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.HUB_ROLE != "sequencer":
            raise CommandError("Set HUB_ROLE=sequencer: only that role holds the ledger key.")
        if not settings.LEDGER_STATE_DIR:
            raise CommandError("Set LEDGER_STATE_DIR: the ledger's state file lies outside the database.")
        stop = _stop_on_signal()
        state_dir = Path(settings.LEDGER_STATE_DIR)
        key = LedgerKey.from_text(take_secret("LEDGER_KEY"))
        if key.vkey != settings.LEDGER_VKEY:
            raise CommandError("LEDGER_KEY does not belong to LEDGER_VKEY: nobody could check its receipts.")
        try:
            with lead(state_dir, retry=lambda: not stop.wait(POLL_SECONDS)) as leadership:
                _sequence(key, state_dir, leadership, stop)
        except NotLeadingError:
            self.stdout.write("Stopped while waiting to lead.")
        except LedgerError as refusal:
            raise CommandError(str(refusal)) from refusal


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    return stop


def _sequence(key: LedgerKey, state_dir: Path, leadership: Leadership, stop: threading.Event) -> None:
    """A batch every tenth of a second, without pause after a full one: what comes meanwhile shares the next signature."""
    while not stop.is_set():
        outcome = sequence_batch(
            timezone.now(), key, state_dir, numbering.number_covered, leadership=leadership
        )
        if not outcome.is_full:
            stop.wait(POLL_SECONDS)
