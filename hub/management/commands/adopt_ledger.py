# SPDX-License-Identifier: Apache-2.0
"""Makes state folder and ledger fit again after a restore, and begins the feeds anew; says first what it would do."""

import secrets
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger.adoption import adopt_ledger, plan_adoption
from ledger.errors import LedgerError
from ledger.handovers import counting_keys
from sharing.feed import begin_epoch

EPOCH_BYTES = 4


class Command(BaseCommand):
    help = (
        "Replay missing leaves from the leaf file, or write the state folder afresh; then every feed is read anew. "
        "Run it with the sequencer stopped."
    )

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
                now = timezone.now()
                anew = partial(begin_epoch, secrets.token_hex(EPOCH_BYTES), now=now)
                adopted = adopt_ledger(counting_keys(), folder, also=anew, now=now)
                self.stdout.write(f"Done: {adopted}. Every feed has begun a new epoch.")
            else:
                plan = plan_adoption(folder)
                self.stdout.write(
                    f"Would {plan}, and begin a new epoch of every feed. Run again with --yes to do it."
                )
        except LedgerError as error:
            raise CommandError(str(error)) from error
