# SPDX-License-Identifier: Apache-2.0
"""Command that runs the one process of a half that signs its log, and at the exchange numbers feeds; a second one stands by."""

import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accord.envelope.private import LedgerKey
from hub import halves
from hub.roles import SEQUENCES
from hub.settings import take_secret
from hub.supervising import ShowLife, run_supervised
from ledger.clock import DatabaseClock, SystemClock, WatchedClock
from ledger.errors import LedgerError
from ledger.halting import last_vouched, mark_beat
from ledger.handing_over import require_signing_key
from ledger.running import Work, run_sequencer
from ledger.timesources import parse_sources


class Command(BaseCommand):
    help = "Sequence the entries of this half's log and sign checkpoints until told to stop; at the exchange number feeds."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.HUB_ROLE not in SEQUENCES.values():
            raise CommandError("Set HUB_ROLE=sequencer or desk-sequencer: only these hold the key of a log.")
        if not settings.LEDGER_STATE_DIR:
            raise CommandError("Set LEDGER_STATE_DIR: the ledger's state file lies outside the database.")
        run_supervised(self._work, silent_after_secs=settings.SEQUENCER_SILENT_SECONDS)

    def _work(self, show_life: ShowLife) -> None:
        work = Work(
            key=_signing_key(),
            folder=Path(settings.LEDGER_STATE_DIR),
            make_clock=_make_clock,
            on_checkpoint=mark_beat,
            stop=_stop_on_signal(),
            show_life=show_life,
        )
        try:
            run_sequencer(_with_feeds(work) if halves.is_of_the_exchange() else work)
        except LedgerError as refusal:
            raise CommandError(str(refusal)) from refusal


def _with_feeds(work: Work) -> Work:
    from sharing.numbering import number_covered
    from sharing.senders_time import SendersTime

    return replace(work, on_checkpoint=number_covered, on_covered=SendersTime().note)


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
