# SPDX-License-Identifier: Apache-2.0
"""Makes state folder and ledger fit again after a restore; says what it would do before it does it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger.adoption import adopt_ledger, plan_adoption
from ledger.errors import LedgerError
from ledger.handovers import counting_keys


class Command(BaseCommand):
    help = "Replay missing leaves from the leaf file, or write the state folder afresh. Run it with the sequencer stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--state-dir", default=settings.LEDGER_STATE_DIR, help="the sequencer's state folder"
        )
        parser.add_argument("--yes", action="store_true", help="do it, rather than say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["state_dir"]:
            raise CommandError("Set LEDGER_STATE_DIR or give --state-dir.")
        folder = Path(options["state_dir"])
        try:
            if options["yes"]:
                self.stdout.write(f"Done: {adopt_ledger(counting_keys(), folder, now=timezone.now())}.")
            else:
                self.stdout.write(f"Would {plan_adoption(folder)}. Run again with --yes to do it.")
        except LedgerError as error:
            raise CommandError(str(error)) from error
