# SPDX-License-Identifier: Apache-2.0
"""Runs the one process that signs checkpoints and numbers feeds; a second one waits for its turn."""

import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accord.envelope.private import LedgerKey
from hub.settings import take_secret
from hub.supervising import ShowLife, run_supervised
from ledger.clock import DatabaseClock, SystemClock, WatchedClock
from ledger.errors import LedgerError
from ledger.halting import last_vouched
from ledger.handing_over import require_signing_key
from ledger.running import Work, run_sequencer
from ledger.timesources import parse_sources
from sharing import numbering
from sharing.senders_time import SendersTime


class Command(BaseCommand):
    help = "Sequence ledger entries, sign checkpoints and number feeds until told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.HUB_ROLE != "sequencer":
            raise CommandError("Set HUB_ROLE=sequencer: only that role holds the ledger key.")
        if not settings.LEDGER_STATE_DIR:
            raise CommandError("Set LEDGER_STATE_DIR: the ledger's state file lies outside the database.")
        run_supervised(self._work, silent_after_secs=settings.SEQUENCER_SILENT_SECONDS)

    def _work(self, show_life: ShowLife) -> None:
        stop = _stop_on_signal()
        try:
            run_sequencer(
                Work(
                    key=_signing_key(),
                    folder=Path(settings.LEDGER_STATE_DIR),
                    make_clock=_make_clock,
                    on_checkpoint=numbering.number_covered,
                    stop=stop,
                    show_life=show_life,
                    on_covered=SendersTime().note,
                )
            )
        except LedgerError as refusal:
            raise CommandError(str(refusal)) from refusal


def _signing_key() -> LedgerKey:
    key = LedgerKey.from_text(take_secret("LEDGER_KEY"))
    require_signing_key(key)
    return key


def _make_clock() -> WatchedClock:
    return WatchedClock(
        SystemClock(),
        database=DatabaseClock(),
        sources=parse_sources(settings.TIME_SOURCES),
        last_seen=last_vouched(),
        waits_for_person=not settings.DEVELOPMENT,
    )


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    return stop
