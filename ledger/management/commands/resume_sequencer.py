# SPDX-License-Identifier: Apache-2.0
"""Resume a sequencer that halted for its clock; show what each clock says first."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ledger.clock import MAX_DIFFERENCE, DatabaseClock, SystemClock, differences
from ledger.errors import LedgerError
from ledger.halting import halt_reason, resume_sequencer
from ledger.timesources import parse_sources


class Command(BaseCommand):
    help = "Show why the sequencer is halted and what the clocks say; with --because let it go on. Run it where the sequencer runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--because", default="", help="what you found out, for the audit; without it nothing is changed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        clock = SystemClock()
        self.stdout.write(f"Halted: {halt_reason() or 'no.'}")
        self.stdout.write(f"This clock: {clock.now():%Y-%m-%d %H:%M:%S} UTC")
        try:
            found = differences(clock, [DatabaseClock(), *parse_sources(settings.TIME_SOURCES)])
            for name, ahead in found.items():
                said = "does not answer" if ahead is None else f"{ahead.total_seconds():+.0f} s"
                self.stdout.write(f"{name}: {said}")
            off = [name for name, ahead in found.items() if ahead is not None and abs(ahead) > MAX_DIFFERENCE]
            if not options["because"]:
                self.stdout.write(
                    "Nothing was changed. When the clock is right, run again with --because TEXT."
                )
                return
            if off:
                raise CommandError(
                    f"Still more than five minutes apart: {', '.join(off)}. Correct the clock that is wrong, or take"
                    " that source out of TIME_SOURCES."
                )
            resume_sequencer(because=options["because"], now=clock.now())
        except LedgerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The sequencer goes on.")
